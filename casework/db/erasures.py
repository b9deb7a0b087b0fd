"""Erasing a case: its keys are destroyed, what it could be found by goes, and a certificate stays."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import ENGINE
from casework.db.lost import withdraw
from casework.db.reads_certificates import certificate_of
from casework.db.search import SqlClientIndex
from casework.db.session import Clock, reading, wall_clock, writing
from casework.db.suspects import forget_numbers
from casework.db.tables import case_log, cases, documents, erasures, locations
from casework.events import EventKind
from casework.models.erasure import Certificate
from casework.vault.keystore import KeyStore

COPIES_FOR = timedelta(days=30)
"""How long backups of the key store are kept at most (docs/operations.md)."""


class SqlErasures:
    """Keeps the promises of `activities.erasure.Erasures`."""

    def __init__(self, engine: Engine, keys: KeyStore, now: Clock = wall_clock) -> None:
        self._engine = engine
        self._keys = keys
        self._index = SqlClientIndex(engine)
        self._now = now

    def erase(self, case_id: str) -> Certificate:
        """Destroy the keys of a case whose erasure is in its log, and certify it; once more changes nothing.

        The keys go first: a certificate is never written before they are gone.
        """
        with reading(self._engine, ENGINE) as connection:
            decided = connection.execute(_decided(case_id)).mappings().one()
        self._keys.destroy(case_id)
        self._index.forget(case_id)
        with writing(self._engine, ENGINE) as connection:
            forget_numbers(connection, case_id)
            withdraw(connection, case_id)
            values = _certified(connection, case_id, decided, self._now())
            connection.execute(insert(erasures).values(values).on_conflict_do_nothing())
            found = certificate_of(connection, case_id)
        if found is None:
            raise LookupError("a certificate that was written is not there")
        return found


def _decided(case_id: str) -> Any:
    mine = (case_log.c.case_id == case_id) & (case_log.c.kind == EventKind.CASE_ERASED.value)
    columns = (case_log.c.at, case_log.c.account_id, case_log.c.digest, case_log.c.sequence, cases.c.number)
    return select(*columns).join(cases, cases.c.id == case_log.c.case_id).where(mine)


def _certified(connection: Connection, case_id: str, decided: Mapping[Any, Any], now: datetime) -> dict[str, Any]:
    sealed = (
        select(func.count()).select_from(table).where(table.c.case_id == case_id).scalar_subquery()
        for table in (documents, locations)
    )
    return {
        "case_id": case_id,
        "number": decided["number"],
        "decided_at": decided["at"],
        "decided_by": decided["account_id"],
        "destroyed_at": now,
        "copies_until": now + COPIES_FOR,
        "documents": sum(connection.scalar(select(count)) or 0 for count in sealed),
        "log_rows": decided["sequence"],
        "log_digest": decided["digest"],
    }
