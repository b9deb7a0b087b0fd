"""What receivers and systems read of a case is bounded by what was sent to them, and ends with consent."""

from typing import Any

import pytest

from tests.api_fakes import Web, report, web
from tests.test_api_writes import opened, referred


@pytest.fixture
def app() -> Web:
    return web()


async def completed(app: Web, **changes: Any) -> dict[str, Any]:
    """A referral to the hospital with its result."""
    referral = await referred(app, **changes)
    path = f"/referrals/{referral['id']}/result"
    assert (await app.post("hospital", path, {"outcome": "service_provided"})).status_code == 200
    return referral


async def test_an_agency_reads_the_clocks_and_rows_of_its_own_referrals(app: Web) -> None:
    """Nothing of another agency's referral, of the category, or of what the office did."""
    mine = await referred(app)
    case_id = mine["case_id"]
    body = {"agency_id": "unit-ppa-polres", "service": "police", "urgency": "emergency"}
    theirs = (await app.post("caseworker", f"/cases/{case_id}/referrals", body)).json()

    outlook = (await app.get("hospital", f"/cases/{case_id}/outlook")).json()
    log = (await app.get("hospital", f"/cases/{case_id}/log")).json()["items"]

    assert {waiting["referral_id"] for waiting in outlook["waiting_on"]} == {mine["id"]}
    assert [row["kind"] for row in log] == ["ReferralSent"]
    assert theirs["id"] not in str(outlook) + str(log)
    whole = (await app.get("supervisor", f"/cases/{case_id}/log")).json()["items"]
    assert len(whole) > len(log)


async def test_a_system_reads_its_own_report_in_the_log_and_no_clock(app: Web) -> None:
    """Number and stage, no content."""
    case_id = (await app.post("hotline", "/cases", report())).json()["id"]

    outlook = (await app.get("hotline", f"/cases/{case_id}/outlook")).json()
    log = (await app.get("hotline", f"/cases/{case_id}/log")).json()["items"]

    assert outlook["waiting_on"] == []
    assert [row["kind"] for row in log] == ["CaseOpened"]


async def test_a_completed_referral_shows_what_was_known_then(app: Web) -> None:
    """An address that is new since then is not told."""
    referral = await completed(app, disclose=["identity", "contact"])
    changed = {"client": {**report()["client"], "address": "Alamat baru"}, "reason": "Pindah."}
    amended = await app.post("caseworker", f"/cases/{referral['case_id']}/client", changed)

    answer = await app.get("hospital", f"/referrals/{referral['id']}")

    assert amended.status_code == 200, amended.text
    assert answer.json()["disclosed"]["identity"]["name"] == "Siti Kenari"
    assert "Alamat baru" not in answer.text


async def test_a_completed_referral_shows_nothing_once_consent_is_gone(app: Web) -> None:
    """Withdrawn consent closes what stood on it."""
    referral = await completed(app)
    path = f"/cases/{referral['case_id']}/consent-withdrawal"
    withdrawn = await app.post("caseworker", path, {"scope": "sharing"})

    answer = await app.get("hospital", f"/referrals/{referral['id']}")

    assert withdrawn.status_code == 200, withdrawn.text
    assert answer.json()["disclosed"] == {}


async def test_the_coordinator_reads_clocks_without_categories(app: Web) -> None:
    """What is stuck and since when; not what the case is about."""
    case_id = await opened(app)

    outlook = (await app.get("coordinator", f"/cases/{case_id}/outlook")).json()

    assert outlook["waiting_on"]
    assert {waiting["category"] for waiting in outlook["waiting_on"]} == {None}
