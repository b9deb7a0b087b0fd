"""Pages as they answer, asked without a browser: what a page says, to whom, and by how many statements."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlencode

import httpx
import pytest

from casework import commands as c
from casework.models.people import Role
from casework.signin.ports import Session
from starter.cli.demonstration import accounts_of
from tests.stack import LEAD, Stack
from tests.test_walk import assessed
from web.app import create_app
from web.sessions import COOKIE, csrf_of

TYPED = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Reader:
    """Somebody who has signed in, and asks for pages."""

    client: httpx.AsyncClient
    session: Session

    async def opens(self, path: str) -> httpx.Response:
        """A page."""
        return await self.client.get(path, headers=self._cookie)

    async def sends(self, path: str, fields: Mapping[str, str], token: str | None = None) -> httpx.Response:
        """A form, with the token of the session or another one."""
        form = {"csrf": csrf_of(self.session) if token is None else token, **fields}
        return await self.client.post(path, content=urlencode(form), headers={**self._cookie, **TYPED})

    @property
    def _cookie(self) -> dict[str, str]:
        return {"cookie": f"{COOKIE}={self.session.secret}", "accept-language": "id"}


@dataclass(frozen=True)
class Pages:
    """The application in this process, with everybody of the demonstration."""

    app: Stack
    client: httpx.AsyncClient

    def reader(self, username: str) -> Reader:
        """One of them, with a session of their own."""
        account = self.app.outside.accounts.by_username(username)
        assert account is not None
        return Reader(self.client, self.app.site.signin.sessions.begin(account, None))


@pytest.fixture(scope="module")
async def pages(app: Stack) -> AsyncIterator[Pages]:
    for username, (role, agency_id) in accounts_of(LEAD).items():
        if role is not Role.SYSTEM:
            app.actor(username, role, agency_id)
    transport = httpx.ASGITransport(create_app(app.site))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", trust_env=False) as client:
        yield Pages(app, client)


@pytest.fixture(scope="module")
async def case_id(app: Stack, pages: Pages) -> str:
    """A case of which a colleague was reminded of one of its deadlines."""
    one = await assessed(app)
    standing = app.outside.reads.standing(app.supervisor, one)
    assert standing is not None
    clock = next(each for each in standing.deadlines if each.kind == "plan")
    await app.cases.send_reminder(app.ask(app.supervisor, one), c.SendReminder(deadline_id=clock.id))
    return one


def said(answer: httpx.Response) -> str:
    """The words of a page."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


# ---- forms of a page that is old


async def test_a_form_of_an_old_page_is_shown_again_as_it_was_typed(pages: Pages, case_id: str) -> None:
    """With the token of the session that there is now; nothing is recorded until it is sent again, and then it is."""
    before, now = pages.reader("supervisor"), pages.reader("supervisor")
    path = f"/cases/{case_id}/do/record_review"
    typed = {"risk": "high", "note": "Dibaca & disetujui", "key": "one-key"}
    rows = len(pages.app.outside.reads.log(case_id))

    answer = await now.sends(path, typed, csrf_of(before.session))
    assert answer.status_code == 403
    assert "sesi yang sudah berakhir" in answer.text
    assert "Dibaca &amp; disetujui" in answer.text
    assert f'value="{csrf_of(now.session)}"' in answer.text
    assert 'name="key" value="one-key"' in answer.text
    assert len(pages.app.outside.reads.log(case_id)) == rows

    assert (await now.sends(path, typed)).status_code == 303
    assert len(pages.app.outside.reads.log(case_id)) == rows + 1


async def test_no_old_page_shows_a_form_to_who_may_not_send_it(pages: Pages, case_id: str) -> None:
    """It is asked who may before anything is shown."""
    for username, status in (("supervisor2", 404), ("caseworker", 403)):
        answer = await pages.reader(username).sends(f"/cases/{case_id}/do/record_review", {"note": "x"}, "old")
        assert (username, answer.status_code) == (username, status)
        assert "<textarea" not in answer.text


# ---- the log of a case


async def test_the_log_names_people_and_the_deadline(pages: Pages, case_id: str) -> None:
    """A colleague by name, to the office and to the auditor; no id stands where a person reads a name."""
    for username, path in (("supervisor", f"/cases/{case_id}"), ("auditor", f"/cases/{case_id}/log")):
        answer = await pages.reader(username).opens(path)
        words = said(answer)
        assert "Pengingat dikirim: Rencana intervensi" in words
        assert pages.app.actors["supervisor"].account_id not in words
        assert "supervisor" in words
