"""One-time links: an agency without accounts answers one referral, by mail and without signing in."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from casework.assembly import Adapters
from casework.db.caller import ENGINE
from casework.db.links import SqlLinks
from casework.db.session import reading
from casework.db.tables import access_log, case_log, links, notices, throttles
from casework.models.people import Role
from casework.rules.links import LIVES, OPEN_FOR
from starter.workers import deliverer
from tests.some_notices import Mailbox, mail_server
from tests.stack import LEAD, Stack
from tests.test_walk import assessed, refer
from web.app import create_app
from web.pages.bound import COOKIE

AGENCY, BOX = "psikolog", "petugas@psikolog.example"
ADDRESS = re.compile(r"/link/[A-Za-z0-9_-]{43}")
TYPED = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
GONE = "Tautan ini tidak membuka apa pun"


@dataclass
class Office:
    """The application, the mail server that it sends by, and who asks."""

    app: Stack
    client: httpx.AsyncClient
    mail: Mailbox
    outside: Adapters
    cases: list[str] = field(default_factory=list)

    def headers(self, username: str = "supervisor") -> dict[str, str]:
        """How somebody signs in to the API."""
        token, _ = self.outside.accounts.issue_token(self.app.actors[username].account_id, 600)
        return {"Authorization": f"Bearer {token}"}

    def row(self, referral_id: str) -> Any:
        """A referral as it is kept."""
        return self.outside.reads.referral(self.app.supervisor, referral_id)

    async def referred(self) -> str:
        """A referral of a new case to the agency."""
        case_id = await assessed(self.app)
        self.cases.append(case_id)
        receipt = await self.app.cases.refer(self.app.ask(self.app.caseworker, case_id), refer(AGENCY, "psychosocial"))
        return str(receipt.subject_id)

    async def link(self, referral_id: str, key: str | None = None, username: str = "supervisor") -> httpx.Response:
        """One more link to a referral."""
        headers = {**self.headers(username), **({"Idempotency-Key": key} if key else {})}
        return await self.client.post(f"/api/v1/referrals/{referral_id}/link", headers=headers)

    def delivered(self) -> list[str]:
        """The addresses in the mails that come of what is queued now."""
        with reading(self.outside.engine, ENGINE) as connection:
            connection.execute(text("UPDATE notices SET state = 'outdated' WHERE kind <> 'referral_link'"))
        before = len(self.mail.mails)
        deliverer(self.outside, self.outside.notices).deliver_batch()
        bodies = [mail.get_payload(decode=True) for _, mail in self.mail.mails[before:]]
        return [found for body in bodies for found in ADDRESS.findall(bytes(body).decode())]

    async def sent(self, referral_id: str) -> str:
        """The address of a new link, as it comes by mail."""
        assert (await self.link(referral_id)).status_code == 201
        (address,) = self.delivered()
        return address

    async def opens(self, address: str) -> httpx.Response:
        """The button behind an address is pressed."""
        with reading(self.outside.engine, ENGINE) as connection:
            connection.execute(throttles.delete())
        return await self.client.post(address, headers=TYPED)

    async def entered(self, address: str) -> str:
        """The cookie that an opened link gives."""
        answer = await self.opens(address)
        assert (answer.status_code, answer.headers["location"]) == (303, "/link")
        return str(re.match(rf"{COOKIE}=([^;]+)", answer.headers["set-cookie"])[1])  # type: ignore[index]

    async def page(self, path: str, secret: str) -> httpx.Response:
        """A page for who came by a link."""
        return await self.client.get(path, headers={"cookie": f"{COOKIE}={secret}"})

    async def sends(self, path: str, secret: str, **fields: str) -> httpx.Response:
        """A form, as its page makes it."""
        form = (await self.page(path, secret)).text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
        own = {"cookie": f"{COOKIE}={secret}", **TYPED}
        return await self.client.post(path, content=urlencode({**hidden, **fields}), headers=own)


@pytest.fixture(scope="module")
def mail() -> Iterator[tuple[Mailbox, str]]:
    box = Mailbox()
    with mail_server(box) as server:
        yield box, server


@pytest.fixture(scope="module")
async def office(app: Stack, mail: tuple[Mailbox, str]) -> AsyncIterator[Office]:
    box, server = mail
    settings = app.settings.model_copy(update={"smtp_url": SecretStr(f"smtp://{server}")})
    app.actor("administrator", Role.ADMINISTRATOR, LEAD)
    app.actor("other supervisor", Role.SUPERVISOR, "uptd-ppa-oku-selatan")
    assert {app.supervisor.role, app.hospital.role} == {Role.SUPERVISOR, Role.AGENCY_OFFICER}
    transport = httpx.ASGITransport(create_app(app.site))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", trust_env=False) as client:
        one = Office(app, client, box, replace(app.outside, settings=settings))
        yield one


@pytest.fixture(scope="module")
async def referral_id(office: Office) -> str:
    """A referral to an agency whose mailbox is known."""
    where, entry = f"/api/v1/agencies/{AGENCY}/mailbox", {"address": BOX, "safe": True}
    made = await office.referred()
    assert (await office.link(made)).json()["code"] == "link_not_allowed"
    unsafe = await office.client.put(where, json={**entry, "safe": False}, headers=office.headers("administrator"))
    assert (unsafe.status_code, (await office.link(made)).json()["code"]) == (200, "link_not_allowed")
    refused = await office.client.put(where, json=entry, headers=office.headers("other supervisor"))
    assert refused.status_code == 403
    kept = await office.client.put(where, json=entry, headers=office.headers())
    assert kept.json()["usable_until"] is not None
    return made


async def test_a_link_is_mailed_to_the_agency_alone_and_kept_nowhere(office: Office, referral_id: str) -> None:
    """Once for a key, to the mailbox; neither database nor notice holds the address."""
    first = await office.link(referral_id, "k1")
    again = await office.link(referral_id, "k1")
    (address,) = office.delivered()

    assert first.json() == again.json()
    assert [to for to, _ in office.mail.mails] == [[BOX]]
    token = address.rpartition("/")[2]
    with reading(office.outside.engine, ENGINE) as connection:
        kept = [str(row) for table in (links, notices) for row in connection.execute(select(table))]
    assert kept
    assert [row for row in kept if token in row] == []
    assert token not in first.text


async def test_looking_at_an_address_uses_nothing_up(office: Office, referral_id: str) -> None:
    """A machine that follows addresses gets a button, whichever address it is; it is pressed once."""
    address = await office.sent(referral_id)
    looked = [(await office.client.get(where)).text for where in (address, address, "/link/" + "a" * 43)]
    spoken = await office.client.post(address, content="language=en", headers=TYPED)
    office.client.cookies.clear()
    opened, again = await office.opens(address), await office.opens(address)

    assert (len(set(looked)), "OKUS-" in looked[0], address in looked[0]) == (1, False, False)
    assert ('lang="en"' in spoken.text, address in spoken.text, spoken.status_code) == (True, False, 200)
    cookie = opened.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("__host-", "httponly", "secure", "samesite=strict", "path=/"))
    assert opened.headers["referrer-policy"] == "no-referrer"
    assert (again.status_code, GONE in again.text, "set-cookie" in again.headers) == (404, True, False)


async def test_whatever_is_wrong_with_a_link_the_answer_is_the_same(office: Office, referral_id: str) -> None:
    """Unknown, used, replaced, ended, over; another site's page opens nothing."""
    replaced, used = await office.sent(referral_id), await office.sent(referral_id)
    foreign = await office.client.post(used, headers={**TYPED, "sec-fetch-site": "cross-site"})
    secret = await office.entered(used)
    ended = await office.sent(referral_id)
    revoked = await office.client.delete(f"/api/v1/referrals/{referral_id}/link", headers=office.headers())
    answers = [await office.opens(each) for each in ("/link/" + "a" * 43, used, replaced, ended)]
    answers += [await office.page("/link", secret), await office.client.get("/link")]

    assert (foreign.status_code, revoked.status_code) == (403, 204)
    pages = {answer.text for answer in answers}
    assert ({answer.status_code for answer in answers}, len(pages)) == ({404}, 1)
    assert GONE in unescape(pages.pop())


async def test_a_link_and_what_it_opened_end_by_themselves(office: Office, referral_id: str) -> None:
    """Two days until it is opened, half an hour from then on."""
    token = (await office.sent(referral_id)).rpartition("/")[2]

    def at(later: timedelta) -> SqlLinks:
        return SqlLinks(office.outside.engine, office.outside.root, lambda: datetime.now(UTC) + later)

    assert at(LIVES).open(token) is None
    secret = at(LIVES - timedelta(minutes=1)).open(token)
    assert secret is not None
    assert at(LIVES + OPEN_FOR - timedelta(minutes=2)).of(secret) is not None
    assert at(LIVES + OPEN_FOR).of(secret) is None


async def test_too_many_tries_from_one_address_have_to_wait(office: Office, referral_id: str) -> None:
    """Of whatever links."""
    tries = [await office.client.post("/link/" + "b" * 43, headers=TYPED) for _ in range(11)]

    assert [answer.status_code for answer in tries[:10]] == [404] * 10
    assert tries[10].status_code == 429


async def test_the_agency_answers_in_two_clicks_and_the_log_says_by_what(office: Office, referral_id: str) -> None:
    """It sees what is disclosed, writes its answer once, and can do nothing more by that link."""
    secret = await office.entered(await office.sent(referral_id))
    shown = await office.page("/link", secret)
    declined = await office.sends("/link/do/answer?answer=declined", secret, answer="declined")
    form = "/link/do/answer?answer=accepted"
    own = {"cookie": f"{COOKIE}={secret}", **TYPED}
    stolen = await office.client.post(form, content="answer=accepted", headers=own)
    taken = await office.sends(form, secret, answer="accepted", reference="PKM-7")
    after = [await office.page(path, secret) for path in ("/link", form)]

    assert (shown.status_code, declined.status_code, stolen.status_code) == (200, 422, 404)
    assert 'href="/link/do/answer?answer=accepted"' in shown.text
    assert (taken.status_code, taken.headers["location"]) == (303, "/link/done")
    assert [answer.status_code for answer in after] == [404, 404]
    with reading(office.outside.engine, ENGINE) as connection:
        by = select(case_log.c.account_id, case_log.c.role, case_log.c.agency_id)
        rows = connection.execute(by.where(case_log.c.kind == "ReferralAccepted")).all()
        link_id = connection.scalar(select(links.c.id).order_by(links.c.id.desc()).limit(1))
        seen = select(access_log.c.thing, access_log.c.kind, access_log.c.ground, access_log.c.case_ids)
        sights = connection.execute(seen.where(access_log.c.account_id == f"link-{link_id}")).all()
    assert [tuple(row) for row in rows] == [(f"link-{link_id}", "agency_officer", AGENCY)]
    assert ("link", "shown", "referral", [office.cases[0]]) in map(tuple, sights)


async def test_an_accepted_referral_gets_its_result_by_a_link_of_its_own(office: Office, referral_id: str) -> None:
    """What was answered before the link was made does not end it; a form sent twice is taken once."""
    secret = await office.entered(await office.sent(referral_id))
    page = (await office.page("/link/do/complete", secret)).text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    own: dict[str, Any] = {"content": urlencode({**hidden, "outcome": "service_provided"})}
    own["headers"] = {"cookie": f"{COOKIE}={secret}", **TYPED}
    twice = [await office.client.post("/link/do/complete", **own) for _ in range(2)]

    assert [(each.status_code, each.headers.get("location")) for each in twice] == [(303, "/link/done")] * 2
    over = await office.link(referral_id)
    assert (over.status_code, over.json()["code"]) == (409, "already_decided")


async def test_a_link_shows_nothing_of_the_agencys_other_referrals(office: Office, referral_id: str) -> None:
    """Neither by an address nor by a field, on no page and by no command; and nothing of the case."""
    mine, other = await office.referred(), await office.referred()
    secret = await office.entered(await office.sent(mine))
    own = {"cookie": f"{COOKIE}={secret}", **TYPED}
    page = (await office.page(f"/link?referral_id={other}", secret)).text
    outside = (f"/referrals/{other}", f"/referrals/{mine}", "/referrals", f"/cases/{office.cases[-2]}", "/")
    led = [await office.client.get(path, headers=own) for path in outside]
    api = await office.client.get(f"/api/v1/referrals/{mine}", headers=own)
    form = f"/link/do/answer?answer=accepted&referral_id={other}"
    taken = await office.sends(form, secret, answer="accepted", subject_id=other, referral_id=other)

    number = {each: office.row(each)["case_number"] for each in (mine, other)}
    assert (number[mine] in page, number[other] in page, other in page) == (True, False, False)
    assert [each.headers.get("location") for each in led] == ["/sign-in"] * len(outside)
    assert (api.status_code, taken.status_code) == (401, 303)
    status = {each: office.row(each)["status"] for each in (mine, other)}
    assert status == {mine: "accepted", other: "sent"}


async def test_an_agency_that_signs_in_gets_no_link(office: Office, referral_id: str) -> None:
    """A link is less than a password; nor does anybody else make one."""
    case_id = await assessed(office.app)
    body = refer("rsud-muaradua", "health")
    made = await office.app.cases.refer(office.app.ask(office.app.caseworker, case_id), body)
    others = ("supervisor", "hospital", "other supervisor")
    answers = [await office.link(str(made.subject_id), username=each) for each in others]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [
        (409, "link_not_allowed"),
        (403, "forbidden"),
        (404, "not_found"),
    ]
