"""The keys of one owner as they are stored: opened one by one, when they are asked for."""

from collections.abc import Iterable

from casework.vault.errors import KeyMissingError
from casework.vault.wrapping import Wrapped, WrappingKey


class Ring:
    """Opens each key once. It does not know of keys that were made after it was read."""

    def __init__(self, rows: Iterable[tuple[str, str, bytes]], masters: WrappingKey) -> None:
        self._wrapped = {key_id: Wrapped(by, wrapped) for key_id, by, wrapped in rows}
        self._masters = masters
        self._opened: dict[str, bytes] = {}

    def __contains__(self, key_id: str) -> bool:
        return key_id in self._wrapped

    def key(self, key_id: str) -> bytes:
        """A key; raises KeyMissingError where the owner has no such key."""
        if key_id not in self._opened:
            try:
                wrapped = self._wrapped[key_id]
            except KeyError:
                raise KeyMissingError(f"there is no key {key_id}") from None
            self._opened[key_id] = self._masters.unwrap(wrapped, key_id.encode())
        return self._opened[key_id]

    def opened(self, key_id: str) -> bool:
        """Whether a key was asked for before, so that it is not opened once more."""
        return key_id in self._opened

    def ids(self) -> tuple[str, ...]:
        """The ids of the keys that were there when it was read."""
        return tuple(self._wrapped)
