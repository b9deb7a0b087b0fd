"""Turning keys: every key wrapped anew under another master key, and new keys for what crosses the engine.

Both go on where they stopped, beside everything else: a key is the same before and after, only its wrapping changes.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import NOBODY
from casework.db.session import reading, writing
from casework.ids import INDEX, OFFICE, index_key, index_versions, key_owner, payload_key, payload_version
from casework.vault.schema import keys
from casework.vault.sealing import new_key
from casework.vault.wrapping import Wrapped, WrappingKey

BATCH = 500
CACHED = timedelta(minutes=5)
"""Longer than any process remembers which keys there are."""


class Rotation:
    """What `tuntas keys` does. Documents and payloads are never touched."""

    def __init__(self, engine: sa.Engine, masters: WrappingKey) -> None:
        self._engine = engine
        self._masters = masters

    def wrapped(self) -> Mapping[str, int]:
        """How many keys each master key wraps."""
        counted = sa.select(keys.c.wrapped_by, sa.func.count().label("number")).group_by(keys.c.wrapped_by)
        with reading(self._engine, NOBODY) as connection:
            return {row.wrapped_by: row.number for row in connection.execute(counted.order_by(keys.c.wrapped_by))}

    def rewrap(self, most: int = BATCH) -> int:
        """Wrap the next keys under the present master key; how many there were.

        Raises VaultError, and leaves them as they are, where one is wrapped under a master key that is not known.
        """
        others = sa.select(keys).where(keys.c.wrapped_by != self._masters.current()).order_by(keys.c.id).limit(most)
        with writing(self._engine, NOBODY) as connection:
            rows = connection.execute(others.with_for_update()).all()
            anew = [self._anew(row) for row in rows]
            if anew:
                this = sa.update(keys).where(keys.c.id == sa.bindparam("this"))
                connection.execute(this.values(wrapped=sa.bindparam("key"), wrapped_by=sa.bindparam("by")), anew)
        return len(rows)

    def next_version(self) -> int:
        """Make a new key for what belongs to no case, and give its version: that which cases are brought to."""
        version = self.version() + 1
        with writing(self._engine, NOBODY) as connection:
            connection.execute(insert(keys).values(self._made(payload_key(OFFICE, version))).on_conflict_do_nothing())
        return version

    def version(self) -> int:
        """The version of the payload keys that is current."""
        with reading(self._engine, NOBODY) as connection:
            own = connection.scalars(sa.select(keys.c.id).where(keys.c.owner == OFFICE)).all()
        return payload_version(own)

    def behind(self, version: int) -> int:
        """How many cases have no payload key of a version."""
        with reading(self._engine, NOBODY) as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(_behind(version).subquery())) or 0

    def renew(self, version: int, most: int = BATCH) -> int:
        """Make the payload key of a version for the next cases without one; how many there were."""
        with writing(self._engine, NOBODY) as connection:
            cases = connection.scalars(_behind(version).order_by(keys.c.id).limit(most).with_for_update()).all()
            if cases:
                made = [self._made(payload_key(case_id, version)) for case_id in cases]
                connection.execute(insert(keys).on_conflict_do_nothing(), made)
        return len(cases)

    def new_index_key(self) -> int:
        """Make a new key for the index of clients, and give its version."""
        version = max(self.index_versions(), default=0) + 1
        with writing(self._engine, NOBODY) as connection:
            connection.execute(insert(keys).values(self._made(index_key(version))).on_conflict_do_nothing())
        return version

    def index_versions(self) -> list[int]:
        """The versions of the key of the index, oldest first."""
        with reading(self._engine, NOBODY) as connection:
            return index_versions(connection.scalars(sa.select(keys.c.id).where(keys.c.owner == INDEX)))

    def drop_index_keys(self, unused: Collection[int]) -> int:
        """Destroy earlier keys of the index, once no process can still be using them; how many are gone."""
        named = keys.c.id.in_([index_key(version) for version in unused])
        newest = sa.select(sa.func.max(keys.c.made_at)).where(keys.c.owner == INDEX).scalar_subquery()
        with writing(self._engine, NOBODY) as connection:
            return connection.execute(sa.delete(keys).where(named, newest < sa.func.now() - CACHED)).rowcount

    def _anew(self, row: sa.Row[Any]) -> dict[str, object]:
        aad = row.id.encode()
        wrapped = self._masters.wrap(self._masters.unwrap(Wrapped(row.wrapped_by, row.wrapped), aad), aad)
        return {"this": row.id, "key": wrapped.key, "by": wrapped.by}

    def _made(self, key_id: str) -> dict[str, object]:
        wrapped = self._masters.wrap(new_key(), key_id.encode())
        return {"id": key_id, "owner": key_owner(key_id), "wrapped": wrapped.key, "wrapped_by": wrapped.by}


def _behind(version: int) -> sa.Select[Any]:
    """Cases by their own key, which is locked so that an erasure cannot leave a new key behind."""
    has = keys.alias()
    newer = sa.exists().where(has.c.id == keys.c.id + payload_key("", version))
    return sa.select(keys.c.id).where(keys.c.id == keys.c.owner, keys.c.owner != OFFICE, ~newer)
