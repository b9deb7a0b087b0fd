"""What event logs are made of, a few cases at a time: however many there are, no more of them are held at once."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, select, tuple_

from casework.db.caller import ENGINE
from casework.db.session import deciding, reading
from casework.db.tables import case_log, cases, deadlines, referrals
from casework.db.visible import NOT_ERASED
from casework.models.event_log import CaseRows, Pages, Row
from casework.models.figure import Period

AT_A_TIME = 50
PLACE = (cases.c.opened_at, cases.c.id)
OF_CASE = ("id", "opened_at", "agency_id", "reported_by_agency", "categories")
OF_FACT = ("case_id", "sequence", "kind", "at", "account_id", "role", "agency_id", "subject_id")
STOOD = ("stage", "status", "risk")
SAID = ("channel", "kind", "service", "outcome", "reason", "agency_id", "deadline_id", "rung", "next_on")
OF_REFERRAL = ("case_id", "id", "agency_id", "service", "urgency", "status", "asked_at", "outcome")
OF_DEADLINE = (
    *("case_id", "id", "kind", "class_", "category", "basis", "owner", "referral_id"),
    *("since", "armed_at", "due_at", "paused", "rung", "ended_at", "met"),
)
CASES = select(*(cases.c[name] for name in OF_CASE))
LOG = select(
    *(case_log.c[name] for name in OF_FACT),
    *(case_log.c.case_after[name].astext.label(name) for name in STOOD),
    func.jsonb_build_object(*(part for name in SAID for part in (name, case_log.c.body[name]))).label("body"),
).order_by(case_log.c.case_id, case_log.c.sequence)
REFERRALS = select(*(referrals.c[name] for name in OF_REFERRAL)).order_by(referrals.c.asked_at, referrals.c.id)
DEADLINES = select(*(deadlines.c[name] for name in OF_DEADLINE)).order_by(deadlines.c.armed_at, deadlines.c.id)

PARTS = ((LOG, case_log.c.case_id), (REFERRALS, referrals.c.case_id), (DEADLINES, deadlines.c.case_id))


class SqlEventLogs:
    """Keeps the promises of `ports.EventLogs`."""

    def __init__(self, engine: Engine, at_a_time: int = AT_A_TIME) -> None:
        self._engine = engine
        self._at_a_time = at_a_time

    def count(self, period: Period) -> int:
        """How many cases there are to be read."""
        with reading(self._engine, ENGINE) as connection:
            return int(connection.scalar(select(func.count()).select_from(cases).where(*_within(period))) or 0)

    def pages(self, period: Period) -> Pages:
        """The cases that were opened in a period, erased ones left out, each as it stood at one instant."""
        place: tuple[Any, ...] | None = None
        while page := self._page(period, place):
            yield page
            last = page[-1].case
            place = (last["opened_at"], last["id"])

    def newest(self, period: Period, most: int) -> tuple[CaseRows, ...]:
        """The last that were opened in a period, the newest first."""
        return self._whole(CASES.where(*_within(period)).order_by(*(each.desc() for each in PLACE)).limit(most))

    def _page(self, period: Period, place: tuple[Any, ...] | None) -> tuple[CaseRows, ...]:
        found = CASES.where(*_within(period)).order_by(*PLACE).limit(self._at_a_time)
        return self._whole(found.where(tuple_(*PLACE) > tuple_(*place)) if place else found)

    def _whole(self, found: Select[Any]) -> tuple[CaseRows, ...]:
        # One snapshot: the log of a case and its deadlines are of the same instant.
        with deciding(self._engine, ENGINE, isolation_level="REPEATABLE READ") as connection:
            rows = [dict(row) for row in connection.execute(found).mappings()]
            ids = [row["id"] for row in rows]
            parts = [_by_case(connection, part.where(case_id.in_(ids))) for part, case_id in PARTS]
        return tuple(CaseRows(row, *(tuple(part[row["id"]]) for part in parts)) for row in rows)


def _within(period: Period) -> Iterable[ColumnElement[bool]]:
    return NOT_ERASED, cases.c.opened_at >= period.begins, cases.c.opened_at < period.ends


def _by_case(connection: Connection, found: Select[Any]) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in connection.execute(found).mappings():
        rows[row["case_id"]].append(dict(row))
    return rows
