"""Asking an agency, overrides, and what the agency answers."""

from typing import Any

import pytest

from casework import commands as c
from casework.errors import (
    AlreadyDecidedError,
    ConsentMissingError,
    ForbiddenError,
    FourEyesError,
    InvalidInputError,
    NotAllowedInStageError,
    NotFoundError,
    ReferralBlockedError,
    ServiceNotGivenError,
)
from casework.models.codes import ReferralStatus
from tests.play import CASEWORKER, COORDINATOR, HEAD, HOSPITAL, POLICE, SOCIAL, SUPERVISOR, Play, opened

OVERRIDE = {"given_by": "none", "override_ground": "best_interests", "override_reason": "Terancam."}
LETTER = {"medium": "letter", "reference": "B/12", "at": "2026-03-09T01:30:00+00:00"}


def mediated() -> tuple[Play, str]:
    """A case of violence against a child, referred for mediation."""
    play = opened().assessed()
    return play, play.referred("dinas-sosial", "mediation", facts={"agency_gives_service": True})


def test_blocked_goes_before_everything() -> None:
    """Also before who gives the service, and in a plan as in a referral."""
    play = opened(categories=["sexual_violence"]).assessed()
    with pytest.raises(ReferralBlockedError):
        play.referred("rsud-muaradua", "mediation", facts={"agency_gives_service": False})
    with pytest.raises(ReferralBlockedError):
        play.do(c.ProposePlan, services=[{"service": "mediation"}])


def test_a_finding_that_blocks_revokes_what_is_open() -> None:
    """Mediation ends with the finding of a sexual act, and its agency is told."""
    play, referral = mediated()
    play.do(c.AnswerReferral, SOCIAL, subject_id=referral, answer="accepted")

    play.do(c.RecordAssessment, risk="high", findings=["sexual_act"])

    assert play.referral(referral).status is ReferralStatus.REVOKED
    assert ("referral_revoked", "dinas-sosial") in play.told
    assert not [d for d in play.state.deadlines.values() if d.running and d.referral_id]


def test_a_pending_one_that_became_blocked_is_never_sent() -> None:
    """It is revoked with the finding, unseen by its agency."""
    play = opened(consent=None).assessed()
    more = {"consent": OVERRIDE, "facts": {"agency_gives_service": True}}
    referral = play.referred("dinas-sosial", "mediation", **more)
    play.do(c.RecordAssessment, risk="high", findings=["sexual_act"])

    with pytest.raises(AlreadyDecidedError):
        play.do(c.DecideOverride, SUPERVISOR, subject_id=referral, decision="confirm")
    assert "dinas-sosial" not in {to for _, to in play.told}


def test_before_the_assessment_only_emergencies() -> None:
    """At intake an emergency goes out; the rest waits."""
    play = opened()
    with pytest.raises(NotAllowedInStageError):
        play.referred(urgency="urgent")
    assert play.referral(play.referred(urgency="emergency")).status is ReferralStatus.SENT


def test_the_agency_must_give_the_service() -> None:
    """A hospital runs no school."""
    with pytest.raises(ServiceNotGivenError):
        opened().assessed().referred("rsud-muaradua", "education")


@pytest.mark.parametrize(
    ("kept", "given", "ok"),
    [
        ({"given_by": "self", "services": True, "sharing": True}, None, True),
        ({"given_by": "none", "services": True, "sharing": True}, None, False),
        ({"given_by": "self", "services": True, "sharing": False}, None, False),
        (None, None, False),
        (None, {"given_by": "self"}, True),
        ({"given_by": "self", "services": True, "sharing": True}, {"given_by": "none"}, False),
        (None, {"override_ground": "best_interests"}, False),
        (None, OVERRIDE, True),
    ],
)
def test_consent_or_ground(kept: Any, given: Any, ok: bool) -> None:
    """Consent kept or given for this one, or a ground with its reason."""
    play = opened(consent=kept).assessed()
    if ok:
        play.referred(consent=given)
    else:
        with pytest.raises(ConsentMissingError):
            play.referred(consent=given)


# ---- overrides


def test_an_override_waits_unless_it_is_an_emergency() -> None:
    """Pending, its agency untold, until a supervisor confirms; an emergency acts at once."""
    play = opened(consent=None).assessed()
    waiting = play.referred(consent=OVERRIDE)
    assert play.referral(waiting).status is ReferralStatus.PENDING
    assert "rsud-muaradua" not in {to for _, to in play.told}
    with pytest.raises(NotFoundError):
        play.do(c.AnswerReferral, HOSPITAL, subject_id=waiting, answer="accepted")
    with pytest.raises(NotAllowedInStageError):
        play.do(c.AnswerReferral, subject_id=waiting, answer="accepted", recorded_from=LETTER)
    play.do(c.DecideOverride, SUPERVISOR, subject_id=waiting, decision="confirm")
    assert play.referral(waiting).status is ReferralStatus.SENT
    assert play.referral(play.referred(consent=OVERRIDE, urgency="emergency")).status is ReferralStatus.SENT


def test_who_referred_cannot_decide_on_the_override() -> None:
    """Four eyes: a supervisor's own override is for the head."""
    play = opened(consent=None).assessed()
    body = c.ReferCase.model_validate({"agency_id": "rsud-muaradua", "service": "health", "consent": OVERRIDE})
    referral = str(play.give(body, SUPERVISOR).event.subject_id)
    with pytest.raises(FourEyesError):
        play.do(c.DecideOverride, SUPERVISOR, subject_id=referral, decision="confirm")
    play.do(c.DecideOverride, HEAD, subject_id=referral, decision="confirm")
    with pytest.raises(AlreadyDecidedError):
        play.do(c.DecideOverride, HEAD, subject_id=referral, decision="revoke")


# ---- answers


def test_a_result_on_an_unanswered_referral_accepts_it_and_leaves_no_clock() -> None:
    """Nobody is reminded of a report on what is completed."""
    play = opened().assessed()
    referral = play.referred()
    play.later(hours=5).do(c.CompleteReferral, HOSPITAL, subject_id=referral, outcome="service_provided")

    done = play.referral(referral)
    assert (done.status, done.answered_at, done.completed_at) == (ReferralStatus.COMPLETED, play.now, play.now)
    assert not [d for d in play.state.deadlines.values() if d.running and d.referral_id == referral]
    (answer,) = [d for d in play.state.deadlines.values() if d.kind == "referral_answer"]
    assert answer.met


def test_only_the_receiver_moves_a_referral() -> None:
    """Another agency finds none; the office needs a letter or call; not where the agency has an account."""
    play = opened().assessed()
    referral = play.referred()
    with pytest.raises(NotFoundError):
        play.do(c.AnswerReferral, POLICE, subject_id=referral, answer="accepted")
    with pytest.raises(ForbiddenError):
        play.do(c.AnswerReferral, COORDINATOR, subject_id=referral, answer="accepted")
    with pytest.raises(ForbiddenError):
        play.do(c.AnswerReferral, subject_id=referral, answer="accepted")
    with pytest.raises(ForbiddenError):
        play.do(
            c.AnswerReferral,
            subject_id=referral,
            answer="accepted",
            recorded_from=LETTER,
            facts={"receiver_has_account": True},
        )
    play.do(c.AnswerReferral, subject_id=referral, answer="accepted", recorded_from=LETTER)


def test_declining_needs_a_reason() -> None:
    """And ends every clock of the referral."""
    play = opened().assessed()
    referral = play.referred()
    with pytest.raises(InvalidInputError):
        play.do(c.AnswerReferral, HOSPITAL, subject_id=referral, answer="declined", reason="  ")
    play.do(c.AnswerReferral, HOSPITAL, subject_id=referral, answer="declined", reason="Penuh.")
    assert not [d for d in play.state.deadlines.values() if d.running and d.referral_id == referral]


def test_answers_come_once() -> None:
    """What is acknowledged, accepted or ended is not so a second time."""
    play = opened().assessed()
    referral = play.referred()
    for answer in ("acknowledged", "accepted"):
        play.do(c.AnswerReferral, HOSPITAL, subject_id=referral, answer=answer)
        with pytest.raises(AlreadyDecidedError):
            play.do(c.AnswerReferral, HOSPITAL, subject_id=referral, answer=answer)
    play.do(c.ReportProgress, HOSPITAL, subject_id=referral, kind="visum_made", at=play.now)
    with pytest.raises(InvalidInputError):
        play.do(c.CompleteReferral, HOSPITAL, subject_id=referral, outcome="sembuh")
    play.do(c.CompleteReferral, HOSPITAL, subject_id=referral, outcome="service_provided")
    for kind, body in ((c.CompleteReferral, {"outcome": "unavailable"}), (c.RevokeReferral, {})):
        with pytest.raises(AlreadyDecidedError):
            play.do(kind, CASEWORKER if kind is c.RevokeReferral else HOSPITAL, subject_id=referral, **body)
