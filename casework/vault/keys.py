"""A master key that this process holds: 32 random bytes, from a file or from the environment."""

import base64
import binascii
from pathlib import Path
from typing import Protocol, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from casework.vault.errors import VaultError
from casework.vault.sealing import KEY_BYTES, open_sealed, seal
from casework.vault.wrapping import Wrapped

# Random keys practically never repeat so many bytes; passwords, zeros and "changeme" times four do.
FEWEST_DISTINCT_BYTES = 16


class Derives(Protocol):
    """A secret that other keys are derived from."""

    def derive(self, purpose: bytes) -> bytes:
        """A key of its own for each purpose, always the same."""
        ...


def derived(secret: bytes, purpose: bytes) -> bytes:
    """The key that a secret gives for a purpose."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"tuntas master/" + purpose).derive(secret)


class MasterKey:
    """Wraps keys, and never shows its own bytes."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise VaultError(f"the master key must be {KEY_BYTES} bytes, but has {len(secret)}")
        if len(set(secret)) < FEWEST_DISTINCT_BYTES:
            raise VaultError("the master key is not random; make one with: openssl rand -base64 32")
        self._secret = secret
        self._wrapping = self.derive(b"wrap")
        self.key_id = self.derive(b"key id")[:8].hex()

    @classmethod
    def from_text(cls, text: bytes, where: str) -> Self:
        """The key in a text of base64; raises VaultError, naming where it stood, for one that is none."""
        try:
            secret = base64.b64decode(text.strip(), validate=True)
        except binascii.Error:
            raise VaultError(f"{where} does not hold base64") from None
        try:
            return cls(secret)
        except VaultError as error:
            raise VaultError(f"{where}: {error}") from None

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The key in a file of base64; raises VaultError where it is missing, short or not random."""
        try:
            text = path.read_bytes()
        except OSError as error:
            raise VaultError(f"cannot read the master key file {path}: {error.strerror}") from error
        return cls.from_text(text, f"the master key file {path}")

    def current(self) -> str:
        """Its id."""
        return self.key_id

    def knows(self, by: str) -> bool:
        """Whether an id is its own."""
        return by == self.key_id

    def wrap(self, secret: bytes, aad: bytes) -> Wrapped:
        """Seal a key so that it can be stored; only the same aad opens it."""
        return Wrapped(self.key_id, seal(self._wrapping, secret, aad))

    def unwrap(self, wrapped: Wrapped, aad: bytes) -> bytes:
        """The key that was wrapped; raises VaultError under another master key or aad."""
        return open_sealed(self._wrapping, wrapped.key, aad)

    def wrap_own(self, aad: bytes) -> Wrapped:
        """Its own secret, wrapped: what everything was derived from before there was a root key."""
        return self.wrap(self._secret, aad)

    def derive(self, purpose: bytes) -> bytes:
        """A key of its own for each purpose. What must outlive this master key is derived from the root key."""
        return derived(self._secret, purpose)

    def __repr__(self) -> str:
        return f"MasterKey({self.key_id})"
