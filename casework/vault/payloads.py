"""Which key seals what crosses the engine now, and which sealed what it keeps from before.

A payload names its key: `<case_id>:v1` is the case's own, `engine` that of what belongs to no case; later versions
(`:v2` and on) are keys of their own. All of them open for as long as they are in the key store.
"""

import re

from casework.ids import OFFICE, ROOT_KEY, payload_key, payload_version
from casework.vault.errors import VaultError
from casework.vault.keys import Derives
from casework.vault.keystore import KeyStore

ENGINE = "engine"
MARK = ":v"
# Payloads may be shown to us by anybody who is signed in: what a name may hold is bounded before it is looked up.
NAME = re.compile(r"([A-Za-z0-9._-]{1,100}):v([1-9][0-9]{0,8})")


def owner_of(name: str) -> tuple[str | None, int]:
    """Whose key a payload names, None where it is no case's, and which version; VaultError for a name not ours."""
    if name == ENGINE:
        return None, 1
    found = NAME.fullmatch(name)
    if found is None:
        raise VaultError("a payload names a key that is none of ours")
    owner = found[1]
    return None if owner == ENGINE else owner, int(found[2])


class PayloadKeys:
    """A missing key raises KeyMissingError: none is ever made here. What is not at hand may block on a database."""

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
        case_id, version = owner_of(name)
        return case_id, self._key(case_id, version)

    def at_hand(self, case_id: str | None, version: int | None = None) -> bool:
        """Whether the key of a version, or else the current one, is known here: then nothing blocks for it."""
        owner = case_id or OFFICE
        if not self._keys.at_hand(case_id or ROOT_KEY):
            return False
        version = version or payload_version(self._keys.ids(owner))
        return version == 1 or self._keys.at_hand(payload_key(owner, version))

    def _key(self, case_id: str | None, version: int) -> bytes:
        if version > 1:
            return self._keys.get(payload_key(case_id or OFFICE, version))
        return self._keys.get(case_id) if case_id else self._root.derive(b"temporal payloads")
