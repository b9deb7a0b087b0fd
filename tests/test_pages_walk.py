"""The walk of a case in clicks, by people of their own, on the real servers."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser

from tests.browsing import Person
from tests.stack import Stack

NOW = "%Y-%m-%dT%H:%M"
SERVICES = ("health", "psychosocial", "social_rehabilitation", "witness_protection")
ASKED = {"unit-ppa-polres": "police", "rsud-muaradua": "health", "pengadilan-negeri": "court"}
STEPS = [
    "CaseOpened",
    "CaseAssigned",
    "AssessmentRecorded",
    "PlanProposed",
    "PlanApproved",
    "NotificationMade",
    *("ReferralSent",) * 3,
    *("ReferralAccepted", "ReferralCompleted") * 2,
    "FollowUpRecorded",
    "ReferralAccepted",
    "ReferralCompleted",
    "ClosureRequested",
    "CaseClosed",
]


def before(hours: float) -> str:
    """So many hours ago, as a field for times takes it."""
    return (datetime.now(ZoneInfo("Asia/Jakarta")) - timedelta(hours=hours)).strftime(NOW)


async def opened(caseworker: Person) -> str:
    """A case, opened on one page."""
    await caseworker.opens("/cases/new")
    await caseworker.fills(
        channel="walk_in",
        reported_at=before(1),
        categories="sexual_violence",
        risk="high",
        narrative="Korban datang bersama bibinya.",
        client__kind="child",
        client__name="Melati",
        reporter__kind="family",
    )
    await caseworker.page.locator("main form > details > summary").click()
    await caseworker.fills(consent__given_by="caregiver", consent__services="yes", consent__sharing="yes")
    await caseworker.sends()
    found = re.search(r"/cases/([0-9a-f-]{36})\?done=open", caseworker.page.url)
    assert found, await caseworker.page.inner_text("main")
    return found[1]


async def answered_and_completed(officer: Person, number: str) -> None:
    """From the inbox, each in two clicks: accepted, then completed."""
    await officer.opens("/referrals")
    await officer.clicks(f"main a:text-is('{number}')")
    await officer.clicks("a[href*='answer=accepted']")
    await officer.sends()
    await officer.clicks("a[href$='/do/complete']")
    await officer.fills(outcome="service_provided")
    await officer.sends()


@pytest.mark.timeout(300)
async def test_a_case_is_carried_to_its_closure_in_clicks(app: Stack, address: str, chrome: Browser) -> None:
    """By a caseworker and a supervisor at once, and the officers of three agencies."""
    caseworker = await Person.signed_in(chrome, address, "caseworker")
    supervisor = await Person.signed_in(chrome, address, "supervisor")
    case_id = await opened(caseworker)
    number = await caseworker.page.inner_text("h1")

    await supervisor.does(case_id, "assign", caseworker_id=app.caseworker.account_id)
    await caseworker.does(case_id, "assess", risk="high", needs="health", narrative="Korban aman.")
    services = {f"services__{number}__service": service for number, service in enumerate(SERVICES)}
    await caseworker.opens(f"/cases/{case_id}/do/propose_plan")
    await caseworker.fills(goals__0="Aman")
    for name, service in services.items():
        await caseworker.fills(**{name: service})
        await caseworker.clicks("button[name=more][value=services]")
    await caseworker.sends()
    await supervisor.does(case_id, "decide_plan", decision="approve")
    assert await supervisor.page.locator(".done").count() == 1, await supervisor.is_told()

    await caseworker.does(case_id, "refer", agency_id="dinas-sosial", service="mediation")
    assert await caseworker.page.locator(".summary").count() == 1
    assert await caseworker.page.input_value("[name=agency_id]") == "dinas-sosial"
    police = {"kind": "police", "agency_id": "unit-ppa-polres", "explained_to_client": "yes"}
    await caseworker.does(case_id, "notify", **police)
    for agency_id, service in ASKED.items():
        await caseworker.does(case_id, "refer", agency_id=agency_id, service=service, disclose="identity")
    for username in ("police", "hospital"):
        await answered_and_completed(await Person.signed_in(chrome, address, username), number)
    await caseworker.does(case_id, "record_follow_up", at=before(0.1), reached="yes", note="Baik.")

    await caseworker.does(case_id, "request_closure", reason="goals_met", client_informed="yes")
    assert await caseworker.page.locator(".summary").count() == 1
    await answered_and_completed(await Person.signed_in(chrome, address, "court"), number)
    await caseworker.does(case_id, "request_closure", reason="goals_met", client_informed="yes")
    await supervisor.does(case_id, "decide_closure", decision="approve")

    assert [row["kind"] for row in app.log(case_id)] == STEPS
    assert await supervisor.page.locator("ol.path li[aria-current]").count() == 1
    assert caseworker.complaints == supervisor.complaints == []


async def test_what_was_typed_outlives_a_lost_connection_and_is_sent_once(address: str, chrome: Browser) -> None:
    """Sealed in the browser; there again when the page is, with the key of what was meant to be sent."""
    person = await Person.signed_in(chrome, address, "caseworker")
    page = person.page
    await person.opens("/cases/new")
    await page.locator("form[data-ready]").wait_for()
    await person.fills(channel="phone", categories="domestic_violence", client__kind="adult", reporter__kind="self")
    await person.fills(client__name="Kenari", narrative="Kenari menelepon.")
    key = await page.input_value("[name=key]")
    await person.context.set_offline(True)
    await page.locator("main form[data-draft] > .buttons button").click()
    await page.locator("#offline").wait_for()
    await page.wait_for_function("Number(document.querySelector('form[data-draft]').dataset.kept) >= 6")
    kept = await page.evaluate("JSON.stringify(localStorage)")
    assert "draft" in kept
    assert "Kenari" not in kept

    await person.context.set_offline(False)
    await person.opens("/cases/new")
    await page.locator("form[data-ready]").wait_for()
    assert await page.input_value("[name=narrative]") == "Kenari menelepon."
    assert await page.input_value("[name=key]") == key
    await person.sends()
    first = page.url
    assert "done=open" in first
    assert await page.evaluate("localStorage.length") == 0


async def test_a_draft_is_gone_with_its_session(address: str, chrome: Browser) -> None:
    """Wiped when signing out; and of no use to another session, were it still there."""
    person = await Person.signed_in(chrome, address, "caseworker")
    page = person.page
    kept = []
    for _ in range(2):
        await person.opens("/cases/new")
        await page.locator("form[data-ready]").wait_for()
        assert await page.input_value("[name=narrative]") == ""
        await person.fills(narrative="Kenari menelepon.")
        await page.locator("form[data-kept]").wait_for()
        kept.append(await page.evaluate("localStorage.getItem('draft')"))
        await person.clicks("form[action='/sign-out'] button")
        assert await page.evaluate("localStorage.length") == 0
        await page.evaluate("kept => localStorage.setItem('draft', kept)", kept[-1])
        await person.sign_in("caseworker")
