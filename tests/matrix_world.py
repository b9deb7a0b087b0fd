"""Two cases, alike to the last step, and everybody who stands somewhere towards them; from one all are excluded."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from google.protobuf.json_format import MessageToDict
from sqlalchemy import Select, func, insert, select

from casework import commands as c
from casework.db.accounts import SqlAccounts
from casework.db.caller import ENGINE
from casework.db.session import reading, writing
from casework.db.tables import access_log, erasures, metadata
from casework.ids import workflow_id
from casework.models.access import Exclude, OpenGlass
from casework.models.codes import FileType
from casework.models.people import Actor, Role
from casework.models.state import Receipt
from casework.ports import SealedFile
from casework.signin.ports import Session
from starter.gatekeeper import Gatekeeper
from tests.api_fakes import report
from tests.matrix import LEAD, OFFERED_TO, STANDS
from tests.reported import reported
from tests.stack import PASSWORD, Stack, talk, waiting
from web.api.files import sealer_for
from web.app import create_app
from web.sessions import COOKIE

NAME = "Kenanga Sembunyi"
"""Of the client: nobody reads it but who reads the content."""
HIDDEN = {"client": {"kind": "child", "name": NAME, "age_years": 12}}
CONSENT = {"given_by": "caregiver", "services": True, "sharing": True}
UNCOUNTED = (access_log.name,)
"""What may grow when somebody is refused: that they asked."""


@dataclass
class Subject:
    """One of the cases, with an id for each name in an address."""

    case_id: str
    number: str = ""
    ids: dict[str, str] = field(default_factory=dict)
    referrals: dict[str, str] = field(default_factory=dict)
    """By who was sent it."""
    payload: Any = None
    """Something of its history, as the engine keeps it."""

    def named(self, name: str, who: str) -> str:
        """What an address says there when somebody asks: of referrals the own one, where one was sent."""
        if name == "referral_id":
            return self.referrals.get(who, self.referrals["receiver"])
        return self.ids[name]


@dataclass
class World:
    """The stack with everybody in it, each with one token and one session."""

    stack: Stack
    people: dict[str, Actor] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    spare: dict[str, Actor] = field(default_factory=dict)

    @cached_property
    def app(self) -> FastAPI:
        """The application."""
        site = self.stack.site
        site.closing.set()  # who listens is answered, and let go at once
        return create_app(site)

    @cached_property
    def client(self) -> httpx.AsyncClient:
        """One client for everybody; it holds no connection that would have to be closed."""
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://test", trust_env=False)

    @cached_property
    def accounts(self) -> SqlAccounts:
        """The accounts, whose passwords are hashed quickly."""
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        return SqlAccounts(self.stack.outside.engine, hasher=quick)

    @cached_property
    def version(self) -> str:
        """A version of a pathway that waits."""
        return waiting(self.stack, self.people["administrator"])

    @cached_property
    def outreach(self) -> dict[str, str]:
        """An activity at which the receiver's agency promised something."""
        return talk(self.stack, self.people["assigned"], STANDS["receiver"].agency_id)

    def account(self, role: Role, agency_id: str) -> Actor:
        """An account that is nobody's yet."""
        return self.accounts.add(f"{role}-{secrets.token_hex(4)}", PASSWORD, role, agency_id).actor

    def token(self, actor: Actor, scopes: tuple[str, ...] | None = None) -> str:
        """A token of an account."""
        return self.accounts.issue_token(actor.account_id, 3600, scopes)[0]

    def enter(self) -> None:
        """Everybody comes in, and those who do what nobody of the table does."""
        for name, stand in STANDS.items():
            self.people[name] = self.account(stand.role, stand.agency_id)
            self.tokens[name] = self.token(self.people[name])
            if stand.role is not Role.SYSTEM:
                account = self.accounts.get(self.people[name].account_id)
                assert account is not None
                self.sessions[name] = self.stack.site.signin.sessions.begin(account, None)
        # Of the office somebody must be left who excludes the others.
        for name, role in (("supervisor", Role.SUPERVISOR), ("head", Role.HEAD), ("relative", Role.CASEWORKER)):
            self.spare[name] = self.account(role, LEAD)

    def headers(self, who: str) -> dict[str, str]:
        """How somebody signs in to the API."""
        return {"Authorization": f"Bearer {self.tokens[who]}"}

    def cookie(self, who: str) -> dict[str, str]:
        """How somebody is known to the pages."""
        return {"Cookie": f"{COOKIE}={self.sessions[who].secret}"}

    async def give(self, name: str, who: str, case_id: str, body: Any, subject_id: str | None = None) -> Receipt:
        """A command that must be taken."""
        ask = self.stack.ask(self.people[who], case_id, subject_id=subject_id)
        given: Receipt = await getattr(self.stack.cases, name)(ask, body)
        return given

    async def opened(self) -> Subject:
        """A case that the system opened, on an agency's report."""
        reporter = {"kind": "agency", "agency_id": STANDS["reporter"].agency_id}
        body = c.OpenCase.model_validate(report(**HIDDEN, reporter=reporter, consent=CONSENT))
        case_id = (await self.stack.cases.open(self.stack.ask(self.people["opener"]), body)).case_id
        row = self.stack.outside.reads.case(self.people["supervisor"], case_id)
        assert row is not None
        return Subject(case_id, str(row["number"]))

    async def subject(self) -> Subject:
        """A case with everything that an address can name, offered to another office, seen through broken glass."""
        made = await self.opened()
        await self._work(made)
        await self._refer(made)
        await self._write(made)
        await self._end(made)
        self._look(made)
        self._certify(made)
        made.ids |= {
            "case_id": made.case_id,
            "category": "child_violence",
            "figure_id": "by_sex",
            "chapter": "clocks",
            "agency_id": STANDS["receiver"].agency_id,
            "account_id": self.people["colleague"].account_id,
            "file": "common",
            "version_id": self.version,
            **self.outreach,
            "report_id": reported(self.stack),
        }
        made.payload = await self._payload(made.case_id)
        return made

    async def _work(self, made: Subject) -> None:
        assigned = c.AssignCase(caseworker_id=self.people["assigned"].account_id)
        await self.give("assign", "supervisor", made.case_id, assigned)
        assessment = {"risk": "high", "needs": ["health"], "narrative": "Aman.", "violence_types": ["physical"]}
        await self.give("assess", "assigned", made.case_id, c.RecordAssessment.model_validate(assessment))
        place = c.SetLocation.model_validate({"name": "Rumah aman", "address": "Jalan Teduh 1"})
        await self.give("set_location", "assigned", made.case_id, place)
        told = {"kind": "police", "agency_id": STANDS["told"].agency_id, "explained_to_client": True}
        receipt = await self.give("notify", "assigned", made.case_id, c.Notify.model_validate(told))
        made.ids["notification_id"] = str(receipt.subject_id)
        sent: Any = {"files": {"file": ("catatan.txt", b"Catatan.")}, "data": {"kind": "letter"}}
        where = f"/api/v1/cases/{made.case_id}/documents"
        kept = await self.client.post(where, headers=self.headers("assigned"), **sent)
        made.ids["document_id"] = kept.headers["location"].rpartition("/")[2]

    async def _write(self, made: Subject) -> None:
        """A letter to who works on a referral and to who was told by law."""
        sealer = sealer_for(self.stack.desk, made.case_id)
        pieces = [*sealer.add(b"%PDF-1.7"), sealer.end()]
        file = SealedFile(sealer.document_id, FileType.PDF, sealer.size, len(pieces), lambda: iter(pieces))
        readers = tuple(STANDS[who].agency_id for who in ("receiver", "told"))
        asked = {"kind": "case_summary", "agencies": readers, "number": "0001/RKS/DINAS/2026"}
        body = c.IssueLetter.model_validate({**asked, "size": sealer.size, "content": sealer.content})
        ask = self.stack.ask(self.people["assigned"], made.case_id)
        made.ids["letter_id"] = str((await self.stack.cases.issue_letter(ask, body, file)).subject_id)

    async def _refer(self, made: Subject) -> None:
        services = {"expired": "social_rehabilitation", "revoked": "legal_aid", "receiver": "health"}
        for who, service in services.items():
            asked = {
                "agency_id": STANDS[who].agency_id,
                "service": service,
                "disclose": ["identity"],
                "reason": "Perlu.",
            }
            body = c.ReferCase.model_validate({**asked, "consent": {"given_by": "caregiver"}})
            made.referrals[who] = str((await self.give("refer", "assigned", made.case_id, body)).subject_id)
            if who == "expired":
                result = c.CompleteReferral.model_validate({"outcome": "service_provided"})
                await self.give("complete", who, made.case_id, result, made.referrals[who])
            if who == "revoked":
                reason = c.RevokeReferral.model_validate({"reason": "Tidak perlu lagi."})
                await self.give("revoke", "supervisor", made.case_id, reason, made.referrals[who])
                withdrawn = c.WithdrawConsent.model_validate({"scope": "sharing", "by": "caregiver"})
                await self.give("withdraw_consent", "assigned", made.case_id, withdrawn)

    async def _end(self, made: Subject) -> None:
        offer = {"to_agency_id": OFFERED_TO, "reason": "Klien pindah.", "override_ground": "best_interests"}
        await self.give("transfer", "supervisor", made.case_id, c.TransferCase.model_validate(offer))
        standing = self.stack.outside.reads.standing(self.people["supervisor"], made.case_id)
        assert standing is not None
        held = next(each.id for each in standing.deadlines if each.class_ == "local" and each.kind == "plan")
        until = (datetime.now(UTC) + timedelta(days=5)).isoformat()
        hold = {"deadline_ids": [held], "reason": "Menunggu.", "until": until}
        receipt = await self.give("hold_clock", "supervisor", made.case_id, c.HoldClock.model_validate(hold))
        made.ids["hold_id"] = str(receipt.subject_id)

    def _look(self, made: Subject) -> None:
        """Glass is broken, some of it hours ago, and somebody is excluded."""
        desk = self.stack.desk
        before = replace(desk.office, now=lambda: datetime.now(UTC) - timedelta(hours=3))
        body = OpenGlass(number=made.number, reason="Klien datang malam ini.")
        Gatekeeper(replace(desk, office=before)).break_glass(self.stack.ask(self.people["ended glass"]), body)
        Gatekeeper(desk).break_glass(self.stack.ask(self.people["glass head"]), body)
        broken = Gatekeeper(desk).break_glass(self.stack.ask(self.people["glass supervisor"]), body)
        made.ids["glass_id"] = broken.id
        made.ids["exclusion_id"] = self.exclude(made, "supervisor", self.spare["relative"])

    def _certify(self, made: Subject) -> None:
        """A certificate as of a case that was erased: this one is asked about everything else, and must live."""
        now = datetime.now(UTC)
        times = {"decided_at": now, "destroyed_at": now, "copies_until": now}
        rest = {"decided_by": self.people["head"].account_id, "documents": 1, "log_rows": 1, "log_digest": "0" * 64}
        row = {"case_id": made.case_id, "number": made.number, **times, **rest}
        with writing(self.stack.outside.engine, ENGINE) as connection:
            connection.execute(insert(erasures).values(row))

    def exclude(self, made: Subject, who: str, account: Actor) -> str:
        """Somebody sees nothing of a case any more."""
        actor = self.people[who] if account is self.spare["relative"] else self.spare[who]
        body = Exclude.model_validate({"account_id": account.account_id, "ground": "own_interest"})
        return Gatekeeper(self.stack.desk).exclude(self.stack.ask(actor), made.case_id, body).id

    async def _payload(self, case_id: str) -> Any:
        codec = self.stack.client.data_converter.payload_codec
        assert codec is not None
        handle = self.stack.client.get_workflow_handle(workflow_id(case_id))
        async for event in handle.fetch_history_events():
            for payload in event.workflow_execution_started_event_attributes.input.payloads:
                return MessageToDict(payload)
        raise AssertionError("a history begins with a start")

    @cached_property
    def _counts(self) -> Select[Any]:
        tables = [table for table in metadata.sorted_tables if table.name not in UNCOUNTED]
        counts = [select(func.count()).select_from(table).scalar_subquery().label(table.name) for table in tables]
        return select(*counts)

    def rows(self) -> Mapping[str, int]:
        """How many rows each table has, but for who asked."""
        with reading(self.stack.outside.engine, ENGINE) as connection:
            return dict(connection.execute(self._counts).mappings().one())


async def world_of(stack: Stack) -> tuple[World, Subject, Subject, Subject]:
    """Everybody, the case, the one from which all are excluded, and one on which glass may be broken."""
    world = World(stack)
    await asyncio.to_thread(world.enter)
    case, shut, third = await asyncio.gather(world.subject(), world.subject(), world.opened())
    for person in world.people.values():
        world.exclude(shut, "head", person)
    return world, case, shut, third
