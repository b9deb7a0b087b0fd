"""The master keys that the settings name."""

from pathlib import Path

from casework.settings import Settings
from casework.vault.errors import VaultError
from casework.vault.keys import MasterKey
from casework.vault.transit import TransitKey
from casework.vault.wrapping import MasterKeys, WrappingKey


def masters_of(settings: Settings) -> MasterKeys:
    """The master key of a process and those that it may still open with; raises VaultError for one that is none."""
    others = filter(None, (name.strip() for name in settings.other_master_keys.split(",")))
    return MasterKeys(_current(settings), [_named(name, settings) for name in others])


def _current(settings: Settings) -> WrappingKey:
    if settings.master_key:
        return MasterKey.from_text(settings.master_key.get_secret_value().encode(), "TUNTAS_MASTER_KEY")
    return _named(settings.kms_url or str(settings.master_key_file), settings)


def _named(name: str, settings: Settings) -> WrappingKey:
    if not name.startswith(("http://", "https://")):
        return MasterKey.from_file(Path(name))
    if settings.kms_token_file is None:
        raise VaultError("a key service is named, but no TUNTAS_KMS_TOKEN_FILE")
    return TransitKey(name, settings.kms_token_file)
