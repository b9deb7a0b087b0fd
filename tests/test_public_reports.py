"""Reports of the public: taken from anybody, read by one office, decided about once, and then kept nowhere twice."""

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from playwright.async_api import Browser
from sqlalchemy import select, text
from temporalio.testing import ActivityEnvironment

from activities.patrol import PatrolActivities
from casework.db.caller import ENGINE
from casework.db.public_ladder import SqlPublicLadder
from casework.db.session import reading
from casework.db.tables import access_log, notices, public_reports, throttles
from casework.ids import check_digit, new_id
from casework.models.people import Actor, Role
from casework.rules.throttle import ALL_PUBLIC, PUBLIC
from casework.vault.errors import KeyMissingError
from starter.settling import Settling
from starter.workers import ground
from tests.browsing import TELEPHONE, Person
from tests.real_site import RealSite
from tests.stack import Stack
from tests.test_pages import faults
from web.sessions import COOKIE, csrf_of

OTHER = "uptd-ppa-oku-selatan"
STORY = "Anak tetangga sering menangis malam-malam"
FILLED = {
    "what": "hurt",
    "story": STORY,
    "who": "Kenanga",
    "age": "child",
    "area": "Simpang",
    "teller": "community",
    "contact": "0812-0000-1111",
}
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
NUMBER = re.compile(r'<p class="number">(\d{4}-\d{4})</p>')
TYPED = {"content-type": "application/x-www-form-urlencoded"}


@dataclass
class Office:
    """The application, and who asks it."""

    app: Stack
    site: RealSite

    @property
    def client(self) -> httpx.AsyncClient:
        """For who has no account."""
        return self.site.client

    async def form(self, query: str = "") -> dict[str, str]:
        """What a form that was opened sends by itself."""
        return dict(HIDDEN.findall((await self.client.get(f"/report{query}")).text))

    async def sends(self, form: dict[str, str], host: str = "203.0.113.7", **fields: str) -> httpx.Response:
        """A form, sent from an address."""
        transport = httpx.ASGITransport(self.site.app, client=(host, 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://test", trust_env=False) as client:
            return await client.post("/report", content=urlencode({**form, **fields}), headers=TYPED)

    async def reported(self, **fields: str) -> Any:
        """A report that was taken: its row."""
        answer = await self.sends(await self.form(), **{**FILLED, **fields})
        assert answer.status_code == 200, answer.text
        return self.row(NUMBER.findall(answer.text)[0])

    def row(self, number: str) -> Any:
        """What is kept of a report."""
        with reading(self.app.outside.engine, ENGINE) as connection:
            return connection.execute(select(public_reports).where(public_reports.c.number == number)).one()

    def rows(self) -> int:
        """How many there are."""
        with reading(self.app.outside.engine, ENGINE) as connection:
            return len(connection.execute(select(public_reports.c.id)).all())

    async def visits(self, actor: Actor, method: str, path: str, **fields: str) -> httpx.Response:
        """A page, or a form of it, by somebody of an office."""
        account = self.app.outside.accounts.get(actor.account_id)
        assert account is not None
        session = self.app.site.signin.sessions.begin(account, None)
        sent: Any = {"data": {"csrf": csrf_of(session), **fields}} if method == "POST" else {}
        return await self.client.request(method, path, headers={"Cookie": f"{COOKIE}={session.secret}"}, **sent)


@pytest.fixture(scope="module")
async def office(app: Stack) -> Office:
    assert {app.caseworker.role, app.supervisor.role, app.head.role} == {Role.CASEWORKER, Role.SUPERVISOR, Role.HEAD}
    return Office(app, RealSite(app))


@pytest.fixture(autouse=True)
def nobody_waits(office: Office) -> None:
    """Each test begins with nothing counted."""
    with reading(office.app.outside.engine, ENGINE) as connection:
        connection.execute(throttles.delete())


def opening(**changes: Any) -> dict[str, Any]:
    """What somebody of the office fills in."""
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    people = {"reporter": {"kind": "anonymous"}, "client": {"kind": "child", "name": "Kenanga"}}
    return {"channel": "community", "reported_at": at, "categories": ["child_violence"], **people, **changes}


# ---- taking


async def test_the_form_is_small_and_asks_nothing_of_the_browser(office: Office) -> None:
    """No cookie, nothing from elsewhere, all of it within fifteen thousand bytes, in both languages."""
    for query, language in (("", "id"), ("?language=en", "en")):
        page = await office.client.get(f"/report{query}", headers={"Cookie": "language=en"})
        loaded = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
        files = [await office.client.get(each) for each in loaded]
        assert f'<html lang="{language}">' in page.text
        assert sum(len(each.content) for each in (page, *files)) < 15_000
        assert all("set-cookie" not in each.headers for each in (page, *files))
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.text.index("tel:110") < page.text.index("<form")
        elsewhere = re.findall(r'(?:href|src|action)="(https?://[^"]+)"', page.text)
        assert elsewhere == [office.app.office.public_form.leave]


async def test_a_report_is_sealed_and_its_receipt_opens_nothing(office: Office) -> None:
    answer = await office.sends(await office.form("?language=en&at=nowhere"), **FILLED)
    number = NUMBER.findall(answer.text)[0]
    row = office.row(number)

    assert check_digit(number.replace("-", "")[:7]) == number[-1]
    assert (row.agency_id, row.area, row.place, row.outcome, row.language) == (
        "dinas-pppappkb",
        "Simpang",
        None,
        None,
        "en",
    )
    assert row.due_at - row.taken_at == timedelta(hours=24)
    assert all(word not in str(row) for word in ("Kenanga", STORY, "0812"))
    assert "set-cookie" not in answer.headers
    assert "Kenanga" not in answer.text
    for path in (
        f"/report/{number}",
        f"/report?number={number}",
        f"/public-reports/{number}",
        f"/public-reports/{row.id}",
    ):
        assert "Kenanga" not in (await office.client.get(path)).text


async def test_a_form_that_is_sent_again_is_taken_once(office: Office) -> None:
    """Also twenty times at once; what was changed in it is not lost."""
    form, before = await office.form(), office.rows()
    answers = await asyncio.gather(*(office.sends(form, **FILLED) for _ in range(8)))
    changed = await office.sends(form, **{**FILLED, "story": "Dan ada lagi."})

    assert len({NUMBER.findall(each.text)[0] for each in answers}) == 1
    assert NUMBER.findall(changed.text) != NUMBER.findall(answers[0].text)
    assert office.rows() == before + 2


async def test_what_does_not_say_what_happened_is_shown_again_as_it_was_typed(office: Office) -> None:
    """Nothing is kept of it, and the numbers to call stand above."""
    before = office.rows()
    form = await office.form()
    for fields in ({"who": "Kenanga"}, {**FILLED, "story": "x" * 5_001}, {**FILLED, "form": "x"}):
        answer = await office.sends({**form, **fields})
        assert answer.status_code == 422
        assert 'value="Kenanga"' in answer.text
        assert "tel:129" in answer.text
    assert (await office.sends({}, what="hurt", age="?", area="Di mana saja")).status_code == 422
    assert office.rows() == before


async def test_what_is_no_choice_of_ours_turns_nobody_away(office: Office) -> None:
    row = await office.reported(age="?", teller="polisi", area="Di mana saja", sex="", what="x")

    assert (row.area, row.agency_id) == (None, "dinas-pppappkb")


async def test_another_site_sends_nothing_and_an_old_telephone_is_heard(office: Office) -> None:
    """A browser says where a form comes from; one that does not, or says `null`, is no other site."""
    for told, status, more in (({"sec-fetch-site": "cross-site"}, 403, 0), ({"origin": "null"}, 200, 1)):
        before, content = office.rows(), urlencode({**await office.form(), **FILLED})
        answer = await office.client.post("/report", content=content, headers={**TYPED, **told})
        assert (answer.status_code, office.rows()) == (status, before + more)


async def test_a_flood_ends_with_429_and_takes_nothing_from_others(office: Office) -> None:
    """What was typed is shown again; of the address nothing is kept that could be read."""
    sent = [await office.sends(await office.form(), **FILLED, name=str(n)) for n in range(PUBLIC.free + 3)]
    elsewhere = await office.sends(await office.form(), host="198.51.100.4", **FILLED)
    with reading(office.app.outside.engine, ENGINE) as connection:
        keys = list(connection.scalars(select(throttles.c.key)))

    assert [each.status_code for each in sent] == [200] * (PUBLIC.free + 1) + [429, 429]
    assert int(sent[-1].headers["retry-after"]) <= 60
    assert STORY in sent[-1].text
    assert "tel:110" in sent[-1].text
    assert elsewhere.status_code == 200
    assert keys
    assert all(re.fullmatch("[0-9a-f]{64}", key) for key in keys)


async def test_all_of_them_together_have_a_limit_too(office: Office) -> None:
    """From wherever they come; it is over in seconds."""
    throttle = office.app.site.signin.throttle
    taken = 0
    for n in range(ALL_PUBLIC.free + 1):
        throttle.public(f"192.0.2.{n}")
        taken += 1
    answer = await office.sends(await office.form(), **FILLED)

    assert (taken, answer.status_code) == (ALL_PUBLIC.free + 1, 429)
    assert int(answer.headers["retry-after"]) <= 2


# ---- reading


async def test_the_office_reads_it_and_the_log_says_so(office: Office) -> None:
    """Nobody else does; a list says nothing of what is in it."""
    row, app, site = await office.reported(), office.app, office.site
    listed = await site.ask(app.caseworker, "GET", "/public-reports")
    shown = await site.ask(app.caseworker, "GET", f"/public-reports/{row.id}")

    assert row.id in listed.text
    assert "Kenanga" not in listed.text
    assert shown.json()["entry"]["story"] == STORY
    assert shown.json()["categories"] == ["child_violence"]
    with reading(app.outside.engine, ENGINE) as connection:
        mine = access_log.c.subject_id == row.id
        sight = connection.execute(select(access_log).where(mine)).mappings().one()
    assert (sight["thing"], sight["kind"], sight["case_ids"], sight["ground"]) == (
        "public_report",
        "shown",
        [],
        "own_office",
    )
    elsewhere = app.actor("elsewhere", Role.SUPERVISOR, OTHER)
    for actor, status in ((elsewhere, 404), (app.hospital, 403), (app.actor("auditor", Role.AUDITOR), 403)):
        assert (await site.ask(actor, "GET", f"/public-reports/{row.id}")).status_code == status


async def test_the_list_goes_from_page_to_page(office: Office) -> None:
    """What waits by how long it has, what is decided newest first."""
    for _ in range(2):
        row = await office.reported()
        await office.site.post(office.app.head, f"/public-reports/{row.id}/closing", reason="Sudah diperiksa.")
    for waiting in ("true", "false"):
        found: list[Any] = []
        cursor = ""
        while True:
            path = f"/public-reports?waiting={waiting}&limit=2{cursor}"
            page = (await office.site.ask(office.app.head, "GET", path)).json()
            found += page["items"]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        times = [each["taken_at"] for each in found]
        assert times == sorted(times, reverse=waiting == "false")
        assert len({each["id"] for each in found}) == len(found) > 1


# ---- the three ways


def opens(office: Office, row: Any) -> bool:
    """Whether what a report says can still be read."""
    try:
        office.app.outside.vault.open(row.id, row.id, row.sealed)
    except KeyMissingError:
        return False
    return True


async def test_a_case_is_opened_of_it_and_holds_its_words(office: Office) -> None:
    """As of the time that it came; its own key is gone, and a repeat gets the first answer."""
    row, app, site = await office.reported(), office.app, office.site
    key, body = {"Idempotency-Key": new_id()}, opening(narrative="Dihubungi.")
    path = f"/public-reports/{row.id}/opening"
    first = await site.ask(app.caseworker, "POST", path, json=body, headers=key)
    again = await site.ask(app.caseworker, "POST", path, json=body, headers=key)
    other = await site.ask(app.caseworker, "POST", path, json={**body, "narrative": "Lain."}, headers=key)

    assert (first.status_code, again.json(), other.json()["code"]) == (201, first.json(), "idempotency_key_reused")
    case_id = first.json()["case_id"]
    intake = (await site.ask(app.caseworker, "GET", f"/cases/{case_id}/intake")).json()["items"][0]
    assert intake["channel"] == "community"
    assert datetime.fromisoformat(intake["reported_at"]) == row.taken_at
    assert intake["narrative"].startswith(f"Dihubungi.\n\n[{row.number}]")
    assert STORY in intake["narrative"]
    assert not opens(office, row)
    assert office.row(row.number).sealed is None
    assert (await site.ask(app.caseworker, "GET", f"/public-reports/{row.id}")).json()["entry"] is None


async def test_a_report_is_added_to_a_case(office: Office) -> None:
    """One that the office sees, by its number; the case then has its words."""
    row, app, site = await office.reported(), office.app, office.site
    case = (await site.ask(app.caseworker, "POST", "/cases", json=opening())).json()
    path = f"/public-reports/{row.id}/addition"
    unknown = await site.post(app.caseworker, path, number="OKUS-2020-00001-1")
    added = await site.post(app.caseworker, path, number=case["number"], new_incident=True)

    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_case")
    assert (added.status_code, added.json()["outcome"], added.json()["entry"]) == (200, "added", None)
    reports = (await site.ask(app.caseworker, "GET", f"/cases/{case['id']}/reports")).json()["items"]
    assert [STORY in each["narrative"] for each in reports] == [True]
    assert reports[0]["reporter"]["phone"] == "0812-0000-1111"
    assert not opens(office, row)


async def test_what_a_case_refuses_is_not_decided(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits as before, and may be decided otherwise."""
    row, app, site = await office.reported(), office.app, office.site
    case = (await site.ask(app.caseworker, "POST", "/cases", json=opening())).json()
    for step, by, body in (
        ("closure", app.caseworker, {"reason": "client_request", "client_informed": True}),
        ("closure/decision", app.supervisor, {"decision": "approve"}),
    ):
        assert (await site.ask(by, "POST", f"/cases/{case['id']}/{step}", json=body)).status_code == 200
    monkeypatch.setattr("starter.public_reports.refusal", lambda *_: None)  # as if it was closed just now

    refused = await site.post(app.caseworker, f"/public-reports/{row.id}/addition", number=case["number"])

    assert (refused.status_code, refused.json()["code"]) == (409, "not_allowed_in_stage")
    assert office.row(row.number).outcome is None
    assert opens(office, row)


async def test_what_is_not_confirmed_is_kept_for_a_while_and_then_gone(office: Office) -> None:
    row, app = await office.reported(), office.app
    closed = await office.site.post(app.supervisor, f"/public-reports/{row.id}/closing", reason="Tidak ada anak itu.")

    assert (closed.json()["outcome"], closed.json()["reason"]) == ("not_confirmed", "Tidak ada anak itu.")
    assert "Tidak ada" not in str(office.row(row.number))
    days = timedelta(days=app.office.public_form.kept_days)
    for later, left in ((days - timedelta(hours=1), True), (days + timedelta(hours=1), False)):
        then = datetime.now(UTC) + later
        own = replace(app.office, now=lambda then=then: then)  # type: ignore[misc]
        await Settling(replace(app.desk, office=own), app.cases).settle()
        assert opens(office, row) is left
        assert (office.row(row.number).sealed is not None) is left
    gone = (await office.site.ask(app.supervisor, "GET", f"/public-reports/{row.id}")).json()
    assert (gone["outcome"], gone["entry"], gone["reason"]) == ("not_confirmed", None, None)


async def test_of_many_who_decide_at_once_one_does(office: Office) -> None:
    """The others are told; there is one case at most, and no number is left that leads nowhere."""
    row, app, site = await office.reported(), office.app, office.site
    case = (await site.ask(app.caseworker, "POST", "/cases", json=opening())).json()
    one = f"/public-reports/{row.id}"
    asked = [
        site.ask(app.caseworker, "POST", f"{one}/opening", json=opening()),
        site.ask(app.supervisor, "POST", f"{one}/opening", json=opening()),
        site.post(app.head, f"{one}/closing", reason="Tidak benar."),
        site.post(app.supervisor, f"{one}/addition", number=case["number"]),
    ]
    answers = await asyncio.gather(*asked)

    assert sorted(each.status_code < 300 for each in answers) == [False, False, False, True]
    assert {each.json()["code"] for each in answers if each.status_code > 300} == {"already_decided"}
    row = office.row(row.number)
    with reading(app.outside.engine, ENGINE) as connection:
        waiting = connection.execute(text("SELECT case_id FROM reservations WHERE NOT started")).all()
    assert waiting == []
    assert (row.case_id is not None) is (row.outcome != "not_confirmed")


async def test_while_the_engine_is_away_all_of_it_goes_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decision is kept; what follows from it is done once, when the engine is back and whoever does it."""
    app, site = office.app, office.site
    case = (await site.ask(app.caseworker, "POST", "/cases", json=opening())).json()

    async def nowhere(*_: Any, **__: Any) -> None:
        raise RuntimeError("cannot connect")

    with monkeypatch.context() as away:
        away.setattr("temporalio.client.Client.execute_update_with_start_workflow", nowhere)
        away.setattr("temporalio.client.WorkflowHandle.execute_update", nowhere)
        opened, added = await office.reported(), await office.reported()
        first = await site.ask(app.caseworker, "POST", f"/public-reports/{opened.id}/opening", json=opening())
        second = await site.post(app.caseworker, f"/public-reports/{added.id}/addition", number=case["number"])
        assert (first.status_code, second.status_code) == (201, 200)
        assert second.json()["entry"]["story"] == STORY
        assert added.id in (await site.ask(app.caseworker, "GET", "/public-reports?limit=200")).text
        await Settling(app.desk, app.cases).settle()
        assert opens(office, opened)
        assert opens(office, added)

    assert await app.cases.start_queued() == 1
    settled = await asyncio.gather(*(Settling(app.desk, app.cases).settle() for _ in range(2)))
    assert sum(settled) >= 2
    assert not opens(office, opened)
    assert not opens(office, added)
    reports = (await site.ask(app.caseworker, "GET", f"/cases/{case['id']}/reports")).json()["items"]
    assert len(reports) == 1
    case_id = office.row(opened.number).case_id
    assert (await site.ask(app.supervisor, "GET", f"/cases/{case_id}")).status_code == 200


# ---- telling


def told_of(office: Office, row: Any) -> list[tuple[str, str]]:
    """Who was told of a report, and with which kind of notice."""
    with reading(office.app.outside.engine, ENGINE) as connection:
        found = select(notices.c.recipient, notices.c.kind).where(notices.c.about_id == row.id)
        return sorted((each.recipient["role"], each.kind) for each in connection.execute(found))


async def test_who_decides_is_told_by_and_by_until_somebody_has_decided(office: Office) -> None:
    """Each rung once, late rather than never, whoever looks how often; nobody is told of what is decided."""
    row, closed = await office.reported(), await office.reported()
    await office.site.post(office.app.head, f"/public-reports/{closed.id}/closing", reason="Salah alamat.")
    ladder = SqlPublicLadder(office.app.outside.engine, office.app.office.public_form.ladder)
    first = [("caseworker", "public_report"), ("supervisor", "public_report")]
    for hours, told in (
        (0, first),
        (17.9, first),
        (18, sorted(first * 2)),
        (96, sorted([*first * 2, *[(who, "public_report_late") for who in ("supervisor", "head") * 2]])),
        (960, None),
    ):
        then = row.taken_at + timedelta(hours=hours)
        while ladder.tell(then, 100):
            pass
        assert told is None or told_of(office, row) == told, hours
    assert office.row(row.number).next_at is None
    assert ladder.tell(row.taken_at + timedelta(hours=960), 100) == 0
    assert told_of(office, closed) == []


async def test_two_watches_tell_once(office: Office) -> None:
    row = await office.reported()
    ladder = SqlPublicLadder(office.app.outside.engine, office.app.office.public_form.ladder)
    then = row.taken_at + timedelta(hours=100)

    await asyncio.gather(*(asyncio.to_thread(ladder.tell, then, 100) for _ in range(4)))

    assert len(told_of(office, row)) == 8


async def test_what_waits_stands_where_people_look(office: Office) -> None:
    """On my work and on the board, and what is late in the digest of the office."""
    await office.reported()
    app = office.app
    for actor, page in ((app.caseworker, "/"), (app.supervisor, "/stalled")):
        assert "menunggu keputusan" in (await office.visits(actor, "GET", page)).text
    later = datetime.now(UTC) + timedelta(hours=25)
    waiting, late = app.outside.public_reports.counts(app.supervisor, later)
    patrol = PatrolActivities(replace(ground(app.client, app.outside, app.office), now=lambda: later))
    await ActivityEnvironment().run(patrol.report, 0)
    with reading(app.outside.engine, ENGINE) as connection:
        found = select(notices.c.waiting).where(notices.c.kind == "digest")
        digest = connection.execute(found).scalar_one()

    assert (waiting, late > 0) == (late, True)
    assert digest >= late


# ---- pages


async def test_who_is_excluded_from_the_case_does_not_see_the_report(office: Office) -> None:
    row, app, site = await office.reported(), office.app, office.site
    made = await site.ask(app.caseworker, "POST", f"/public-reports/{row.id}/opening", json=opening())
    body = {"account_id": app.caseworker.account_id, "ground": "own_interest"}
    where = f"/cases/{made.json()['case_id']}/exclusions"
    assert (await site.ask(app.head, "POST", where, json=body)).status_code == 201

    assert (await site.ask(app.caseworker, "GET", f"/public-reports/{row.id}")).status_code == 404
    assert row.id not in (await site.ask(app.caseworker, "GET", "/public-reports?waiting=false&limit=200")).text
    assert (await site.ask(app.supervisor, "GET", f"/public-reports/{row.id}")).status_code == 200


async def test_the_pages_lead_from_the_list_to_each_end(office: Office) -> None:
    """The form of the case begins with what was reported, and asks for what was not."""
    app = office.app
    case = (await office.site.ask(app.caseworker, "POST", "/cases", json=opening())).json()
    for way, fields in (
        ("addition", {"number": case["number"].lower()}),
        ("closing", {"reason": "Salah alamat."}),
        ("opening", None),
    ):
        row = await office.reported()
        at = f"/public-reports/{row.id}"
        assert at in (await office.visits(app.caseworker, "GET", "/public-reports")).text
        page = (await office.visits(app.caseworker, "GET", at)).text
        assert STORY in page
        if fields is None:
            page = (await office.visits(app.caseworker, "GET", f"{at}/opening")).text
            assert re.search(r'value="child_violence" checked', page)
            assert 'value="Kenanga"' in page
            fields = prefilled(page)
        done = await office.visits(app.caseworker, "POST", f"{at}/{way}", **fields)
        assert (done.status_code, done.headers.get("location")) == (303, f"{at}?done={way}"), done.text
        again = await office.visits(app.supervisor, "POST", f"{at}/{way}", **fields)
        assert again.status_code == 409
        assert (await office.visits(app.caseworker, "GET", f"{at}?done={way}")).status_code == 200
    empty = await office.visits(app.caseworker, "POST", f"/public-reports/{(await office.reported()).id}/closing")
    assert empty.status_code == 422


async def test_the_office_saves_its_poster(office: Office) -> None:
    """In the language that is asked for; a place that is none of the office's is left out."""
    for language, name in (("id", "laporkan-id.pdf"), ("en", "laporkan-en.pdf"), ("xx", "laporkan-id.pdf")):
        path = f"/public-reports/poster?language={language}&at=nowhere"
        saved = await office.visits(office.app.caseworker, "GET", path)
        assert saved.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert saved.content.startswith(b"%PDF")
        assert saved.headers["content-type"] == "application/pdf"


def prefilled(page: str) -> dict[str, str]:
    """What a browser would send of the form of a case, as far as it is needed here."""
    at = re.findall(r'value="([0-9T:-]{16})"', page)[0]
    codes = {"channel": "community", "categories": "child_violence", "risk": "unassessed"}
    return {**codes, "reported_at": at, "reporter.kind": "community", "client.kind": "child", "client.sex": "unknown"}


@pytest.mark.timeout(120)
async def test_somebody_reports_on_a_telephone_without_scripts(office: Office, address: str, chrome: Browser) -> None:
    """Every page is free of what axe knows and fits; the way out is a link, and with scripts it leaves no way back."""
    for scripts in (False, True):
        person = await Person.arrived(chrome, address, viewport=TELEPHONE, java_script_enabled=scripts)
        await person.opens("/report?language=en" if scripts else "/report")
        if scripts:
            assert await faults(person) == []
            assert not await person.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert await person.page.get_attribute("a.leave", "href") == office.app.office.public_form.leave
        await person.page.check("input[value=hurt]")
        await person.page.fill("#story", STORY)
        await person.page.click("main button")
        assert re.fullmatch(r"\d{4}-\d{4}", await person.page.inner_text(".number"))
        if scripts:
            assert await faults(person) == []
        assert await person.context.cookies() == []
        await person.context.close()
    worker = await Person.signed_in(chrome, address, "caseworker", viewport=TELEPHONE)
    await worker.opens("/public-reports")
    for step in ("main ul.plain a", "main a[href$='/opening']"):
        assert await faults(worker) == []
        assert not await worker.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        await worker.clicks(step)
    assert await faults(worker) == []
    await worker.context.close()
