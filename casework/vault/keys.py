"""The master key: what every case key is wrapped under, and every keyed hash is derived from."""

import base64
import binascii
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from casework.vault.errors import VaultError
from casework.vault.sealing import KEY_BYTES, open_sealed, seal

# Random keys practically never repeat so many bytes; passwords, zeros and "changeme" times four do.
FEWEST_DISTINCT_BYTES = 16


class MasterKey:
    """Wraps case keys and derives keys for other purposes; never shows its own bytes."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise VaultError(f"the master key must be {KEY_BYTES} bytes, but has {len(secret)}")
        if len(set(secret)) < FEWEST_DISTINCT_BYTES:
            raise VaultError("the master key is not random; make one with: openssl rand -base64 32")
        self._secret = secret
        self._wrapping = self.derive(b"wrap")
        self.key_id = self.derive(b"key id")[:8].hex()

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The key in a file of base64; raises VaultError where it is missing, short or not random."""
        try:
            secret = base64.b64decode(path.read_bytes().strip(), validate=True)
        except OSError as error:
            raise VaultError(f"cannot read the master key file {path}: {error.strerror}") from error
        except binascii.Error:
            raise VaultError(f"the master key file {path} does not hold base64") from None
        try:
            return cls(secret)
        except VaultError as error:
            raise VaultError(f"{path}: {error}") from None

    def wrap(self, secret: bytes, aad: bytes) -> bytes:
        """Seal a key so that it can be stored; only the same aad opens it."""
        return seal(self._wrapping, secret, aad)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """The key that was wrapped; raises VaultError under another master key or aad."""
        return open_sealed(self._wrapping, wrapped, aad)

    def derive(self, purpose: bytes) -> bytes:
        """A key of its own for each purpose, the same in every process with this master key."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"tuntas master/" + purpose).derive(self._secret)

    def __repr__(self) -> str:
        return f"MasterKey({self.key_id})"
