"""What goes wrong with keys. Defects and losses, not refusals: nobody's input is at fault."""


class VaultError(Exception):
    """A key or a sealed text is not what it should be. The message names ids and files, never content."""


class KeyMissingError(VaultError):
    """The key does not exist: the case was erased, or never opened. It is never made again."""
