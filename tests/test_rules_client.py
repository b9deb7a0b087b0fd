"""What is known of the client, what the client agreed to, and further reports."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from casework import commands as c
from casework.errors import ConsentMissingError, InvalidInputError, NotFoundError
from casework.models.codes import ClientKind, ReferralStatus, Sex
from casework.models.parts import Client
from casework.models.state import ClientFacts
from tests.play import CASEWORKER, CONSENT, HOSPITAL, HOTLINE, POLICE, SUPERVISOR, actor, opened

WALK_IN = {"channel": "walk_in", "reporter": {"kind": "family"}}


# ---- amending


def test_a_correction_of_the_client_takes_the_place_of_the_whole() -> None:
    """No age band of the child stays with the adult."""
    play = opened()
    assert play.state.client.age_band == "10-17"

    play.do(c.AmendClient, client={"kind": "adult", "sex": "female"}, reason="Salah catat.")
    assert play.state.client == ClientFacts(kind=ClientKind.ADULT, sex=Sex.FEMALE)
    play.do(c.AmendClient, client={"kind": "adult", "age_years": 30}, facts={"age_band": "18-49"})
    assert play.state.client.age_band == "18-49"


def test_a_correction_names_something() -> None:
    """An empty one is no correction."""
    with pytest.raises(InvalidInputError):
        opened().do(c.AmendClient, reason="Tidak ada.")


def test_a_corrected_reporter_counts() -> None:
    """The police as reporter need no telling; an agency that reports is named."""
    play = opened(categories=["sexual_violence"])
    police = {"kind": "agency", "agency_id": "unit-ppa-polres"}
    play.do(c.AmendClient, reporter=police, facts={"reporter_kind": "police"})
    assert (play.state.reported_by_agency, play.state.reporter_agency_kind) == ("unit-ppa-polres", "police")
    play.do(c.AmendClient, reporter={"kind": "family"})
    assert (play.state.reported_by_agency, play.state.reporter_agency_kind) == (None, None)
    with pytest.raises(InvalidInputError):
        play.do(c.AmendClient, reporter={"kind": "agency"})


def test_consent_corrected_away_revokes_what_stood_on_it() -> None:
    """As its withdrawal does."""
    play = opened().assessed()
    referral = play.referred()
    play.do(c.AmendClient, consent={**CONSENT, "services": True})
    assert play.referral(referral).status is ReferralStatus.SENT
    play.do(c.AmendClient, consent={**CONSENT, "given_by": "none"})

    assert play.referral(referral).status is ReferralStatus.REVOKED
    assert ("referral_revoked", "rsud-muaradua") in play.told


# ---- withdrawing


def test_withdrawal_revokes_what_stood_on_consent_only() -> None:
    """A referral on a ground of its own goes on."""
    play = opened().assessed()
    override = {"given_by": "none", "override_ground": "vital_interests", "override_reason": "Terancam."}
    on_consent = play.referred()
    on_ground = play.referred(consent=override, urgency="emergency")
    play.do(c.WithdrawConsent, scope="sharing", by="caregiver")

    assert play.referral(on_consent).status is ReferralStatus.REVOKED
    assert play.referral(on_ground).status is ReferralStatus.SENT
    with pytest.raises(ConsentMissingError):
        play.referred()


def test_consent_to_one_referral_is_withdrawn_too() -> None:
    """Also where none was recorded at the opening."""
    play = opened(consent=None).assessed()
    with pytest.raises(ConsentMissingError):
        play.do(c.WithdrawConsent, scope="services")
    referral = play.referred(consent={"given_by": "self"})
    play.do(c.WithdrawConsent, scope="services", by="self")

    assert play.referral(referral).status is ReferralStatus.REVOKED


def test_who_withdraws_is_a_code() -> None:
    """A name there would travel in the clear."""
    with pytest.raises(ValidationError):
        c.WithdrawConsent.model_validate({"scope": "sharing", "by": "Ibu Siti"})


# ---- further reports


def test_reports_are_added_by_the_office_and_by_who_opened() -> None:
    """A hospital and a system add to what they opened; others find no such case."""
    reporter = {"kind": "agency", "agency_id": "rsud-muaradua"}
    by_hospital = opened(HOSPITAL, reporter=reporter)
    body = {**WALK_IN, "reported_at": by_hospital.now}
    by_hospital.do(c.AddReport, HOSPITAL, **body)
    by_hospital.do(c.AddReport, CASEWORKER, **body)
    for other in (POLICE, HOTLINE):
        with pytest.raises(NotFoundError):
            by_hospital.do(c.AddReport, other, **body)
    by_system = opened(HOTLINE)
    by_system.do(c.AddReport, HOTLINE, **body)
    with pytest.raises(NotFoundError):
        by_system.do(c.AddReport, actor("hotline2", HOTLINE.role, HOTLINE.agency_id), **body)


def test_an_agency_beside_another_reporter_did_not_report() -> None:
    """It neither sees the case, nor are the police taken for told."""
    play = opened(categories=["sexual_violence"], reporter={"kind": "family", "agency_id": "unit-ppa-polres"})

    assert play.state.reported_by_agency is None
    assert play.running("tpks_report_police")
    with pytest.raises(NotFoundError):
        play.do(c.AddReport, POLICE, **WALK_IN, reported_at=play.now)


def test_a_report_is_told_to_who_holds_the_case() -> None:
    """The caseworker."""
    play = opened().assessed()
    play.do(c.AddReport, SUPERVISOR, **WALK_IN, reported_at=play.now, new_incident=True)
    assert ("report_added", CASEWORKER.account_id) in play.told


def test_no_report_from_before_anybodys_time() -> None:
    """The first day there is cannot be counted from."""
    with pytest.raises(InvalidInputError):
        opened().do(c.AddReport, **WALK_IN, reported_at=datetime(1, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("letter", ["\x00", "\ud800"])
@pytest.mark.parametrize("field", ["name", "subdistrict", "village"])
def test_short_texts_hold_only_what_can_be_kept(field: str, letter: str) -> None:
    """PostgreSQL takes no NUL: the command would be tried for ever."""
    with pytest.raises(ValidationError):
        Client.model_validate({"kind": "child", field: f"Mua{letter}radua"})
