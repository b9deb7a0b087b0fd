"""Clocks of a case from pathway data: lengths and holidays day by day, several categories, agreed days."""

from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from casework import commands as c
from casework.errors import InvalidInputError, ReferralBlockedError
from casework.models.base import Id
from casework.models.pathway import Category, ClockKind, Service
from casework.models.state import Automatic, CaseState, Deadline
from casework.pathways.files import LONGEST_KIND
from casework.rules.clocks import due_at
from casework.rules.ladders import key
from tests.play import CALENDAR, CASEWORKER, HOSPITAL, PATHWAYS, START, SUPERVISOR, ZONE, Play, opened
from tests.telling import DAY, HOUR, hold, only

WIB = ZoneInfo(ZONE)
LENGTHS = sorted(
    {
        (length.clock, length.units)
        for pathway in PATHWAYS.values()
        for policy in pathway.deadlines
        for length in filter(None, (*policy.length.values(), policy.urgent_length))
    }
)
CLOSED_2026 = {
    1: (1, 16),
    2: (16, 17),
    3: (18, 19, 20, 23, 24),
    4: (3,),
    5: (1, 14, 15, 27, 28),
    6: (1, 16),
    8: (17, 25),
    12: (24, 25),
}
"""Weekdays of 2026 on which offices are closed, by the joint decree of three ministers for that year."""


# ---- how long


@given(st.datetimes(datetime(2026, 1, 2), datetime(2026, 12, 20)), st.sampled_from(LENGTHS))  # noqa: DTZ001
def test_every_length_of_the_pathways_agrees_with_a_count_day_by_day(
    at: datetime, length: tuple[ClockKind, float]
) -> None:
    """Over weekends, holidays and collective leave of a year, from any minute of it."""
    clock, units = length
    start = at.replace(tzinfo=WIB)
    counted = {ClockKind.H: by_the_minute, ClockKind.D: by_the_day, ClockKind.WD: by_the_working_day}[clock]

    assert due_at(start, clock, units, CALENDAR) == counted(start, units)


def by_the_minute(start: datetime, hours: float) -> datetime:
    """Running hours, in UTC."""
    return start.astimezone(UTC) + timedelta(minutes=hours * 60)


def by_the_day(start: datetime, days: float) -> datetime:
    """Page by page of the calendar, the hand of the clock where it stood."""
    day = start.date()
    for _ in range(int(days)):
        day += DAY
    return datetime.combine(day, start.time(), WIB)


def by_the_working_day(start: datetime, days: float) -> datetime:
    """A stroke for each day on which the office opens; at the close of the last."""
    day, strokes = start.date(), 0
    while strokes < days:
        day += DAY
        strokes += works(day)
    return datetime.combine(day, CALENDAR.closes, WIB)


def works(day: date) -> bool:
    """Whether a clerk is there."""
    return day.isoweekday() < 6 and day.day not in CLOSED_2026.get(day.month, ())


# ---- several categories


PAIRS = list(combinations((each for each in Category if each is not Category.UNCLASSIFIED), 2))


def armed(state: CaseState) -> set[tuple[str, str | None, datetime, str]]:
    """The clocks that run: kind, category, due time, reason."""
    running = (d for d in state.deadlines.values() if d.running)
    return {(d.kind, d.category, d.due_at, d.reason) for d in running}


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_two_categories_run_the_clocks_of_both_and_the_strictest_shows(pair: tuple[Category, Category]) -> None:
    """Exactly the union, those of the office once; it is due with the first of them, and blocked is what one blocks."""
    both, *each = (opened(categories=of, incident_at=START - HOUR) for of in (pair, pair[:1], pair[1:]))

    assert armed(both.state) == armed(each[0].state) | armed(each[1].state)
    assert len(armed(both.state)) == len([d for d in both.state.deadlines.values() if d.running])
    due = [play.state.due_at for play in each]
    assert both.state.due_at == min(at for at in due if at)
    assert blocked(both) == blocked(each[0]) | blocked(each[1])


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_a_category_that_is_found_adds_its_clocks_and_leaves_the_others(pair: tuple[Category, Category]) -> None:
    """Those of its law, from the finding or the incident; what ran before runs on as it was, but for what was met."""
    play = opened(categories=pair[:1], incident_at=START - HOUR)
    play.later(hours=5)
    before = play.state
    play.do(c.RecordAssessment, risk="high", categories_added=pair[1:])

    new = {id_: d for id_, d in play.state.deadlines.items() if id_ not in before.deadlines}
    assert {d.category for d in new.values()} <= {pair[1]}
    assert {d.kind for d in new.values()} == {d.kind for d in own(pair[1])}
    assert all(d.since in (play.now, START - HOUR) for d in new.values())
    for id_, deadline in before.deadlines.items():
        now = play.state.deadlines[id_]
        assert now == deadline or not now.running or deadline.class_ == "watch"


def own(category: Category) -> list[Deadline]:
    """The clocks that a case of one category has by that category."""
    play = opened(categories=[category], incident_at=START - HOUR)
    return [deadline for deadline in play.state.deadlines.values() if deadline.category is category]


def blocked(play: Play) -> set[Service]:
    """The services that a case may not be referred for."""
    play.assessed()
    refused = set()
    for service in Service:
        try:
            play.referred("dinas-sosial", service, facts={"agency_gives_service": True})
        except ReferralBlockedError:
            refused.add(service)
    return refused


# ---- a day that was agreed


def accepted(risk: str = "low") -> tuple[Play, str]:
    """A referral that the hospital has accepted."""
    play = opened(risk=risk).assessed(risk=risk)
    referral = play.referred()
    play.do(c.AnswerReferral, HOSPITAL, subject_id=referral, answer="accepted")
    return play, referral


@pytest.mark.parametrize("risk", ["high", "medium"])
def test_the_day_an_agency_names_stays_whatever_the_risk(risk: str) -> None:
    """The close of that day, before any length; a hold comes on top."""
    play, referral = accepted()
    named = (START + 40 * DAY).date()
    play.do(c.ReportProgress, HOSPITAL, subject_id=referral, kind="visum_asked", at=play.now, next_on=named)
    closes = datetime.combine(named, CALENDAR.closes, WIB)
    assert only(play, "service_feedback").due_at == closes
    play.do(c.RecordReview, SUPERVISOR, risk=risk)
    assert only(play, "service_feedback").due_at == closes
    hold(play, "service_feedback", days=3)
    play.wait(START + 3 * DAY)
    play.do(c.RecordReview, SUPERVISOR, risk="low")
    assert only(play, "service_feedback").due_at == closes + 3 * DAY


@pytest.mark.parametrize(
    ("day", "code"),
    [(START - 2 * DAY, "before_fact"), (START + 367 * DAY, "too_far_away"), (date.max, "too_far_away")],
)
def test_a_day_is_agreed_within_the_year(day: date, code: str) -> None:
    """No one silences a case, or what counts from that day, by naming one that never comes."""
    play, referral = accepted()
    reported = {"subject_id": referral, "kind": "visum_asked"}
    for command, by, body in (
        (c.ReportProgress, HOSPITAL, reported),
        (c.RecordFollowUp, CASEWORKER, {"reached": True}),
    ):
        with pytest.raises(InvalidInputError) as refused:
            play.do(command, by, at=START, next_on=day.date() if isinstance(day, datetime) else day, **body)
        [error] = refused.value.extra["errors"]
        assert (error["pointer"], error["code"]) == ("/next_on", code)
    play.do(c.RecordFollowUp, at=START, reached=True, next_on=(START + 366 * DAY).date())


@pytest.mark.parametrize(("days", "due"), [(3, "named"), (25, "length")])
def test_the_day_agreed_with_the_client_is_kept_unless_the_risk_asks_for_an_earlier_one(days: int, due: str) -> None:
    """In three days it stays; in twenty-five it does not, for whom a week is the longest at high risk."""
    play = opened(risk="low").planned(risk="low")
    named = (START + days * DAY).date()
    play.do(c.RecordFollowUp, at=START, reached=True, next_on=named)
    play.do(c.RecordAssessment, risk="high")

    by = {"named": datetime.combine(named, CALENDAR.closes, WIB), "length": START + 7 * DAY}
    assert only(play, "follow_up").due_at == by[due]
    play.do(c.RecordAssessment, risk="high")
    assert only(play, "follow_up").due_at == by[due]


@pytest.mark.parametrize(
    ("category", "step"),
    [
        (None, Automatic(action="release", to="head", at=datetime(2199, 1, 1, tzinfo=UTC), rung=9)),
        (None, Automatic(action="escalate", to="head", at=START, rung=9)),
        (max(Category, key=len), Automatic(action="escalate", to="head", at=START, rung=9)),
    ],
)
def test_the_longest_kind_leaves_room_for_the_ids_made_of_it(category: Category | None, step: Automatic) -> None:
    """Of a deadline and of each of its steps, after years of activity; a category's own clocks are never held."""
    id_ = ".".join(filter(None, (str(UUID(int=0)), "99999", "k" * LONGEST_KIND, category)))
    armed = only(opened(), "plan").model_copy(update={"id": id_, "arming": 99 if category else 9999})

    assert TypeAdapter(Id).validate_python(key(armed, step))
