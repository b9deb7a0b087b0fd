"""How long a case is kept, what stands against its erasure, and who may erase it: by the rules alone."""

from datetime import timedelta
from typing import Any

import pytest

from casework import commands as c
from casework.errors import (
    AlreadyDecidedError,
    ConflictOfInterestError,
    ErasedError,
    ForbiddenError,
    FourEyesError,
    InvalidInputError,
    NotAllowedInStageError,
    RecordsHeldError,
)
from casework.events import EventKind
from casework.rules.decide import decide
from tests.play import CASEWORKER, HEAD, SUPERVISOR, Play, opened

KEPT, WARNED = timedelta(days=7300), timedelta(days=30)
WHY: dict[str, Any] = {"reason": "Perkara masih berjalan."}


def closed() -> Play:
    """A case that was closed."""
    return opened().assessed().closed()


def test_an_ended_case_warns_and_is_then_erased_by_itself() -> None:
    """Twenty years by the built-in placeholder; the head is told thirty days before; nothing runs on."""
    play = closed()
    ended = play.now
    play.wait(ended + KEPT - WARNED - timedelta(seconds=1))
    assert EventKind.RETENTION_ENDING not in play.events
    at = ended + KEPT - WARNED
    play.now = at
    play.wake()
    assert play.events[-1] is EventKind.RETENTION_ENDING
    assert play.told[-1] == ("retention_ending", HEAD.agency_id)
    assert play.state.wakes_at == ended + KEPT
    play.now = ended + KEPT
    play.wake()

    last = play.recordings[-1].event
    assert (last.kind, last.actor.account_id) == (EventKind.CASE_ERASED, "engine")
    assert play.recordings[-1].case.erased_at == play.now
    assert not [d for d in play.state.deadlines.values() if d.running]
    assert play.wake() == []


def test_an_open_case_is_kept_and_reopening_starts_the_time_anew() -> None:
    """Only what has ended runs out."""
    play = closed()
    first = play.state.retained_until
    play.later(days=100).do(c.ReopenCase, SUPERVISOR)
    assert (play.state.retained_until, play.state.retention_next_at) == (None, None)
    play.do(c.RecordAssessment, risk="low")
    play.closed()
    assert play.state.retained_until == play.now + KEPT
    assert play.state.retained_until != first


@pytest.mark.parametrize("status", ["duplicate", "closed"])
def test_every_end_has_its_time(status: str) -> None:
    """A duplicate is no less sealed."""
    play = opened()
    if status == "duplicate":
        play.do(c.MarkDuplicate, SUPERVISOR, of_case_id="case-2")
    else:
        play.assessed().closed()

    assert play.state.retained_until == play.now + KEPT


# ---- legal hold


def test_a_hold_stands_against_every_erasure_and_leaves_time_after_it() -> None:
    """By the head alone, with a sealed reason; a time that was over meanwhile is warned of once more."""
    play = closed()
    ended = play.now
    for by, body, error in ((SUPERVISOR, WHY, ForbiddenError), (HEAD, {}, InvalidInputError)):
        with pytest.raises(error):
            play.do(c.HoldRecords, by, **body)
    play.do(c.AskErasure, SUPERVISOR, **WHY)
    play.do(c.HoldRecords, HEAD, **WHY)
    with pytest.raises(AlreadyDecidedError):
        play.do(c.HoldRecords, HEAD, **WHY)
    with pytest.raises(AlreadyDecidedError):
        play.do(c.DecideErasure, HEAD, decision="approve")
    with pytest.raises(RecordsHeldError):
        play.do(c.AskErasure, SUPERVISOR, **WHY)
    play.wait(ended + KEPT + timedelta(days=400))
    assert not {EventKind.RETENTION_ENDING, EventKind.CASE_ERASED} & set(play.events)

    play.do(c.ReleaseRecords, HEAD, **WHY)
    assert [written.event.kind for written in play.wake()] == [EventKind.RETENTION_ENDING]
    assert play.state.wakes_at == play.now + WARNED
    with pytest.raises(AlreadyDecidedError):
        play.do(c.ReleaseRecords, HEAD, **WHY)


def test_an_open_case_is_held_too() -> None:
    """And stays so when it ends."""
    play = opened().assessed()
    play.do(c.HoldRecords, HEAD, **WHY)
    play.closed()
    assert play.state.retention_next_at is None


# ---- before its time


def test_an_erasure_before_its_time_takes_two_people() -> None:
    """Asked for with a reason, decided by another; returned, it may be asked for again."""
    play = closed()
    with pytest.raises(ForbiddenError):
        play.do(c.AskErasure, CASEWORKER, **WHY)
    with pytest.raises(InvalidInputError):
        play.do(c.AskErasure, SUPERVISOR)
    with pytest.raises(AlreadyDecidedError):
        play.do(c.DecideErasure, HEAD, decision="approve")
    play.do(c.AskErasure, SUPERVISOR, **WHY)
    with pytest.raises(AlreadyDecidedError):
        play.do(c.AskErasure, HEAD, **WHY)
    with pytest.raises(FourEyesError):
        play.do(c.DecideErasure, SUPERVISOR, decision="approve")
    play.do(c.DecideErasure, HEAD, decision="return")
    assert (play.events[-1], play.state.erased_at) == (EventKind.ERASURE_RETURNED, None)
    play.do(c.AskErasure, HEAD, **WHY)
    play.do(c.DecideErasure, SUPERVISOR, decision="approve")
    assert (play.events[-1], play.state.erased_at) == (EventKind.CASE_ERASED, play.now)


def test_an_open_case_is_not_erased() -> None:
    """It is closed first."""
    with pytest.raises(NotAllowedInStageError):
        opened().do(c.AskErasure, SUPERVISOR, **WHY)


def test_reopening_takes_back_what_was_asked() -> None:
    """Who looks at the case again decides anew."""
    play = closed()
    play.do(c.AskErasure, SUPERVISOR, **WHY)
    play.do(c.ReopenCase, SUPERVISOR)
    assert play.state.erasure_asked_by is None


def test_an_erased_case_takes_nothing_any_more() -> None:
    """Not a follow-up, not a hold, not its reopening."""
    play = closed()
    play.do(c.AskErasure, SUPERVISOR, **WHY)
    play.do(c.DecideErasure, HEAD, decision="approve")
    commands: list[tuple[c.Command, Any]] = [
        (c.RecordFollowUp(at=play.now, reached=True), CASEWORKER),
        (c.AssignCase(caseworker_id="cw-2"), SUPERVISOR),
        (c.ReopenCase(), SUPERVISOR),
        (c.HoldRecords(**WHY), HEAD),
        (c.GiveAccess.model_validate({"given_to": "self", **WHY}), HEAD),
    ]
    for body, by in commands:
        with pytest.raises(ErasedError):
            decide(play.state, play.order(body, by), play.now)


# ---- the client's own file


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"given_to": "self"}, None),
        ({"given_to": "guardian"}, None),
        ({"given_to": "caregiver"}, ConflictOfInterestError),
        ({"given_to": "caregiver", "giver_suspected": False}, None),
        ({"given_to": "none"}, InvalidInputError),
    ],
)
def test_the_file_is_not_given_to_who_may_be_the_suspect(body: dict[str, Any], error: Any) -> None:
    """The head gives it out, with a reason, and that is in the log."""
    play = opened(alleged_perpetrators=[{"relation": "parent"}])
    if error:
        with pytest.raises(error):
            play.do(c.GiveAccess, HEAD, **body, **WHY)
        return
    with pytest.raises(ForbiddenError):
        play.do(c.GiveAccess, SUPERVISOR, **body, **WHY)
    play.do(c.GiveAccess, HEAD, **body, **WHY)
    assert play.events[-1] is EventKind.ACCESS_GIVEN
