"""One key a case, wrapped under the master key, in a database of its own: erasing a case destroys its key.

What backups of the case database hold of it is then lost, unless a backup of the key store outlives it.
"""

import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from casework.db.session import reading, writing
from casework.vault.cache import KeyCache
from casework.vault.errors import KeyMissingError, VaultError
from casework.vault.keys import MasterKey
from casework.vault.sealing import new_key

metadata = sa.MetaData()
case_keys = sa.Table(
    "case_keys",
    metadata,
    sa.Column("case_id", sa.Text, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("wrapped_by", sa.Text, nullable=False, comment="id of the master key"),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)


class KeyStore(Protocol):
    """Where the keys of cases live. Every method may block on a database."""

    def create(self, case_id: str) -> bytes:
        """The key of a case, made if there is none."""
        ...

    def get(self, case_id: str) -> bytes:
        """The key of a case; raises KeyMissingError where there is none, and never makes one."""
        ...

    def destroy(self, case_id: str) -> None:
        """Destroy the key of a case; once more changes nothing."""
        ...


def create_keystore(engine: sa.Engine, role: str) -> None:
    """Make the table, as the database's owner, and give the application's role what it needs and no more."""
    metadata.create_all(engine)
    name = engine.dialect.identifier_preparer.quote_identifier(role)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"GRANT SELECT, INSERT, DELETE, UPDATE (wrapped, wrapped_by) ON case_keys TO {name}")


class SqlKeyStore:
    """Keys in PostgreSQL. Another process may use a destroyed key for `ttl` seconds, from its cache."""

    def __init__(
        self, engine: sa.Engine, master: MasterKey, ttl: float = 60.0, clock: Callable[[], float] = monotonic
    ) -> None:
        self._engine = engine
        self._master = master
        self._cache = KeyCache(ttl, clock)

    def create(self, case_id: str) -> bytes:
        """The key of a case, made if there is none; of two that make it at once, both get the same."""
        wrapped = self._master.wrap(new_key(), case_id.encode())
        values = {"case_id": case_id, "wrapped": wrapped, "wrapped_by": self._master.key_id}
        with writing(self._engine) as connection:
            connection.execute(insert(case_keys).values(values).on_conflict_do_nothing())
        self._cache.forget(case_id)  # another process may have destroyed the one kept here
        return self.get(case_id)

    def get(self, case_id: str) -> bytes:
        """The key of a case; raises KeyMissingError where there is none, and never makes one."""
        return self._cache.get(case_id, self._read)

    def destroy(self, case_id: str) -> None:
        """Destroy the key of a case: nothing sealed under it can be read again."""
        with writing(self._engine) as connection:
            connection.execute(sa.delete(case_keys).where(case_keys.c.case_id == case_id))
        self._cache.forget(case_id)

    def rewrap(self, previous: MasterKey) -> int:
        """Wrap anew every key still wrapped under the previous master key, and give their number."""
        theirs = sa.select(case_keys).where(case_keys.c.wrapped_by == previous.key_id).with_for_update()
        with writing(self._engine) as connection:
            rows = connection.execute(theirs).all()
            for row in rows:
                aad = row.case_id.encode()
                wrapped = self._master.wrap(previous.unwrap(row.wrapped, aad), aad)
                update = sa.update(case_keys).where(case_keys.c.case_id == row.case_id)
                connection.execute(update.values(wrapped=wrapped, wrapped_by=self._master.key_id))
        return len(rows)

    def _read(self, case_id: str) -> bytes:
        columns = sa.select(case_keys.c.wrapped, case_keys.c.wrapped_by)
        with reading(self._engine) as connection:
            row = connection.execute(columns.where(case_keys.c.case_id == case_id)).one_or_none()
        if row is None:
            raise KeyMissingError(f"case {case_id} has no key")
        if row.wrapped_by != self._master.key_id:
            raise VaultError(f"the key of case {case_id} is wrapped under master key {row.wrapped_by}")
        return self._master.unwrap(row.wrapped, case_id.encode())


class MemoryKeyStore:
    """The same promises without a database: for tests, and for the recorded histories."""

    def __init__(self) -> None:
        self._keys: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def restore(self, keys: Mapping[str, bytes]) -> None:
        """Take over keys that were made before."""
        with self._lock:
            self._keys.update(keys)

    def create(self, case_id: str) -> bytes:
        """The key of a case, made if there is none."""
        with self._lock:
            return self._keys.setdefault(case_id, new_key())

    def get(self, case_id: str) -> bytes:
        """The key of a case; raises KeyMissingError where there is none."""
        try:
            return self._keys[case_id]
        except KeyError:
            raise KeyMissingError(f"case {case_id} has no key") from None

    def destroy(self, case_id: str) -> None:
        """Destroy the key of a case."""
        self._keys.pop(case_id, None)
