"""Random lives of a case for the tests of its clocks: people act, time passes in jumps, the case does its part."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from casework import commands as c
from casework.errors import CaseworkError
from casework.models.codes import OPEN_REFERRALS, ReferralStatus
from casework.models.pathway import Category
from casework.models.people import OFFICE_ROLES, Actor
from tests.play import (
    CASEWORKER,
    COORDINATOR,
    HEAD,
    PROVINCE,
    PROVINCIAL,
    SERVICES,
    START,
    SUPERVISOR,
    Play,
    opened,
)

T = TypeVar("T")
SLOW = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # A life is short enough to be read as it was found; making it shorter takes minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
CONSENT = {"consent": {"given_by": "self"}, "facts": {"agency_gives_service": True}}
RISKS = ("high", "medium", "low")
ASKED = (
    ("rsud-muaradua", "health"),
    ("unit-ppa-polres", "police"),
    ("dinas-sosial", "shelter"),
    ("desa", "reintegration"),
    ("polrestabes-surabaya", "police"),
)
MILESTONES = (
    "police_notified",
    "protection_given",
    "lpsk_asked",
    "lpsk_decided",
    "hearing_held",
    "court_determination",
    "new_incident",
    "investigation_started",
    "medical_care_given",
)
WAIVED = [{"service": service, "reason": "Tidak perlu."} for service in sorted(SERVICES)]


def one(of: Sequence[T], pick: int) -> T:
    """One of several, by a number."""
    return of[pick % len(of)]


def does(play: Play, command: type[c.Command], by: Actor = CASEWORKER, /, **body: Any) -> str:
    """Somebody of the office that has the case, or above it, gives a command."""
    office = play.state.agency_id if by.role in OFFICE_ROLES and by is not PROVINCIAL else by.agency_id
    return play.do(command, by.model_copy(update={"agency_id": office}), **body)


def asked(play: Play, pick: int) -> str:
    """One of the referrals that are open; where there is none, one is made."""
    if not open_referrals(play):
        refer(play, pick)
    return one(open_referrals(play), pick)


def open_referrals(play: Play) -> list[str]:
    """The referrals that are open."""
    return [id_ for id_, referral in play.state.referrals.items() if referral.status in OPEN_REFERRALS]


def running(play: Play, pick: int) -> str:
    """One of the deadlines that run."""
    return one([*(id_ for id_, deadline in play.state.deadlines.items() if deadline.running), "none"], pick)


def letter(play: Play) -> dict[str, Any]:
    """What an agency said by letter."""
    return {"recorded_from": {"medium": "letter", "reference": "B/12", "at": play.now}}


def day(play: Play, pick: int) -> Any:
    """A day that is agreed, or none."""
    return (play.now + timedelta(days=pick % 50)).date() if pick % 3 == 0 else None


# ---- what people do; each takes the case and a number that decides between its forms


def assign(play: Play, pick: int) -> None:
    does(play, c.AssignCase, SUPERVISOR, caseworker_id=CASEWORKER.account_id)


def assess(play: Play, pick: int) -> None:
    findings = one(((), (), ("sexual_act",), ("violence_at_home",)), pick // 3)
    added = [Category.TRAFFICKING] if play.state.categories == (Category.UNCLASSIFIED,) else []
    does(play, c.RecordAssessment, risk=one(RISKS, pick), findings=findings, categories_added=added)


def plan(play: Play, pick: int) -> None:
    does(play, c.ProposePlan, goals=["Aman"])
    if pick % 3:
        does(play, c.DecidePlan, SUPERVISOR, decision=one(("approve", "return"), pick), waived=WAIVED)


def refer(play: Play, pick: int) -> None:
    agency, service = one(ASKED, pick)
    urgency = one(("routine", "urgent", "emergency"), pick // 5)
    does(play, c.ReferCase, agency_id=agency, service=service, urgency=urgency, **CONSENT)


def answer(play: Play, pick: int) -> None:
    said = one(("accepted", "declined", "accepted", "acknowledged"), pick // 3)
    does(play, c.AnswerReferral, subject_id=asked(play, pick), answer=said, reason="Penuh.", **letter(play))


def progress(play: Play, pick: int) -> None:
    referral = asked(play, pick // 3)
    if play.referral(referral).status is not ReferralStatus.ACCEPTED:
        does(play, c.AnswerReferral, subject_id=referral, answer="accepted", **letter(play))
    body = {"kind": one(MILESTONES, pick), "at": play.now - timedelta(hours=pick), "next_on": day(play, pick)}
    does(play, c.ReportProgress, subject_id=referral, **body, **letter(play))


def complete(play: Play, pick: int) -> None:
    outcome = one(("service_provided", "unavailable"), pick)
    does(play, c.CompleteReferral, subject_id=asked(play, pick), outcome=outcome, **letter(play))


def revoke(play: Play, pick: int) -> None:
    does(play, c.RevokeReferral, subject_id=asked(play, pick))


def follow_up(play: Play, pick: int) -> None:
    risk = one((None, None, *RISKS), pick)
    at = play.now - timedelta(hours=pick % 40)
    does(play, c.RecordFollowUp, at=at, reached=pick % 2 == 0, risk=risk, next_on=day(play, pick))


def milestone(play: Play, pick: int) -> None:
    does(play, c.RecordMilestone, kind=one(MILESTONES, pick), at=play.now - timedelta(hours=pick // 2))


def review(play: Play, pick: int) -> None:
    does(play, c.RecordReview, SUPERVISOR, risk=one((None, *RISKS), pick))


def confer(play: Play, pick: int) -> None:
    does(play, c.RecordConference, at=play.now, decisions=[{"what": "Lanjut."}])


def tell_police(play: Play, pick: int) -> None:
    does(play, c.Notify, kind="police", agency_id="unit-ppa-polres", explained_to_client=True)


def aside(play: Play, pick: int) -> None:
    does(play, c.LinkCases, case_id=f"case-{pick + 2}", relation="sibling")


def correct(play: Play, pick: int) -> None:
    does(play, c.AmendClient, consent={"given_by": "self", "services": True, "sharing": pick % 4 > 0})


def hold(play: Play, pick: int) -> None:
    running = (d for d in play.state.deadlines.values() if d.running and not d.held)
    local = [d.id for d in running if d.class_ == "local" and d.kind != "first_contact"]
    until = play.now + timedelta(hours=1 + pick * 7)
    does(play, c.HoldClock, SUPERVISOR, deadline_ids=local[pick % 3 :: 3] or ["none"], reason="Sakit.", until=until)


def release(play: Play, pick: int) -> None:
    held = [id_ for id_, hold in play.state.holds.items() if hold.released_at is None]
    if held:
        does(play, c.ReleaseClock, SUPERVISOR, subject_id=one(held, pick))
    else:
        hold(play, pick)


def remind(play: Play, pick: int) -> None:
    does(play, c.SendReminder, one((SUPERVISOR, COORDINATOR), pick), deadline_id=running(play, pick))


def escalate(play: Play, pick: int) -> None:
    does(play, c.EscalateCase, HEAD, deadline_id=running(play, pick))


def transfer(play: Play, pick: int) -> None:
    does(play, c.TransferCase, SUPERVISOR, to_agency_id=PROVINCE)
    if pick % 3:
        decision = one(("accept", "decline", "decline"), pick)
        does(play, c.DecideTransfer, PROVINCIAL, decision=decision, facts={"receiver_leads": True})


def close(play: Play, pick: int) -> None:
    """Everything that stands in the way is done first."""
    tell_police(play, pick)
    for referral in open_referrals(play):
        does(play, c.RevokeReferral, subject_id=referral)
    left = [{"deadline_id": id_, "followed_by": "supervisor"} for id_ in play.state.deadlines]
    does(play, c.RequestClosure, reason="client_request", client_informed=True, left_open=left)
    if pick % 3:
        does(play, c.DecideClosure, HEAD, decision="approve")


def reopen(play: Play, pick: int) -> None:
    does(play, c.ReopenCase, HEAD)


Act = Callable[[Play, int], None]
SIMPLE: tuple[Act, ...] = (assign, plan, refer, answer, answer, revoke, confer, tell_police, aside, correct, remind)
TIMED: tuple[Act, ...] = (progress, progress, complete, follow_up, follow_up, milestone, milestone)
TURNING: tuple[Act, ...] = (assess, review, hold, hold, hold, release, release, escalate, escalate, transfer, close)
ACTS = (*SIMPLE, *TIMED, *TURNING)
BEGINNING: tuple[Act, ...] = (assign, assess, plan, refer, answer, refer)


@dataclass(frozen=True)
class Move:
    """Somebody acts after a time; with the engine away, the case does its own part only afterwards."""

    act: Act
    pick: int
    after: timedelta
    away: bool

    def __repr__(self) -> str:
        return f"Move({self.act.__name__}, {self.pick}, {self.after!r}, {self.away})"

    def make(self, play: Play) -> None:
        """Let the time pass, then act; a closed case is often reopened first. A refusal changes nothing."""
        if self.away:
            play.now += self.after
        else:
            play.wait(play.now + self.after)
        with suppress(CaseworkError):
            if self.pick % 3 == 0 and not play.state.open:
                reopen(play, self.pick)
            self.act(play, self.pick)


@dataclass(frozen=True)
class Life:
    """How a case is reported, and what then is done."""

    category: Category
    risk: str
    hours_before: int
    moves: tuple[Move, ...]

    def begin(self) -> Play:
        """The case as it is opened."""
        reported = START - timedelta(hours=self.hours_before)
        return opened(categories=[self.category], risk=self.risk, reported_at=reported)

    def lived(self) -> Play:
        """The case after all of it."""
        play = self.begin()
        for move in self.moves:
            move.make(play)
        return play


spans = st.one_of(
    st.just(timedelta(0)),
    st.integers(1, 60 * 30).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(1, 24 * 40).map(lambda hours: timedelta(hours=hours)),
)
picks = st.integers(0, 99)


def moves(*, away: bool = True) -> st.SearchStrategy[Move]:
    """Anything anybody does, after any time; now and then with the engine away."""
    return st.builds(Move, st.sampled_from(ACTS), picks, spans, st.booleans() if away else st.just(False))


def lives(most: int = 16, *, away: bool = True) -> st.SearchStrategy[Life]:
    """Lives of any category; most are assessed, planned and referred before anything can happen."""
    soon = st.integers(0, 12).map(lambda hours: timedelta(hours=hours))
    begun = st.tuples(*(st.builds(Move, st.just(act), picks, soon, st.just(False)) for act in BEGINNING))
    some = st.tuples(begun, st.integers(0, len(BEGINNING))).map(lambda pair: pair[0][: pair[1]])
    then = st.lists(moves(away=away), min_size=most // 2, max_size=most).map(tuple)
    return st.builds(
        Life,
        st.sampled_from(list(Category)),
        st.sampled_from([*RISKS, "unassessed"]),
        st.sampled_from([0, 1, 30, 24 * 5, 24 * 60]),
        st.tuples(some, then).map(lambda pair: pair[0] + pair[1]),
    )


def copied(play: Play) -> Play:
    """The case as it stands, to be gone on with in another way."""
    return Play(play.state, play.now)
