"""What a report must be: taken incomplete, refused where it cannot be true."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from casework.errors import InvalidInputError
from casework.models.parts import Client
from casework.rules.opening import check_opening, day_of, facts_of
from tests.play import START, ZONE, opened, report


def pointers(**changes: Any) -> list[str]:
    """What is wrong with a report."""
    with pytest.raises(InvalidInputError) as refused:
        check_opening(report(**changes), START, ZONE)
    return [problem["pointer"] for problem in refused.value.extra["errors"]]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"reported_at": START + timedelta(seconds=1)}, "/reported_at"),
        ({"incident_at": START - timedelta(minutes=1)}, "/incident_at"),
        ({"incident_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))}, "/incident_at"),
        ({"reported_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))}, "/reported_at"),
        ({"categories": ["trafficking", "trafficking"]}, "/categories"),
        ({"categories": ["trafficking", "unclassified"]}, "/categories"),
        ({"client": {"kind": "adult", "age_years": 12}}, "/client/age_years"),
        ({"client": {"kind": "child", "birth_date": "2000-01-01"}}, "/client/birth_date"),
        ({"client": {"kind": "child", "birth_date": "2026-03-10"}}, "/client/birth_date"),
        ({"client": {"kind": "child", "birth_date": "2014-01-01", "age_years": 8}}, "/client/age_years"),
        ({"reporter": {"kind": "agency"}}, "/reporter/agency_id"),
    ],
)
def test_what_cannot_be_true(changes: dict[str, Any], pointer: str) -> None:
    """Each with its pointer."""
    assert pointers(**changes) == [pointer]


def test_little_is_enough() -> None:
    """A report is taken as it comes."""
    check_opening(report(client={"kind": "child"}, consent=None, reporter={"kind": "anonymous"}), START, ZONE)


def test_the_day_is_the_offices() -> None:
    """A child who turns 18 in Jakarta while it is still the day before in UTC, or in the report's own offset."""
    at = datetime(2026, 3, 8, 18, tzinfo=UTC)
    born = Client.model_validate({"kind": "adult", "birth_date": "2008-03-09"})

    assert facts_of(born, day_of(at, ZONE)).age_band == "18-49"
    assert facts_of(born, day_of(at.astimezone(timezone(timedelta(hours=-5))), ZONE)).age_band == "18-49"
    check_opening(report(reported_at=at, client=born.model_dump()), START, ZONE)


def test_clocks_of_an_opening() -> None:
    """High risk, unassigned: an hour for assigning, a day for the first contact."""
    play = opened()
    (assignment,), (contact,) = play.running("assignment"), play.running("first_contact")
    assert assignment.due_at - assignment.since == timedelta(hours=1)
    assert contact.due_at - contact.since == timedelta(hours=24)
