"""What a receiver is shown, and until when: by the rules alone."""

from datetime import timedelta
from typing import Any

import pytest

from casework import commands as c
from casework.errors import ConsentMissingError
from casework.models.codes import NotificationKind, Part, ReferralStatus
from casework.models.pathway import ClockKind, Disclosure, Length
from casework.models.state import CaseState
from casework.rules.disclosing import discloses, parts_told, tells
from tests.play import HOSPITAL, POLICE, SUPERVISOR, Play, opened

OVERRIDE = {"given_by": "none", "override_ground": "best_interests", "override_reason": "Terancam."}
TOLD = {"kind": "police", "agency_id": "unit-ppa-polres", "explained_to_client": True}


def completed(play: Play, **asked: Any) -> str:
    """A referral to the hospital, with its result."""
    referral = play.referred(**asked)
    play.do(c.CompleteReferral, HOSPITAL, subject_id=referral, outcome="service_provided")
    return referral


def shows(play: Play, referral: str, *, in_days: float = 0) -> bool:
    """Whether the receiver sees its parts, now or in so many days."""
    return discloses(play.referral(referral).model_dump(), play.now + timedelta(days=in_days))


def test_while_it_is_worked_on_and_so_long_after_its_result() -> None:
    """Two weeks for health, by the built-in files, to the instant."""
    play = opened().assessed()
    referral = play.referred()
    assert shows(play, referral, in_days=300)
    play.do(c.AnswerReferral, HOSPITAL, subject_id=referral, answer="accepted")
    assert shows(play, referral, in_days=300)
    play.do(c.CompleteReferral, HOSPITAL, subject_id=referral, outcome="service_provided")

    assert shows(play, referral, in_days=13.99)
    assert not shows(play, referral, in_days=14)


@pytest.mark.parametrize("status", [ReferralStatus.PENDING, ReferralStatus.DECLINED, ReferralStatus.REVOKED])
def test_one_that_waits_or_ended_unused_shows_nothing(status: ReferralStatus) -> None:
    """Whatever its end was to be."""
    play = opened().assessed()
    row = {**play.referral(play.referred()).model_dump(), "status": status}

    assert not discloses({**row, "disclosed_until": play.now + timedelta(days=9)}, play.now)


def test_of_several_pathways_the_shortest_holds() -> None:
    """As with every rule of several categories."""
    play = opened(categories=["child_violence", "sexual_violence"]).assessed()
    first, second = play.state.pathways
    shorter = Disclosure(after=Length(clock=ClockKind.D, units=2))
    play.state = with_pathways(play.state, first, second.model_copy(update={"disclosures": (shorter,)}))

    until = play.referral(completed(play)).disclosed_until

    assert until == play.now + timedelta(days=2)


def test_a_case_from_before_shows_nothing_after_a_result() -> None:
    """No pathway that it carries says how long."""
    play = opened().assessed()
    play.state = with_pathways(play.state, *(p.model_copy(update={"disclosures": ()}) for p in play.state.pathways))

    assert not shows(play, completed(play))


def with_pathways(state: CaseState, *pathways: Any) -> CaseState:
    """The state under other pathways."""
    return state.model_copy(update={"pathways": pathways})


def test_withdrawn_consent_ends_what_is_shown_after_a_result_and_tells_who_held_it() -> None:
    """At once; what went on a ground that does without consent stays as it was."""
    play = opened().assessed()
    on_consent, on_ground = completed(play), completed(play, consent=OVERRIDE, urgency="emergency")
    play.later(days=1).do(c.WithdrawConsent, scope="sharing", by="caregiver")

    assert not shows(play, on_consent)
    assert shows(play, on_ground)
    assert play.told.count(("disclosure_ended", "rsud-muaradua")) == 1


def test_consent_is_withdrawn_though_all_that_stood_on_it_has_its_result() -> None:
    """Also where none was recorded at the opening; when nothing is shown any more there is nothing to withdraw."""
    play = opened(consent=None).assessed()
    referral = completed(play, consent={"given_by": "caregiver"})
    play.do(c.WithdrawConsent, scope="sharing")

    assert not shows(play, referral)
    with pytest.raises(ConsentMissingError):
        play.do(c.WithdrawConsent, scope="sharing")


def test_consent_corrected_away_ends_it_too() -> None:
    """As its withdrawal does."""
    play = opened().assessed()
    referral = completed(play)
    play.do(c.AmendClient, consent={"given_by": "none"})

    assert not shows(play, referral)
    assert ("disclosure_ended", "rsud-muaradua") in play.told


# ---- mandatory notifications


def test_who_is_told_by_law_sees_the_parts_of_the_law_until_after_the_receipt() -> None:
    """Kept with the notification: a pathway that changes changes nothing told before."""
    play = opened(categories=["sexual_violence"]).assessed()
    id_ = play.do(c.Notify, **TOLD)
    told = play.state.notifications[id_]
    assert told.disclose == (Part.IDENTITY, Part.CONTACT, Part.NARRATIVE, Part.PERPETRATORS)
    assert tells(told.model_dump(), play.now + timedelta(days=300))
    play.do(c.ReceiveNotification, POLICE, subject_id=id_, reference="LP/1")

    received = play.state.notifications[id_].model_dump()
    assert tells(received, play.now + timedelta(days=29.99))
    assert not tells(received, play.now + timedelta(days=30))


def test_parents_are_shown_nothing_here() -> None:
    """They are told in person."""
    play = opened().assessed()
    assert parts_told(play.state, NotificationKind.PARENTS) == ()
    assert Part.IDENTITY in parts_told(play.state, NotificationKind.SOCIAL_OFFICE)


def test_consent_has_no_say_in_what_is_told_by_law() -> None:
    """It needed none."""
    play = opened(categories=["sexual_violence"]).assessed()
    id_ = play.do(c.Notify, SUPERVISOR, **TOLD)
    play.do(c.WithdrawConsent, scope="sharing", by="caregiver")

    assert tells(play.state.notifications[id_].model_dump(), play.now)
