"""A made-up year: the same from the same seed, in the published proportions, and nothing in it that a case refuses."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.events import EventKind
from casework.models.codes import ReferralStatus, Stage
from starter.year.plans import DAYS, Plan, district_year
from starter.year.proportions import Shares, proportions
from tests.year_played import played

ZONE = ZoneInfo("Asia/Jakarta")
ENDS = datetime(2026, 11, 20, 9, tzinfo=UTC)
MANY = 700
seeds = st.integers(0, 2**32)
ends = st.integers(0, 540).map(lambda days: ENDS + timedelta(days=days - 180))


@pytest.fixture(scope="module")
def year() -> tuple[Plan, ...]:
    """Many cases, for proportions."""
    return district_year(MANY, ENDS, 1, ZONE)


@settings(max_examples=20)
@given(seeds, ends, st.integers(0, 12))
def test_the_same_numbers_give_the_same_year(seed: int, until: datetime, count: int) -> None:
    """As many cases as asked for, in the order in which they are entered, all within the year."""
    plans = district_year(count, until, seed, ZONE)

    assert plans == district_year(count, until, seed, ZONE)
    assert sorted(plan.number for plan in plans) == list(range(1, count + 1))
    entered = [plan.report.entered for plan in plans]
    assert entered == sorted(entered)
    for plan in plans:
        times = [plan.report.body["reported_at"], plan.report.entered, *(step.at for step in plan.steps)]
        assert times == sorted(times)
        assert until - timedelta(days=DAYS + 1) < times[0] <= times[-1] < until


@settings(max_examples=20)
@given(seeds)
def test_another_seed_gives_another_year(seed: int) -> None:
    """Not one case in another order."""
    assert district_year(5, ENDS, seed, ZONE) != district_year(5, ENDS, seed + 1, ZONE)


@settings(max_examples=8)
@given(seeds, ends)
def test_no_case_refuses_what_is_planned_for_it(seed: int, until: datetime) -> None:
    """Played by the pure rules, with every rung in between: each command is taken, each text given where one is due."""
    for plan in district_year(3, until, seed, ZONE):
        case = played(plan, until)
        given_by_people = [r for r in case.recordings if r.event.actor.account_id != "engine"]
        assert len(given_by_people) == len(plan.steps) + 1


@pytest.mark.parametrize("name", ["sex", "age", "subdistrict", "channel", "month"])
def test_proportions_are_kept(year: tuple[Plan, ...], name: str) -> None:
    """Within three and a half standard deviations of what is published."""
    shares: Shares = getattr(proportions(), name)
    found = Counter(kind for plan in year if (kind := _kind(plan, name, shares)) is not None)
    whole, total = sum(shares.of.values()), sum(found.values())
    for kind, weight in shares.of.items():
        expected = weight / whole
        spread = (total * expected * (1 - expected)) ** 0.5
        assert abs(found[kind] - total * expected) < 3.5 * spread + (60 if name == "month" else 2), kind


def _kind(plan: Plan, name: str, shares: Shares) -> Any:
    report = plan.report
    client: dict[str, Any] = report.body["client"]
    match name:
        case "age":
            bands = [(band, *map(int, band.split("-"))) for band in shares.of]
            return next(band for band, low, high in bands if low <= client["age_years"] <= high)
        case "month":
            return str(report.entered.astimezone(ZONE).month)
        case "channel":
            return str(report.body["channel"])
    return client[name]


def test_a_year_holds_what_goes_wrong(year: tuple[Plan, ...]) -> None:
    """Silent agencies, returned plans, reopened and forgotten cases: each in some, none in most."""
    steps = Counter(step.command for plan in year for step in plan.steps)
    assert 0 < steps["reopen"] < steps["request_closure"] / 5
    assert 0 < steps["revoke"] < steps["refer"] / 3
    silent = [plan for plan in year if any(step.command == "revoke" for step in plan.steps)]
    answered = Counter(step.about for plan in year for step in plan.steps if step.command == "answer")
    assert silent
    assert answered["education"] < answered["health"]


def test_a_played_year_has_open_closed_and_late_cases() -> None:
    """By the rules: what was done, and what happened by itself because nobody did anything."""
    cases = [played(plan, ENDS) for plan in district_year(16, ENDS, 7, ZONE)]
    stages = Counter(case.state.stage for case in cases)
    kinds = Counter(recording.event.kind for case in cases for recording in case.recordings)

    assert stages[Stage.CLOSED] > 4
    assert stages[Stage.REFERRAL] > 0
    assert kinds[EventKind.CASE_ESCALATED] > 20
    assert kinds[EventKind.CASE_REOPENED] > 0
    statuses = Counter(r.status for case in cases for r in case.state.referrals.values())
    assert statuses[ReferralStatus.COMPLETED] > statuses[ReferralStatus.REVOKED] > 0
