"""Identifiers made from what a client sent, which tell nobody what that was."""

import hmac
from uuid import UUID

from casework.vault.keys import Derives

# RFC 9562: version 8 is for UUIDs of an application's own making; the variant says it is such a UUID.
VERSION = 0x8 << 76
VERSION_MASK = 0xF << 76
VARIANT = 0b10 << 62
VARIANT_MASK = 0b11 << 62


class CommandIds:
    """Keyed hashes under the root key: they stay the same under another master key."""

    def __init__(self, root: Derives) -> None:
        self._root = root

    def command_id(self, account_id: str, idempotency_key: str) -> str:
        """The id of a command, UUID-shaped: the same for the same account and key, and for no other pair."""
        mac = _mac(self._root.derive(b"command id"), account_id.encode(), idempotency_key.encode())
        number = int.from_bytes(mac[:16], "big")
        number = (number & ~VERSION_MASK & ~VARIANT_MASK) | VERSION | VARIANT
        return str(UUID(int=number))

    def body_digest(self, case_id: str | None, body: bytes) -> str:
        """A fingerprint (hex) of a command's body and the case it is for; None where there is no case yet."""
        place = b"" if case_id is None else b"case " + case_id.encode()
        return _mac(self._root.derive(b"body digest"), place, body).hex()


def _mac(key: bytes, *parts: bytes) -> bytes:
    # Lengths go in as well, or ("ab", "c") and ("a", "bc") would be the same.
    framed = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.digest(key, framed, "sha256")
