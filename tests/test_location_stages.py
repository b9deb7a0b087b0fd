"""The canary of where the client is: whatever is answered to whomever at whatever stage of a case, it is not in it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any

import httpx
from fastapi import FastAPI

from casework import commands as c
from casework.models.codes import Part, Stage
from casework.models.people import Actor
from tests.canary_asking import Operation, filled, operations
from tests.canary_pages import addresses
from tests.canary_places import histories, tables
from tests.real_site import RealSite
from tests.stack import Stack
from tests.test_letters import text_of
from tests.test_location import READERS, REASON, SONG, hidden, read
from tests.test_walk import PLAN, completed, opened, refer
from web.api.routing import V1
from web.app import create_app
from web.sessions import COOKIE

STILL = {
    *(f"{V1}{path}" for path in ("/agencies", "/pathways", "/pathways/{category}")),
    *("/agencies", "/calendar", "/pathways", "/pathways/{category}", "/sign-in", "/static/{digest}/{name}"),
    *("/accounts", "/accounts/{account_id}/absence", "/accounts/{account_id}/standing"),
    *("/health/live", "/health/ready", "/api/openapi.json", f"{V1}/agencies/{{agency_id}}/mailbox", "/mailboxes"),
    *("/report", "/public-reports", "/public-reports/{report_id}", "/public-reports/{report_id}/opening"),
    "/public-reports/poster",
    *(f"{V1}/public-reports", f"{V1}/public-reports/{{report_id}}"),
    *(
        "/link/{token}",
        "/pathways/versions",
        "/pathways/files/{file}",
        "/pathways/versions/{version_id}",
        "/pathways/versions/{version_id}/tried",
    ),
    *(f"{V1}/outreach{path}" for path in ("", "/summary", "/codes", "/{outreach_id}")),
    *("/outreach", "/outreach/new", "/outreach/{outreach_id}"),
    *("/figures", "/figures/{chapter}", f"{V1}/reports/indicators"),
}
"""What tells of no case, or counts them, whoever asks."""
OF_DAYS = (f"{V1}/reports/", "/figures", "/register")
NEAR = ("supervisor", "police", "hospital")
"""Of those who are answered, who is shown most by each ground: asked at every stage; all the others at the last."""


@cache
def on_paper(letter: bytes) -> str:
    """What a letter says; each is read by many."""
    return text_of(letter)


@dataclass
class Listener:
    """Asks everything that tells of a case, by API and page, and hears whether an answer tells where the client is."""

    app: Stack
    case_id: str
    heard: list[str] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    answered: int = 0
    keys: dict[tuple[Actor, bool], dict[str, str]] = field(default_factory=dict)

    @cached_property
    def web(self) -> FastAPI:
        """The application; who follows the board is answered, and let go at once."""
        site = self.app.site
        site.closing.set()
        return create_app(site)

    @cached_property
    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.web), base_url="http://test", trust_env=False)

    @cached_property
    def served(self) -> set[Operation]:
        """Every address that is read, but for those that tell of no case."""
        found = {(method, path) for method, path in operations(self.web.routes) if method == "GET"}
        assert {path for _, path in found} >= STILL
        return {(method, path) for method, path in found if path not in STILL}

    def known(self) -> dict[str, list[str]]:
        """What the names of addresses may stand for: each document of the log is read, the location's own too."""
        log, reads = self.app.log(self.case_id), self.app.outside.reads
        return {
            "case_id": [self.case_id],
            "document_id": [row["document_id"] for row in log if row["document_id"]],
            "referral_id": [str(row["subject_id"]) for row in log if row["kind"] == "ReferralSent"][:1],
            "notification_id": [row["id"] for row in reads.told(self.app.supervisor, None, 1, None)[0]],
            "letter_id": [str(row["subject_id"]) for row in log if row["kind"] == "LetterIssued"][:1] or ["nowhere"],
            "figure_id": ["recorded_cases"],
            "chapter": ["reported"],
            **{name: ["nowhere"] for name in ("hold_id", "glass_id", "exclusion_id")},
        }

    async def listen(self, usernames: Collection[str]) -> None:
        """Everything, asked by some."""
        row = self.app.outside.reads.case(self.app.supervisor, self.case_id)
        assert row is not None
        self.stages.append(row["stage"])
        asking = [(template, filled(template, ids)) for template, ids in addresses(self.served, self.known())]
        for reader in READERS:
            if reader[0] in usernames:
                actor = self.app.actor(*reader)
                await asyncio.gather(*(self._ask(actor, template, where) for template, where in asking))

    async def _ask(self, actor: Actor, template: str, where: str) -> None:
        answer = await self.client.get(
            where, params=self._period(where), headers=self._known_by(actor, template.startswith("/api"))
        )
        assert answer.status_code < 500, (actor.role, where, answer.text)
        self.answered += answer.status_code == 200
        pdf = answer.headers.get("content-type") == "application/pdf"
        said = on_paper(answer.content) if pdf else answer.text
        if SONG.search(said + json.dumps(dict(answer.headers))):
            self.heard.append(f"{actor.role} at {self.stages[-1]}: {where}")

    def _period(self, where: str) -> dict[str, str]:
        """What a report is of: this month and the last."""
        today = datetime.now(UTC).date()
        since = today - timedelta(days=31)
        return {"from": f"{since}", "to": f"{today}"} if where.startswith(OF_DAYS) else {}

    def _known_by(self, actor: Actor, token: bool) -> dict[str, str]:
        """A token for the API, a session for the pages; each made once."""
        if (actor, token) not in self.keys:
            outside = self.app.outside
            account = outside.accounts.get(actor.account_id)
            assert account is not None
            if token:
                self.keys[actor, token] = {
                    "Authorization": f"Bearer {outside.accounts.issue_token(account.id, 600)[0]}"
                }
            else:
                session = self.app.site.signin.sessions.begin(account, None)
                self.keys[actor, token] = {"Cookie": f"{COOKIE}={session.secret}"}
        return self.keys[actor, token]


@dataclass
class Course:
    """A case on its way, step by step, under a listener."""

    app: Stack
    case_id: str

    async def give(self, name: str, by: Actor, body: c.Command, subject_id: str | None = None) -> str:
        ask = self.app.ask(by, self.case_id, subject_id=subject_id)
        return str((await getattr(self.app.cases, name)(ask, body)).subject_id)

    async def assess(self) -> None:
        body = {"risk": "high", "needs": ["health"], "narrative": "Korban aman."}
        await self.give("assess", self.app.caseworker, c.RecordAssessment.model_validate(body))

    async def plan(self) -> None:
        await self.give("propose_plan", self.app.caseworker, c.ProposePlan.model_validate(PLAN))

    async def approve(self) -> None:
        await self.give("decide_plan", self.app.supervisor, c.DecidePlan.model_validate({"decision": "approve"}))

    async def refer(self) -> None:
        """Everything is disclosed, and the police are told."""
        told = {"kind": "police", "agency_id": "unit-ppa-polres", "explained_to_client": True}
        self.notification = await self.give("notify", self.app.caseworker, c.Notify.model_validate(told))
        everything = refer("rsud-muaradua", "health").model_copy(update={"disclose": tuple(Part)})
        self.referral = await self.give("refer", self.app.caseworker, everything)

    async def request_closure(self) -> None:
        """The referral done."""
        await completed(self.app, self.case_id, self.referral, "hospital", "rsud-muaradua")
        body = {"reason": "client_request", "client_informed": True}
        await self.give("request_closure", self.app.caseworker, c.RequestClosure.model_validate(body))

    async def close(self) -> None:
        await self.give("decide_closure", self.app.supervisor, c.DecideClosure.model_validate({"decision": "approve"}))

    async def reopen(self) -> None:
        await self.give("reopen", self.app.supervisor, c.ReopenCase.model_validate({"reason": "Kambuh."}))

    def steps(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """Through every stage, and into the first again."""
        return (self.assess, self.plan, self.approve, self.refer, self.request_closure, self.close, self.reopen)


async def letters(site: RealSite, course: Course) -> None:
    """One of each kind that the case can have."""
    path = f"/cases/{course.case_id}/letters"
    for body in (
        {"kind": "case_summary", "agencies": ["rsud-muaradua"]},
        {"kind": "referral", "about_id": course.referral},
        {"kind": "police_notification", "about_id": course.notification},
    ):
        answer = await site.post(site.stack.caseworker, path, **body)
        assert answer.status_code == 201, answer.text


async def test_no_answer_to_anybody_holds_it_at_any_stage(app: Stack, caplog: Any) -> None:
    """Every GET, page and letter by those who are shown most at each of its stages, and by everybody at the last;
    then searches, notices, log lines, the database and the engine, payloads opened."""
    caplog.set_level("DEBUG")
    case_id = await opened(app)
    site, course, listener = RealSite(app), Course(app, case_id), Listener(app, case_id)
    await hidden(site, case_id)
    assert (await site.ask(app.supervisor, "POST", read(case_id), json=REASON)).status_code == 200

    for step in course.steps():
        await listener.listen(NEAR)
        await step()
        if step == course.refer:
            await letters(site, course)
    await listener.listen([reader[0] for reader in READERS])

    assert listener.heard == []
    assert set(listener.stages) == set(Stage)
    assert listener.answered > 100
    for name in ("Rumah Aman Kenari", "Kenari Kuning"):
        found = await site.post(app.supervisor, "/cases/search", client_name=name)
        assert found.json()["items"] == []
    heard = {**tables(app), **await histories(app, case_id), "log": caplog.text}
    assert [place for place, said in heard.items() if SONG.search(said)] == []


async def test_the_canary_can_be_heard(app: Stack) -> None:
    """Where it may be read, the search finds it; and so it does in an answer and on a page where somebody wrote it."""
    case_id = await opened(app)
    site, listener = RealSite(app), Listener(app, case_id)
    await hidden(site, case_id)
    assert SONG.search((await site.ask(app.supervisor, "POST", read(case_id), json=REASON)).text)

    titled: Any = {"files": {"file": ("a.txt", b"Surat.")}, "data": {"kind": "letter", "title": "Rumah Aman Kenari"}}
    await site.ask(app.caseworker, "POST", f"/cases/{case_id}/documents", **titled)
    await listener.listen(["supervisor"])

    assert {where.partition("/cases")[0] for where in listener.heard} == {
        "supervisor at intake: ",
        "supervisor at intake: /api/v1",
    }
