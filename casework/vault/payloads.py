"""Which key seals what crosses the engine now, and which sealed what it keeps from before.

A payload names its key: `<case_id>:v1` is the case's own, `engine` that of what belongs to no case; later versions
(`:v2` and on) are keys of their own. All of them open for as long as they are in the key store.
"""

from casework.ids import OFFICE, payload_key, payload_version
from casework.vault.errors import VaultError
from casework.vault.keys import Derives
from casework.vault.keystore import KeyStore

ENGINE = "engine"
MARK = ":v"


class PayloadKeys:
    """A missing key raises KeyMissingError: none is ever made here. Every method may block on a database."""

    def __init__(self, keys: KeyStore, root: Derives) -> None:
        self._keys = keys
        self._root = root

    def current(self, case_id: str | None) -> tuple[str, bytes]:
        """The name and the key that seal now, for a case or for what belongs to none."""
        version = payload_version(self._keys.ids(case_id or OFFICE))
        name = f"{case_id}{MARK}{version}" if case_id else f"{ENGINE}{MARK}{version}" if version > 1 else ENGINE
        return name, self._key(case_id, version)

    def of(self, name: str) -> tuple[str | None, bytes]:
        """Whose payload this is, and the key that opens it; raises VaultError for a name that is none of ours."""
        owner, mark, version = name.rpartition(MARK)
        if name == ENGINE:
            return None, self._key(None, 1)
        if not mark or not version.isdecimal() or not owner:
            raise VaultError("a payload names a key that is none of ours")
        case_id = None if owner == ENGINE else owner
        return case_id, self._key(case_id, int(version))

    def _key(self, case_id: str | None, version: int) -> bytes:
        if version > 1:
            return self._keys.get(payload_key(case_id or OFFICE, version))
        return self._keys.get(case_id) if case_id else self._root.derive(b"temporal payloads")
