"""Heartbeats: when each part that watches or works last said that it does."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import NOBODY
from casework.db.session import reading, writing
from casework.db.tables import heartbeats


class SqlHeartbeats:
    """Keeps one row for each part: `watch`, `worker`, `patrol`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def beat(self, name: str, at: datetime, *, well: bool = True) -> None:
        """Say that a part did its round, and whether it found well what it depends on. The last word counts."""
        said = insert(heartbeats).values(name=name, at=at, well=well)
        newer = {"at": said.excluded.at, "well": said.excluded.well}
        said = said.on_conflict_do_update(index_elements=[heartbeats.c.name], set_=newer)
        with writing(self._engine, NOBODY) as connection:
            connection.execute(said)

    def last(self, name: str) -> Mapping[str, Any] | None:
        """When a part last said so; None where it never did."""
        with reading(self._engine, NOBODY) as connection:
            row = connection.execute(select(heartbeats).where(heartbeats.c.name == name)).mappings().one_or_none()
        return dict(row) if row else None
