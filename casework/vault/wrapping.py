"""The port of master keys: what wraps the keys in the key store, wherever it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from casework.vault.errors import VaultError


@dataclass(frozen=True)
class Wrapped:
    """A key as it is stored, and the id of the master key that opens it."""

    by: str
    key: bytes


class WrappingKey(Protocol):
    """One master key. Every method may ask a key service; DatabaseUnavailableError says that it is away."""

    def current(self) -> str:
        """The id under which it wraps now."""
        ...

    def knows(self, by: str) -> bool:
        """Whether it opens what was wrapped under an id."""
        ...

    def wrap(self, secret: bytes, aad: bytes) -> Wrapped:
        """Seal a key so that it can be stored; only the same aad opens it."""
        ...

    def unwrap(self, wrapped: Wrapped, aad: bytes) -> bytes:
        """The key that was wrapped; raises VaultError for another master key, another aad or changed bytes."""
        ...


class MasterKeys:
    """The master key that wraps, and others that may still be opened with: earlier ones, and the next one."""

    def __init__(self, wraps: WrappingKey, others: Sequence[WrappingKey] = ()) -> None:
        self._wraps = wraps
        self._all = (wraps, *others)

    def current(self) -> str:
        """The id under which keys are wrapped now."""
        return self._wraps.current()

    def knows(self, by: str) -> bool:
        """Whether one of them opens what was wrapped under an id."""
        return any(key.knows(by) for key in self._all)

    def wrap(self, secret: bytes, aad: bytes) -> Wrapped:
        """Seal a key under the one that wraps."""
        return self._wraps.wrap(secret, aad)

    def unwrap(self, wrapped: Wrapped, aad: bytes) -> bytes:
        """The key that was wrapped under any of them; raises VaultError naming a master key that is not here."""
        for key in self._all:
            if key.knows(wrapped.by):
                return key.unwrap(wrapped, aad)
        raise VaultError(f"a key is wrapped under master key {wrapped.by}, which the settings do not name")
