"""What figures are counted over: the cases in scope, as the log knew them when the period ended.

Nothing here reads what cases have become since: a figure of a past period stays what it was, so that two readings of it
tell nothing of what happened in between.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, func, select
from sqlalchemy.sql.selectable import CTE

from casework.db.tables import case_log, cases
from casework.events import EventKind
from casework.models.codes import Status
from casework.models.figure import Period
from casework.models.people import ENGINE

UNKNOWN = "unknown"
AFTER = case_log.c.case_after
LAST = ("status", "risk", "place", "assigned_to")
OF_REFERRAL = (("agency_id", "agency"), ("service", "service"))
OF_CLIENT = ("kind", "sex", "age_band", "subdistrict", "disability")


@dataclass(frozen=True)
class Frame:
    """The parts that the select of each figure is made of."""

    period: Period
    zone: str
    facts: CTE
    """What people recorded until the end of the period: `case_id sequence kind at account_id role subject_id agency
    service body`."""
    stood: CTE
    """Each case as it stood at the end of the period, with its opening: `case_id opened_at opening status risk ...`."""

    @property
    def recorded(self) -> Subquery:
        """The cases that were opened in the period."""
        return select(self.stood).where(self.stood.c.opened_at >= self.period.begins).subquery()

    @property
    def open(self) -> Subquery:
        """The cases that were open at its end."""
        return select(self.stood).where(self.stood.c.status == Status.OPEN.value).subquery()

    def said(self, *kinds: EventKind) -> Subquery:
        """The facts of some kinds in the period."""
        within = self.facts.c.at >= self.period.begins
        return select(self.facts).where(self.facts.c.kind.in_([kind.value for kind in kinds]), within).subquery()

    def ever(self, *kinds: EventKind) -> Subquery:
        """The facts of some kinds, whenever they were recorded before its end."""
        return select(self.facts).where(self.facts.c.kind.in_([kind.value for kind in kinds])).subquery()

    def month(self, at: ColumnElement[Any]) -> ColumnElement[str]:
        """The month of an instant where the office is."""
        return func.to_char(func.timezone(self.zone, at), "YYYY-MM")


def frame(scope: ColumnElement[bool], period: Period, zone: str) -> Frame:
    """The frame of a period, over the cases of `cases` that are in scope."""
    ids = select(cases.c.id).where(scope).cte("in_scope")
    return Frame(period, zone, _facts(ids, period), _stood(ids, period))


def known(column: ColumnElement[Any]) -> ColumnElement[str]:
    """A key, or that it is not known."""
    return func.coalesce(column, UNKNOWN)


def numbered(fact: Any) -> ColumnElement[str]:
    """One fact among all."""
    return func.concat(fact.c.case_id, ":", fact.c.sequence)


def bands(value: ColumnElement[Any], *steps: tuple[float, str], last: str) -> ColumnElement[str]:
    """The first band whose limit a value does not pass."""
    return case(*((value <= limit, name) for limit, name in steps), else_=last)


def _facts(ids: CTE, period: Period) -> CTE:
    columns = [case_log.c[name] for name in ("case_id", "sequence", "kind", "at", "account_id", "role", "subject_id")]
    asked = (case_log.c.referral_after[name].astext.label(label) for name, label in OF_REFERRAL)
    told = select(*columns, *asked, case_log.c.body).join(ids, ids.c.id == case_log.c.case_id)
    return told.where(case_log.c.at < period.ends, case_log.c.account_id != ENGINE).cte("facts")


def _stood(ids: CTE, period: Period) -> CTE:
    before = (case_log.c.case_id == ids.c.id) & (case_log.c.at < period.ends)
    last = select(AFTER.label("after")).where(before).order_by(case_log.c.sequence.desc()).limit(1)
    first = select(case_log.c.at, case_log.c.body).where(before, case_log.c.sequence == 1)
    stands, opens = last.correlate(ids).lateral("stands"), first.correlate(ids).lateral("opens")
    after, client = stands.c.after, stands.c.after["client"]
    columns: list[Any] = [
        ids.c.id.label("case_id"),
        opens.c.at.label("opened_at"),
        opens.c.body.label("opening"),
        *(after[name].astext.label(name) for name in LAST),
        *(client[name].astext.label(name) for name in OF_CLIENT),
        after["categories"].label("categories"),
        after["violence_types"].label("violence_types"),
    ]
    found: Select[Any] = (
        select(*columns).select_from(ids).join(stands, stands.c.after.is_not(None)).join(opens, opens.c.at.is_not(None))
    )
    return found.cte("stood")
