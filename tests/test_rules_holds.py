"""What is refused of holds: which clocks, for whom, how long, and what has ended already."""

from datetime import timedelta
from typing import Any

import pytest

from casework import commands as c
from casework.errors import (
    AlreadyDecidedError,
    ForbiddenError,
    HoldNotAllowedError,
    InvalidInputError,
    NotAllowedInStageError,
    NotFoundError,
)
from tests.play import CASEWORKER, HEAD, START, SUPERVISOR, Play, opened
from tests.telling import DAY, HOUR, hold, only


def protected() -> Play:
    """A case with clocks of every class."""
    play = opened(categories=["sexual_violence"], incident_at=START - 2 * HOUR)
    play.do(c.Notify, kind="police", agency_id="unit-ppa-polres", explained_to_client=True)
    play.do(c.RecordMilestone, kind="protection_given_tpks", at=play.now - 2 * HOUR)
    return play


@pytest.mark.parametrize("kind", ["first_contact", "clin_72h", "tpks_lpsk_req", "tpks_prot_start", "no_activity"])
def test_law_body_first_contact_power_and_watch_are_never_held(kind: str) -> None:
    """Nor is anything that is named beside one of them."""
    play = protected()
    before = play.state

    with pytest.raises(HoldNotAllowedError):
        hold(play, "assessment", kind)
    assert play.state is before


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"reason": None}, "/reason"),
        ({"until": START}, "/until"),
        ({"until": START - HOUR}, "/until"),
        ({"until": START + 30 * DAY + timedelta(seconds=1)}, "/until"),
        ({"deadline_ids": ["case-1.1.assessment", "case-9.1.plan"]}, "/deadline_ids/1"),
    ],
)
def test_a_hold_has_a_reason_an_end_and_deadlines(wrong: dict[str, Any], pointer: str) -> None:
    """Each thing that is wrong is pointed at."""
    with pytest.raises(InvalidInputError) as refused:
        hold(opened(), "assessment", **wrong)
    assert [error["pointer"] for error in refused.value.extra["errors"]] == [pointer]


def test_thirty_days_are_the_longest() -> None:
    """And one after the other may be longer."""
    play = opened()
    hold(play, "plan", days=30)
    play.wait(START + 30 * DAY)
    hold(play, "plan", days=30)

    assert only(play, "plan").held_until == START + 60 * DAY


def test_what_has_ended_or_is_held_cannot_be_held() -> None:
    """The first is no deadline that runs, the second waits for its release."""
    play = opened().assessed()
    ended = next(d.id for d in play.state.deadlines.values() if d.kind == "assessment")
    with pytest.raises(InvalidInputError):
        hold(play, deadline_ids=[ended])
    hold(play, "plan")
    with pytest.raises(AlreadyDecidedError):
        hold(play, "supervisor_review", "plan")


@pytest.mark.parametrize("subject", ["new-9", None])
def test_a_release_names_its_hold(subject: str | None) -> None:
    """One that there is."""
    with pytest.raises(NotFoundError):
        opened().do(c.ReleaseClock, SUPERVISOR, subject_id=subject)


@pytest.mark.parametrize("ended_by", ["hand", "itself", "its deadline"])
def test_a_hold_ends_once(ended_by: str) -> None:
    """By hand, by itself, or with what it held."""
    play = opened().assessed()
    held = hold(play, "plan")
    if ended_by == "hand":
        play.do(c.ReleaseClock, HEAD, subject_id=held)
    elif ended_by == "itself":
        play.wait(play.now + 2 * DAY)
    else:
        play.do(c.ProposePlan, goals=["Aman"])
        waived = [{"service": s, "reason": "Tidak."} for s in ("police", "health", "psychosocial")]
        play.do(c.DecidePlan, SUPERVISOR, decision="approve", waived=waived)

    with pytest.raises(AlreadyDecidedError):
        play.do(c.ReleaseClock, SUPERVISOR, subject_id=held)


def test_who_may_hold_and_when() -> None:
    """The supervisor and the head, on an open case; not who owes it."""
    play = opened().assessed()
    for command, more in ((c.HoldClock, {"deadline_ids": ["x"], "until": play.now}), (c.ReleaseClock, {})):
        with pytest.raises(ForbiddenError):
            play.do(command, CASEWORKER, subject_id="new-1", **more)
    held = hold(play, "plan")
    play.closed()
    with pytest.raises(NotAllowedInStageError):
        play.do(c.ReleaseClock, SUPERVISOR, subject_id=held)
    with pytest.raises(NotAllowedInStageError):
        hold(play, "post_closure_check")
