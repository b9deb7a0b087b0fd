"""A one-time link in clicks: the mailbox is entered, the link sent and opened on a telephone, the referral answered."""

import pytest
from playwright.async_api import Browser
from sqlalchemy import select

from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.db.tables import links
from casework.models.people import Role
from tests.browsing import TELEPHONE, Person
from tests.stack import LEAD, Stack
from tests.test_pages import faults
from tests.test_walk import assessed, refer

AGENCY = "psikolog"


@pytest.fixture(scope="module")
async def referral_id(app: Stack, address: str) -> str:
    """A referral to an agency without accounts."""
    one = await assessed(app)
    receipt = await app.cases.refer(app.ask(app.caseworker, one), refer(AGENCY, "psychosocial"))
    return str(receipt.subject_id)


def way_in(app: Stack, referral_id: str) -> str:
    """What the mail leads to."""
    mine = select(links.c.id).where(links.c.referral_id == referral_id).order_by(links.c.id.desc()).limit(1)
    with reading(app.outside.engine, ENGINE) as connection:
        return f"/link/{app.outside.links.token(connection.scalars(mine).one())}"


async def check(person: Person) -> None:
    """Nothing that axe knows, and nothing that scrolls sideways."""
    wide = await person.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert (person.page.url, await faults(person), wide) == (person.page.url, [], False)


@pytest.mark.timeout(120)
async def test_an_agency_without_accounts_answers_on_a_telephone(
    app: Stack, address: str, chrome: Browser, referral_id: str
) -> None:
    """In two clicks and in either language; what it opened is closed behind it."""
    keeper = await Person.signed_in(chrome, address, "administrator", viewport=TELEPHONE)
    await keeper.clicks("nav a[href='/mailboxes']")
    await check(keeper)
    listed = keeper.page.locator(f"li:has(a[href='/mailboxes?agency_id={AGENCY}'])")
    assert "belum ada kotak surat" in await listed.inner_text()
    await keeper.fills(agency_id=AGENCY)
    await keeper.clicks("form[method=get] button")
    await keeper.fills(address="not a mailbox")
    await keeper.clicks("form[action='/mailboxes'] button")
    assert await keeper.page.locator(".summary").count() == 1
    await check(keeper)
    await keeper.fills(address="petugas@psikolog.example", safe="yes")
    await keeper.clicks("form[action='/mailboxes'] button")
    assert await keeper.page.locator(".done").count() == 1
    assert "petugas@psikolog.example sampai" in " ".join((await listed.inner_text()).split()).replace("· ", "")
    await check(keeper)
    supervisor = await Person.signed_in(chrome, address, "supervisor", viewport=TELEPHONE)
    await supervisor.opens(f"/referrals/{referral_id}")
    await supervisor.clicks("form[action$='/link'] button")
    assert await supervisor.page.locator(".done").count() == 1
    await check(supervisor)

    officer = await Person.arrived(chrome, address, viewport=TELEPHONE)
    await officer.opens(way_in(app, referral_id))
    await check(officer)
    await officer.clicks("button[name=language]")
    assert await officer.page.get_attribute("html", "lang") == "en"
    await check(officer)
    await officer.clicks("main button")
    for language in ("id", "en"):
        await officer.clicks("button[name=language]")
        assert await officer.page.get_attribute("html", "lang") == language
        await check(officer)
    for step in ("complete", "answer?answer=declined"):
        await officer.clicks(f"a[href='/link/do/{step}']")
        await check(officer)
        await officer.opens("/link")
    await officer.clicks("a[href='/link/do/answer?answer=accepted']")
    await officer.sends()
    assert officer.page.url.endswith("/link/done")
    await check(officer)
    await officer.page.go_back()
    assert await officer.page.locator("main form").count() == 0
    await officer.opens("/link")
    await check(officer)

    for person in (keeper, supervisor, officer):
        assert person.complaints == []
        await person.context.close()
    row = app.outside.reads.referral(app.supervisor, referral_id)
    assert row is not None
    assert row["status"] == "accepted"


async def test_only_who_keeps_mailboxes_finds_them(app: Stack, address: str, chrome: Browser) -> None:
    """Those of the office that leads here; those of another office keep none, and are led to none."""
    app.actor("administrator2", Role.ADMINISTRATOR, "uptd-ppa-oku-selatan")
    for username, kept in (("administrator2", 0), ("caseworker", 0)):
        person = await Person.signed_in(chrome, address, username)
        assert await person.page.locator("nav a[href='/mailboxes']").count() == kept
        answer = await person.page.goto("/mailboxes")
        assert answer is not None
        assert answer.status == 403
        await person.context.close()
    assert app.actors["administrator"].agency_id == LEAD
