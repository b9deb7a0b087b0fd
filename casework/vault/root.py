"""The root key: what every keyed hash and every key of no case is derived from.

It lives in the key store, wrapped like any key, so that it stays the same when the master key is another: a repeated
command is still known, a person is still found, a webhook is still signed with the secret its receiver has.
"""

from functools import cached_property

from casework.vault.keys import derived
from casework.vault.keystore import KeyStore


class RootKey:
    """Read from the key store at its first use; it never changes, so it is read once."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    @cached_property
    def _secret(self) -> bytes:
        return self._keys.root()

    def derive(self, purpose: bytes) -> bytes:
        """A key of its own for each purpose, the same in every process on this key store."""
        return derived(self._secret, purpose)
