"""The key that signs checkpoints, and the public keys by which they are believed (Ed25519)."""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from casework.models.checkpoint import Signed
from casework.vault.errors import VaultError
from casework.vault.keys import FEWEST_DISTINCT_BYTES
from casework.vault.sealing import KEY_BYTES

PURPOSE = b"tuntas checkpoint 1\n"
"""Goes before what is signed, so that a signature is good for nothing else."""


class SigningKey:
    """Signs, and never shows its own bytes."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES or len(set(secret)) < FEWEST_DISTINCT_BYTES:
            raise VaultError(
                f"the signing key must be {KEY_BYTES} random bytes; make one with: openssl rand -base64 32"
            )
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self.public = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()
        self.key_id = id_of(self.public)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The key in a file of base64; raises VaultError where it is missing, short or not random."""
        try:
            return cls(base64.b64decode(path.read_bytes().strip(), validate=True))
        except OSError as error:
            raise VaultError(f"cannot read the signing key file {path}: {error.strerror}") from error
        except binascii.Error:
            raise VaultError(f"the signing key file {path} does not hold base64") from None

    def sign(self, content: str) -> str:
        """The signature over a text, in base64."""
        return base64.b64encode(self._key.sign(PURPOSE + content.encode())).decode()

    def __repr__(self) -> str:
        return f"SigningKey({self.key_id})"


class TrustedKeys:
    """The public keys, in base64, whose signatures are believed."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = {id_of(key): _public(key) for key in keys}

    def verify(self, signed: Signed) -> bool:
        """Whether a checkpoint was signed so by one of them."""
        key = self._keys.get(signed.key_id)
        if key is None:
            return False
        try:
            key.verify(base64.b64decode(signed.signature, validate=True), PURPOSE + signed.content.encode())
        except (InvalidSignature, binascii.Error, UnicodeEncodeError):
            return False
        return base64.b64encode(base64.b64decode(signed.signature)).decode() == signed.signature


def id_of(public: str) -> str:
    """A short name for a public key."""
    return hashlib.sha256(public.encode()).hexdigest()[:16]


def _public(key: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
    except ValueError:
        raise VaultError(f"{key} is no public key; `tuntas audit key` shows one") from None
