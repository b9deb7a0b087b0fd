"""Sealing bytes under a key: AES-256-GCM with a random nonce, and keyed digests."""

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from casework.vault.errors import VaultError

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
# The first byte says how the rest is sealed, so that a later way can live beside this one.
AES_256_GCM = b"\x01"


def new_key() -> bytes:
    """A fresh random key."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Seal bytes, bound to the place that `aad` names; sealing the same twice gives different results."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return AES_256_GCM + nonce + AESGCM(key).encrypt(nonce, plaintext, AES_256_GCM + aad)


def open_sealed(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """The bytes that were sealed; raises VaultError for another key, another aad, or a changed byte."""
    head = len(AES_256_GCM)
    if not sealed.startswith(AES_256_GCM) or len(sealed) < head + NONCE_BYTES + TAG_BYTES:
        raise VaultError("not a sealed text")
    nonce, body = sealed[head : head + NONCE_BYTES], sealed[head + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, AES_256_GCM + aad)
    except InvalidTag:
        raise VaultError("a sealed text does not open: wrong key, wrong place, or changed bytes") from None


def digest(key: bytes, plaintext: bytes) -> str:
    """A keyed fingerprint (hex): the same for the same text and key, and telling nothing without the key."""
    return hmac.digest(digest_key(key), plaintext, "sha256").hex()


def digest_key(key: bytes) -> bytes:
    """The key of fingerprints that belongs to a key of sealing."""
    return _for(key, b"digest")


def keyed(key: bytes, purpose: bytes, plaintext: bytes) -> bytes:
    """A keyed hash for one purpose; that two of different purposes are of the same text cannot be told."""
    return hmac.digest(_for(key, purpose), plaintext, "sha256")


def _for(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"tuntas case/" + purpose).derive(key)
