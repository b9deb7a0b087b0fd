"""Consent: who may give it at which age, for what and whom, until when; and what goes without it is looked at twice."""

from datetime import timedelta
from typing import Any

import pytest

from casework import commands as c
from casework.errors import (
    AlreadyDecidedError,
    ClosureBlockedError,
    ConflictOfInterestError,
    ConsentMissingError,
    ForbiddenError,
    FourEyesError,
    InvalidInputError,
)
from casework.models.codes import ReferralStatus
from casework.models.state import GivenConsent
from tests.api_fakes import Web, report, web
from tests.play import CASEWORKER, CONSENT, ELSEWHERE, HEAD, HOSPITAL, PROVINCE, PROVINCIAL, SUPERVISOR, Play, opened

OVERRIDE = {"given_by": "none", "override_ground": "best_interests", "override_reason": "Terancam."}
LETTER = {"medium": "letter", "reference": "B/12", "at": "2026-03-09T01:30:00+00:00"}
PARENT = [{"relation": "parent", "sex": "male", "age_group": "adult"}]


def entries(play: Play) -> list[GivenConsent]:
    """Every consent of the case."""
    return list(play.state.consents.values())


# ---- who may give it


@pytest.mark.parametrize(
    ("kind", "age", "by", "counts"),
    [
        ("child", 4, "self", False),
        ("child", 4, "caregiver", True),
        ("child", 11, "self", False),
        ("child", 14, "self", False),
        ("child", 14, "guardian", True),
        ("child", 15, "self", True),
        ("child", 17, "caregiver", True),
        ("child", None, "self", True),
        ("child", None, "caregiver", True),
        ("adult", 18, "self", True),
        ("adult", 40, "caregiver", False),
        ("adult", None, "caregiver", False),
        ("adult", 40, "guardian", True),
    ],
)
@pytest.mark.parametrize("kept", [True, False])
def test_who_may_consent_at_which_age(kind: str, age: int | None, by: str, counts: bool, kept: bool) -> None:
    """For consent that was recorded with the report as for one to this referral."""
    given = {"given_by": by, "services": True, "sharing": True}
    play = opened(client={"kind": kind}, consent=given if kept else None).assessed()
    facts = {} if age is None else {"age": age}
    asked: dict[str, Any] = {
        "consent": None if kept else {"given_by": by},
        "facts": {"agency_gives_service": True, **facts},
    }
    if counts:
        play.referred(**asked)
    else:
        with pytest.raises(ConsentMissingError):
            play.referred(**asked)


def test_a_caregiver_who_may_be_the_suspect_does_not_consent() -> None:
    """Another one does, where that is recorded; without either there is the ground that says so."""
    play = opened(alleged_perpetrators=PARENT).assessed()
    with pytest.raises(ConsentMissingError, match="caregiver_is_suspect"):
        play.referred()
    with pytest.raises(ConsentMissingError):
        play.referred(consent={"given_by": "caregiver"})
    with pytest.raises(ConsentMissingError):
        play.referred(consent={"given_by": "caregiver", "giver_suspected": True})
    play.referred(consent={"given_by": "caregiver", "giver_suspected": False})
    play.referred(consent={**OVERRIDE, "override_ground": "caregiver_is_suspect"})
    play.referred(consent={"given_by": "guardian"})


def test_a_suspect_who_is_no_carer_changes_nothing() -> None:
    """A neighbour does not speak for the child anyway."""
    opened(alleged_perpetrators=[{"relation": "neighbour"}]).assessed().referred()


def test_a_carer_suspected_later_is_for_the_supervisor_to_look_at() -> None:
    """What protects goes on; nothing new stands on that consent."""
    play = opened().assessed()
    referral = play.referred()
    play.do(c.AmendClient, alleged_perpetrators=PARENT)

    assert play.referral(referral).status is ReferralStatus.SENT
    assert play.told.count(("consent_withdrawn", SUPERVISOR.agency_id)) == 1
    with pytest.raises(ConsentMissingError):
        play.referred()
    play.do(c.AmendClient, alleged_perpetrators=[*PARENT, {"relation": "neighbour"}])
    assert play.told.count(("consent_withdrawn", SUPERVISOR.agency_id)) == 1


def test_help_is_not_called_back_by_who_it_protects_from() -> None:
    """A caregiver who may be the suspect takes no consent back; the child, and another carer, do."""
    play = opened(alleged_perpetrators=PARENT).assessed()
    play.referred(consent={"given_by": "caregiver", "giver_suspected": False})
    with pytest.raises(ConflictOfInterestError):
        play.do(c.WithdrawConsent, scope="sharing", by="caregiver")
    play.do(c.WithdrawConsent, scope="sharing", by="caregiver", giver_suspected=False)
    play.do(c.WithdrawConsent, scope="services", by="self")


# ---- what is kept of it


def test_a_consent_is_kept_by_scope_with_who_gave_it_and_when() -> None:
    """Dated when it was given, else when it was recorded; the assent that the age asks for is named."""
    before = "2026-03-01T03:00:00+00:00"
    play = opened(consent={**CONSENT, "services": False, "given_at": before, "assent": "informal"})

    (kept,) = entries(play)

    assert (kept.scope, kept.given_by, kept.recorded_by) == ("sharing", "caregiver", CASEWORKER.account_id)
    assert kept.given_at.isoformat() == before
    assert (kept.agency_id, kept.referral_id, kept.holds) == (None, None, True)
    assert play.recordings[0].consents == (kept,)


@pytest.mark.parametrize(("age", "wanted"), [(3, None), (8, "informal"), (13, "written"), (16, None)])
def test_the_assent_of_the_childs_age_is_asked_for_and_holds_up_nothing(age: int, wanted: str | None) -> None:
    """It is shown beside the consent."""
    play = opened(client={"kind": "child", "age_years": age}).assessed()

    assert {kept.assent_wanted for kept in entries(play)} == {wanted}
    play.referred()


def test_a_referral_names_the_consent_it_stands_on() -> None:
    """The one kept for every agency, or its own; a ground where there is none."""
    play = opened(consent=CONSENT).assessed()
    on_kept = play.referred()
    on_own = play.referred(consent={"given_by": "guardian"})
    on_ground = play.referred(consent=OVERRIDE)

    kept, own = (play.state.consents[str(play.referral(id_).consent_id)] for id_ in (on_kept, on_own))

    assert (kept.scope, kept.given_by, kept.agency_id) == ("sharing", "caregiver", None)
    assert (own.scope, own.given_by, own.agency_id) == ("sharing", "guardian", "rsud-muaradua")
    assert own.referral_id == on_own
    assert play.referral(on_ground).consent_id is None
    sent = play.recordings[-3]
    assert sent.referrals[0].consent_id == kept.id
    assert {each.scope for each in play.recordings[-2].consents} == {"services", "sharing"}


def test_withdrawal_ends_what_was_agreed_to_and_leaves_it_on_record() -> None:
    """With who took it back and when; the other scope holds."""
    play = opened().assessed().later(days=1)
    play.do(c.WithdrawConsent, scope="sharing", by="caregiver")

    by_scope = {kept.scope.value: kept for kept in entries(play)}

    assert by_scope["services"].holds
    assert (by_scope["sharing"].ended_at, by_scope["sharing"].ended_by) == (play.now, "caregiver")


def test_a_new_consent_takes_the_place_of_the_earlier_one() -> None:
    """Both stay on record."""
    play = opened().assessed()
    play.do(c.AmendClient, consent={"given_by": "guardian", "services": True, "sharing": True})

    holding = [kept.given_by for kept in entries(play) if kept.holds]
    ended = [(kept.given_by, kept.ended_by) for kept in entries(play) if not kept.holds]

    assert holding == ["guardian"] * 2
    assert ended == [("caregiver", None)] * 2


def test_consent_is_withheld_from_one_agency_alone() -> None:
    """What it holds ends, others go on; consent to a referral of its own lets it in again."""
    play = opened().assessed()
    hospital, police = play.referred(), play.referred("unit-ppa-polres", "police")
    play.do(c.WithdrawConsent, scope="sharing", by="caregiver", agency_id="rsud-muaradua")

    assert play.referral(hospital).status is ReferralStatus.REVOKED
    assert play.referral(police).status is ReferralStatus.SENT
    with pytest.raises(ConsentMissingError):
        play.referred()
    play.referred(consent={"given_by": "caregiver"})
    play.referred()


@pytest.mark.parametrize("what", ["referral", "amendment"])
def test_no_consent_of_tomorrow(what: str) -> None:
    """As every other past fact."""
    play = opened().assessed()
    given = {"given_by": "caregiver", "given_at": play.now + timedelta(hours=1)}
    with pytest.raises(InvalidInputError):
        play.referred(consent=given) if what == "referral" else play.do(c.AmendClient, consent=given)


# ---- without it: two people


@pytest.mark.parametrize("end", ["completed", "declined", "revoked"])
@pytest.mark.parametrize("decision", ["confirm", "revoke"])
def test_an_emergency_that_ended_is_looked_at_all_the_same(end: str, decision: str) -> None:
    """Whoever ends it first, its sender even: the review stays due, and ends with the decision."""
    play = opened(consent=None).assessed()
    referral = play.referred(consent=OVERRIDE, urgency="emergency")
    finish(play, referral, end)
    assert [d.referral_id for d in play.running("override_decision")] == [referral]
    with pytest.raises(ClosureBlockedError) as refused:
        play.do(c.RequestClosure, reason="client_request", client_informed=True)
    assert {"kind": "override_unreviewed", "referral_id": referral} in refused.value.extra["blockers"]
    with pytest.raises(ClosureBlockedError):
        play.do(c.MarkDuplicate, SUPERVISOR, of_case_id="case-2")

    play.do(c.DecideOverride, SUPERVISOR, subject_id=referral, decision=decision)

    assert play.running("override_decision") == []
    assert play.referral(referral).status.value == end
    assert play.referral(referral).override_confirmed is (decision == "confirm")
    with pytest.raises(AlreadyDecidedError):
        play.do(c.DecideOverride, HEAD, subject_id=referral, decision="confirm")
    play.do(c.RequestClosure, reason="client_request", client_informed=True)


def finish(play: Play, referral: str, end: str) -> None:
    """The referral ends this way."""
    if end == "revoked":
        play.do(c.RevokeReferral, subject_id=referral)
    elif end == "declined":
        play.do(c.AnswerReferral, HOSPITAL, subject_id=referral, answer="declined", reason="Penuh.")
    else:
        play.do(c.CompleteReferral, HOSPITAL, subject_id=referral, outcome="service_provided")


def test_a_review_that_finds_no_ground_closes_what_is_shown_after_the_result() -> None:
    """At once, and the agency is told."""
    play = opened(consent=None).assessed()
    referral = play.referred(consent=OVERRIDE, urgency="emergency")
    finish(play, referral, "completed")
    play.do(c.DecideOverride, SUPERVISOR, subject_id=referral, decision="revoke")

    assert play.referral(referral).disclosed_until is None
    assert ("disclosure_ended", "rsud-muaradua") in play.told


def test_one_that_never_went_out_needs_no_review() -> None:
    """Revoked while it waited: nobody saw it, and no clock is left."""
    play = opened(consent=None).assessed()
    referral = play.referred(consent=OVERRIDE)
    play.do(c.RevokeReferral, subject_id=referral)

    assert play.running("override_decision") == []
    with pytest.raises(AlreadyDecidedError):
        play.do(c.DecideOverride, SUPERVISOR, subject_id=referral, decision="confirm")


# ---- handing over


@pytest.mark.parametrize(
    ("kept", "said", "ok"),
    [
        (CONSENT, None, True),
        (CONSENT, False, False),
        ({**CONSENT, "sharing": False}, None, False),
        ({**CONSENT, "given_by": "none"}, None, False),
        (None, None, False),
        (None, True, True),
    ],
)
def test_a_case_is_offered_on_consent(kept: Any, said: bool | None, ok: bool) -> None:
    """Given to this transfer, or kept; never against what was said."""
    play = opened(consent=kept).assessed()
    body = {"to_agency_id": PROVINCE, "reason": "Pindah.", "consent": said}
    if ok:
        play.do(c.TransferCase, SUPERVISOR, **body)
    else:
        with pytest.raises(ConsentMissingError):
            play.do(c.TransferCase, SUPERVISOR, **body)


def test_a_case_is_offered_on_a_ground_that_another_person_looks_at() -> None:
    """With its reason; who offered it cannot record the acceptance too."""
    play = opened(consent=None).assessed()
    body = {"to_agency_id": ELSEWHERE, "override_ground": "best_interests"}
    with pytest.raises(ConsentMissingError):
        play.do(c.TransferCase, SUPERVISOR, **body)
    play.do(c.TransferCase, SUPERVISOR, **body, reason="Terancam di sini.")
    with pytest.raises(FourEyesError):
        play.do(c.DecideTransfer, SUPERVISOR, decision="accept", recorded_from=LETTER)
    play.do(c.DecideTransfer, HEAD, decision="accept", recorded_from=LETTER)
    assert play.state.transfer_ground is None


def test_an_office_with_accounts_answers_itself() -> None:
    """Its letter counts only where nobody of it can answer here."""
    play = opened().assessed()
    play.do(c.TransferCase, SUPERVISOR, to_agency_id=PROVINCE)
    answer = {"decision": "accept", "recorded_from": LETTER}
    with pytest.raises(ForbiddenError):
        play.do(c.DecideTransfer, SUPERVISOR, **answer, facts={"receiver_has_account": True})
    play.do(
        c.DecideTransfer, PROVINCIAL, decision="accept", facts={"receiver_has_account": True, "receiver_leads": True}
    )


# ---- over the API, where the desk looks the age up


@pytest.fixture
def app() -> Web:
    return web()


async def assessed(app: Web, **changes: Any) -> str:
    """A case that may be referred."""
    case_id: str = (await app.post("caseworker", "/cases", report(**changes))).json()["id"]
    await app.post("supervisor", f"/cases/{case_id}/assignment", {"caseworker_id": "caseworker"})
    await app.post("caseworker", f"/cases/{case_id}/assessment", {"risk": "high"})
    return case_id


SELF = {"given_by": "self", "services": True, "sharing": True}
ASKED = {"agency_id": "rsud-muaradua", "service": "health"}


@pytest.mark.parametrize(
    ("client", "status"),
    [
        ({"kind": "child", "birth_date": "2014-07-19"}, 409),
        ({"kind": "child", "age_years": 9}, 409),
        ({"kind": "child", "age_years": 16}, 201),
        ({"kind": "child"}, 201),
        ({"kind": "adult", "age_years": 30}, 201),
    ],
)
async def test_the_age_is_looked_up_where_it_is_sealed(app: Web, client: dict[str, Any], status: int) -> None:
    """The rule is told the years, never the birth date."""
    case_id = await assessed(app, client=client, consent=SELF)

    answer = await app.post("caseworker", f"/cases/{case_id}/referrals", ASKED)

    assert answer.status_code == status, answer.text
    assert status == 201 or answer.json()["code"] == "consent_missing"


async def test_an_amended_birth_date_counts(app: Web) -> None:
    """The last that was written."""
    case_id = await assessed(app, client={"kind": "child", "age_years": 9}, consent=SELF)
    changed = {"client": {"kind": "child", "birth_date": "2010-01-02"}}
    await app.post("caseworker", f"/cases/{case_id}/client", changed)

    answer = await app.post("caseworker", f"/cases/{case_id}/referrals", ASKED)

    assert answer.status_code == 201, answer.text


async def test_consents_are_listed_for_who_may_read_the_file(app: Web) -> None:
    """Those that were taken back too."""
    case_id = await assessed(app)
    path = f"/cases/{case_id}/consents"
    await app.post("caseworker", f"/cases/{case_id}/consent-withdrawal", {"scope": "sharing", "by": "caregiver"})

    items = (await app.get("caseworker", path)).json()["items"]

    assert [(each["scope"], each["given_by"], each["holds"], each["by"]) for each in items] == [
        ("services", "caregiver", True, "caseworker"),
        ("sharing", "caregiver", False, "caseworker"),
    ]
    assert items[1]["ended_by"] == "caregiver"
    for stranger, status in (("hospital", 404), ("caseworker2", 404), ("coordinator", 403)):
        assert (await app.get(stranger, path)).status_code == status
