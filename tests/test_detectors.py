"""What a case notices of itself: greater danger, breaches, a protection that ends, what calls for a conference."""

import pytest

from casework import commands as c
from casework.models.codes import Stage
from tests.play import (
    CONSENT,
    HOSPITAL,
    SOCIAL,
    START,
    SUPERVISOR,
    Play,
    opened,
)
from tests.telling import CASES, DAY, GIVEN, HEADS, HOUR, OURS, hold, only, waits
from tests.telling import COORDINATOR as REGION

UNIT = "unit-ppa-polres"


def called(play: Play) -> list[str]:
    """What has called for a case conference."""
    return list(play.state.conferences_called)


def declined(play: Play, times: int) -> None:
    """So many referrals that the hospital declines."""
    for _ in range(times):
        referral = play.referred()
        play.do(c.AnswerReferral, HOSPITAL, subject_id=referral, answer="declined", reason="Penuh.")


def protected(risk: str = "high") -> Play:
    """A case whose client is under the protection of the police, for fourteen days."""
    play = opened(categories=["sexual_violence"], risk=risk).assessed(risk=risk)
    play.do(c.RecordMilestone, kind="protection_given_tpks", at=START)
    return play


# ---- what calls for a conference


def test_two_declined_referrals_put_the_case_on_the_board_at_once() -> None:
    """One is no pattern; with the second the supervisors are told, a conference is due, and the case stands there."""
    play = opened().assessed()
    declined(play, 1)
    assert called(play) == []
    play.later(hours=1)
    declined(play, 1)

    conference = only(play, "conference_decision")
    assert called(play) == ["ref_bounced_1"]
    assert (conference.reason, conference.stalls_at, play.state.stalls_at) == ("ref_bounced", play.now, play.now)
    assert ("conference_called", "dinas-pppappkb") in play.told
    assert conference.due_at == play.now + 3 * DAY


def test_what_called_calls_again_only_when_it_doubles() -> None:
    """The third says nothing new; the fourth does, also after the conference."""
    play = opened().assessed()
    declined(play, 2)
    play.do(c.RecordConference, at=play.now, decisions=[{"what": "Coba lagi."}])
    declined(play, 1)
    assert play.running("conference_decision") == []
    declined(play, 1)

    assert called(play) == ["ref_bounced_1", "ref_bounced_2"]
    assert only(play, "conference_decision").since == play.now


def test_a_service_that_is_not_there_calls_each_time() -> None:
    """An outcome `unavailable` is a bounce by itself."""
    play = opened().assessed()
    for count in (1, 2):
        play.do(c.CompleteReferral, HOSPITAL, subject_id=play.referred(), outcome="unavailable")
        assert called(play)[-1] == f"ref_bounced_unavailable_{count}"
    assert only(play, "conference_decision").reason == "ref_bounced"


def test_three_agencies_at_work_call_a_conference_that_waits_for_its_time() -> None:
    """It is due, but the case does not stand still for it; a bounce that joins it makes it so."""
    play = opened().assessed()
    for agency, service in (("rsud-muaradua", "health"), (UNIT, "police"), ("dinas-sosial", "shelter")):
        play.referred(agency, service, **GIVEN)
    conference = only(play, "conference_decision")
    assert (called(play), conference.reason) == (["many_agencies"], "overdue")
    assert conference.stalls_at == conference.due_at
    play.later(hours=2)
    declined(play, 2)

    joined = only(play, "conference_decision")
    assert (joined.id, joined.reason, joined.due_at) == (conference.id, "ref_bounced", conference.due_at)
    assert joined.stalls_at is not None
    assert joined.stalls_at <= play.now


def test_a_child_taken_to_a_shelter_calls_a_conference() -> None:
    """From the acceptance on; no adult does."""
    for kind, calls in (("child", ["child_removed"]), ("adult", [])):
        consent = {**CONSENT, "given_by": "caregiver" if kind == "child" else "self"}
        play = opened(client={"kind": kind, "age_years": 12 if kind == "child" else 30}, consent=consent).assessed()
        referral = play.referred("dinas-sosial", "shelter")
        assert called(play) == []
        play.do(c.AnswerReferral, SOCIAL, subject_id=referral, answer="accepted")
        assert called(play) == calls


def test_a_closure_under_pressure_calls_a_conference() -> None:
    """When it is asked for, whatever the stage."""
    play = opened().assessed()
    play.do(c.RequestClosure, reason="withdrawn_under_pressure", client_informed=True)

    assert (called(play), play.state.stage) == (["closure_under_pressure"], Stage.CLOSURE)


def test_two_statutory_breaches_call_a_conference() -> None:
    """With the second rung of the law, by itself, in the same step; the supervisors are told with it."""
    play = protected()
    play.do(c.Notify, kind="police", agency_id=UNIT, explained_to_client=True)
    play.wait(START + 1 * DAY)
    assert called(play) == []
    recordings = play.wait(START + 14 * DAY)

    [at] = [r.event.at for r in recordings if any(n.kind == "conference_called" for n in r.notices)]
    assert called(play) == ["statutory_breaches_1"]
    assert at == only(play, "tpks_prot_max").due_at == only(play, "conference_decision").since


def test_an_escalation_before_its_time_is_no_breach() -> None:
    """Nor is what was done in time and recorded late."""
    play = protected()
    for kind in ("tpks_report_police", "tpks_lpsk_req"):
        play.give(c.EscalateCase(deadline_id=only(play, kind).id), SUPERVISOR)
    assert called(play) == []
    play.wait(START + 4 * DAY)
    assert called(play) == ["statutory_breaches_1"]


def test_what_was_met_in_time_is_no_breach_however_late_it_is_recorded() -> None:
    """Both clocks had told of their end; one had been met before it."""
    play = protected()
    play.wait(START + 1.5 * DAY)
    assert only(play, "tpks_lpsk_req").rung == 1
    play.do(c.RecordMilestone, kind="lpsk_asked", at=START + HOUR)
    play.wait(START + 4 * DAY)

    assert only(play, "tpks_report_police").rung == 2
    assert called(play) == []


# ---- danger


@pytest.mark.parametrize("how", ["assessment", "follow_up", "incident", "report"])
def test_a_risk_that_rises_calls_for_a_review_at_once(how: str) -> None:
    """Within a day, on the board from now, the supervisors told."""
    play = opened(risk="low").assessed(risk="low")
    play.wait(START + 5 * DAY)
    if how == "assessment":
        play.do(c.RecordAssessment, risk="medium")
    elif how == "follow_up":
        play.do(c.RecordFollowUp, at=play.now, reached=True, risk="high")
    elif how == "incident":
        play.do(c.RecordMilestone, kind="new_incident", at=play.now)
    else:
        play.do(c.AddReport, channel="phone", reported_at=play.now, reporter={"kind": "self"}, new_incident=True)

    review = only(play, "supervisor_review")
    assert (review.reason, review.due_at, review.stalls_at) == ("risk_up", play.now + DAY, play.now)
    assert (review.clock, review.basis) == ("H", "risk_raised")
    assert any(notice.about_kind == "supervisor_review" for notice in play.recordings[-1].notices)
    assert waits(play, "supervisor_review")[:2] == [(-0.25, [OURS]), (0, [OURS, HEADS])]


@pytest.mark.parametrize("how", ["review", "lower", "first", "same"])
def test_no_risk_rises_by_a_review_or_when_it_falls(how: str) -> None:
    """The review that finds it is the review; unassessed runs as high, so that the first `high` is no rise."""
    risk = "unassessed" if how == "first" else "medium"
    play = opened(risk=risk)
    play.later(days=1)
    if how == "review":
        play.do(c.RecordReview, SUPERVISOR, risk="high")
    else:
        play.do(c.RecordAssessment, risk={"lower": "low", "first": "high", "same": "medium"}[how])

    assert only(play, "supervisor_review").reason == "overdue"


def test_a_review_that_was_held_once_has_only_its_own_time_after_a_rise() -> None:
    """Brought forward, it runs a day; what it was held before went with the old start, also when the risk moves on."""
    play = opened(risk="medium").assessed(risk="medium")
    hold(play, "supervisor_review", days=10)
    play.wait(START + 11 * DAY)
    play.do(c.RecordMilestone, kind="new_incident", at=play.now)
    play.do(c.RecordAssessment, risk="low")

    assert only(play, "supervisor_review").due_at == play.now + DAY


# ---- a protection that ends


def test_a_protection_that_ends_reminds_two_days_before_and_stands_there_from_then() -> None:
    """The police and the caseworker; when it is over, supervisor, then the head of the police, then the coordinator."""
    play = protected()
    protection = only(play, "tpks_prot_max")

    assert protection.stalls_at == START + 12 * DAY
    assert waits(play, "tpks_prot_max") == [
        (-2, [UNIT, CASES]),
        (0, [UNIT, OURS]),
        (1, [f"head@{UNIT}"]),
        (3, [REGION]),
    ]


def test_a_protection_that_has_its_sequel_does_not_stand_before_its_end() -> None:
    """LPSK has decided since it was given: no reminder; an end that nobody records is noticed all the same."""
    play = protected()
    play.later(days=1)
    play.do(c.RecordMilestone, kind="lpsk_asked", at=play.now)
    play.later(days=1)
    play.do(c.RecordMilestone, kind="lpsk_decided", at=play.now)

    assert only(play, "tpks_prot_max").stalls_at == START + 14 * DAY
    at, to = waits(play, "tpks_prot_max")[0]
    assert (at, to[:2]) == (0, [UNIT, OURS])


def test_an_answer_counts_from_when_it_was_given() -> None:
    """Asked for before the protection was given, or recorded without its request: decided is decided."""
    play = opened(categories=["domestic_violence"], reported_at=START)
    play.do(c.RecordMilestone, kind="court_order_asked", at=START)
    play.later(days=1)
    play.do(c.RecordMilestone, kind="protection_given_pkdrt", at=play.now)
    assert only(play, "pkdrt_prot_max").stalls_at == START + 6 * DAY
    play.later(days=1)
    play.do(c.RecordMilestone, kind="court_order_decided", at=play.now)
    assert only(play, "pkdrt_prot_max").stalls_at == START + 8 * DAY

    unasked = opened(categories=["domestic_violence"], reported_at=START)
    unasked.do(c.RecordMilestone, kind="protection_given_pkdrt", at=START)
    unasked.do(c.RecordMilestone, kind="court_order_decided", at=START)
    assert only(unasked, "pkdrt_prot_max").stalls_at == START + 7 * DAY


def test_the_first_contact_that_does_not_come_stands_from_its_hour() -> None:
    """A day at high risk: supervisor, then the head, who is the case manager."""
    play = opened()
    contact = only(play, "first_contact")

    assert (contact.reason, contact.stalls_at) == ("no_first_contact", START + 23 * HOUR)
    assert [to for _, to in waits(play, "first_contact")][2] == [HEADS]
