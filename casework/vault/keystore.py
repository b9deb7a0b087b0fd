"""Keys of cases, and Tuntas's own, wrapped under the master key, in a database of their own.

Erasing a case destroys its keys: what backups of the case database hold of it is then lost, unless a backup of the
key store outlives it. A key's id is a path that begins with its owner (`casework.ids`).
"""

import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import NOBODY
from casework.db.session import reading, writing
from casework.ids import ROOT_KEY, key_owner
from casework.vault.cache import KeyCache
from casework.vault.errors import KeyMissingError
from casework.vault.ring import Ring
from casework.vault.schema import create_keystore, keys
from casework.vault.sealing import new_key
from casework.vault.wrapping import WrappingKey

__all__ = ["KeyStore", "MemoryKeyStore", "SqlKeyStore", "create_keystore"]


class KeyStore(Protocol):
    """Where keys live. Every method may block on a database."""

    def create(self, key_id: str) -> bytes:
        """A key, made if there is none."""
        ...

    def get(self, key_id: str) -> bytes:
        """A key; raises KeyMissingError where there is none, and never makes one."""
        ...

    def root(self) -> bytes:
        """Tuntas's root key; made in a key store that holds nothing yet, and never again."""
        ...

    def ids(self, owner: str) -> tuple[str, ...]:
        """The ids of an owner's keys."""
        ...

    def at_hand(self, key_id: str) -> bool:
        """Whether this key and the ids of its owner are known here for a moment more: then no method blocks for it."""
        ...

    def destroy(self, case_id: str) -> None:
        """Destroy every key of a case; once more changes nothing."""
        ...


class SqlKeyStore:
    """Keys in PostgreSQL. Another process may use a destroyed key for `ttl` seconds, from its cache."""

    def __init__(
        self, engine: sa.Engine, masters: WrappingKey, ttl: float = 60.0, clock: Callable[[], float] = monotonic
    ) -> None:
        self._engine = engine
        self._masters = masters
        self._cache: KeyCache[Ring] = KeyCache(ttl, clock)

    def create(self, key_id: str) -> bytes:
        """A key, made if there is none; of two that make it at once, both get the same."""
        with writing(self._engine, NOBODY) as connection:
            connection.execute(insert(keys).values(self._new(key_id)).on_conflict_do_nothing())
        self._cache.forget(key_owner(key_id))  # another process may have destroyed the one kept here
        return self.get(key_id)

    def get(self, key_id: str) -> bytes:
        """A key; raises KeyMissingError where there is none, and never makes one."""
        owner = key_owner(key_id)
        ring = self._cache.get(owner, self._ring)
        if key_id not in ring:
            # It may have been made by another process since.
            self._cache.forget(owner)
            ring = self._cache.get(owner, self._ring)
        return ring.key(key_id)

    def root(self) -> bytes:
        """Tuntas's root key; made in a key store that holds nothing yet, and never again."""
        values = sa.select(*(sa.literal(value).label(name) for name, value in self._new(ROOT_KEY).items()))
        empty = values.where(~sa.exists().select_from(keys))
        made = insert(keys).from_select(["id", "owner", "wrapped", "wrapped_by"], empty).on_conflict_do_nothing()
        try:
            return self.get(ROOT_KEY)
        except KeyMissingError:
            with writing(self._engine, NOBODY) as connection:
                connection.execute(made)
            return self.get(ROOT_KEY)

    def ids(self, owner: str) -> tuple[str, ...]:
        """The ids of an owner's keys; a new one may be missing for at most `ttl` seconds."""
        return self._cache.get(owner, self._ring).ids()

    def at_hand(self, key_id: str) -> bool:
        """Whether this key and the ids of its owner are known here for a moment more: then no method blocks for it."""
        ring = self._cache.peek(key_owner(key_id))
        return ring is not None and ring.opened(key_id)

    def destroy(self, case_id: str) -> None:
        """Destroy every key of a case: nothing sealed under them can be read again."""
        with writing(self._engine, NOBODY) as connection:
            connection.execute(sa.delete(keys).where(keys.c.owner == case_id))
        self._cache.forget(case_id)

    def _new(self, key_id: str) -> dict[str, object]:
        wrapped = self._masters.wrap(new_key(), key_id.encode())
        return {"id": key_id, "owner": key_owner(key_id), "wrapped": wrapped.key, "wrapped_by": wrapped.by}

    def _ring(self, owner: str) -> Ring:
        columns = sa.select(keys.c.id, keys.c.wrapped_by, keys.c.wrapped)
        with reading(self._engine, NOBODY) as connection:
            rows = connection.execute(columns.where(keys.c.owner == owner)).all()
        return Ring(((row.id, row.wrapped_by, row.wrapped) for row in rows), self._masters)


class MemoryKeyStore:
    """The same promises without a database: for tests, and for the recorded histories."""

    def __init__(self) -> None:
        self._keys: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def restore(self, keys: Mapping[str, bytes]) -> None:
        """Take over keys that were made before."""
        with self._lock:
            self._keys.update(keys)

    def create(self, key_id: str) -> bytes:
        """A key, made if there is none."""
        with self._lock:
            return self._keys.setdefault(key_id, new_key())

    def get(self, key_id: str) -> bytes:
        """A key; raises KeyMissingError where there is none."""
        try:
            return self._keys[key_id]
        except KeyError:
            raise KeyMissingError(f"there is no key {key_id}") from None

    def root(self) -> bytes:
        """The root key, made at its first use."""
        return self.create(ROOT_KEY)

    def ids(self, owner: str) -> tuple[str, ...]:
        """The ids of an owner's keys."""
        return tuple(key for key in self._keys if key_owner(key) == owner)

    def at_hand(self, key_id: str) -> bool:
        """Whether there is this key: all of them are at hand."""
        return key_id in self._keys

    def destroy(self, case_id: str) -> None:
        """Destroy every key of a case."""
        for key_id in [key for key in self._keys if key_owner(key) == case_id]:
            del self._keys[key_id]
