"""Canary words in everything that is sealed, through a whole walk: none sings anywhere in the clear."""

import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from google.protobuf.message import Message
from pydantic import BaseModel
from sqlalchemy import text
from structlog.testing import capture_logs
from temporalio.api.common.v1 import Payload

from casework import commands as c
from casework.errors import CaseworkError
from casework.ids import new_id, workflow_id
from casework.models.base import Sealed
from casework.models.people import Role
from casework.ports import SealedFile
from casework.rules.step import RULES
from tests.stack import Stack

CLEAR = {"integer", "bigint", "boolean"}
AT_LEAST = {
    "cases",
    "case_log",
    "referrals",
    "notifications",
    "deadlines",
    "notices",
    "reservations",
    "documents",
    "locations",
    "files",
    "file_pieces",
}
ELSEWHERE = "uptd-ppa-sumatera-selatan"


@dataclass
class Cage:
    """Makes canaries, remembers them, and remembers which sealed fields held one."""

    words: list[str] = field(default_factory=list)
    fields: set[tuple[str, str]] = field(default_factory=set)
    met: set[type[BaseModel]] = field(default_factory=set)
    refusals: list[str] = field(default_factory=list)

    def word(self) -> str:
        """A fresh one; letters only, so that no encoding changes it."""
        self.words.append("kenari" + "".join(secrets.choice("bcdfghjklmnpqrstvwxz") for _ in range(12)))
        return self.words[-1]

    def day(self, text: str) -> str:
        """A date as a canary."""
        self.words.append(text)
        return text

    def look(self, model: BaseModel) -> None:
        """Remember which of the model's sealed fields were filled."""
        self.met.add(type(model))
        for name, value in model:
            parts = value if isinstance(value, tuple) else (value,)
            for part in parts:
                if isinstance(part, BaseModel):
                    self.look(part)
            if name in sealed_fields(type(model)) and value not in (None, ()):
                self.fields.add((type(model).__name__, name))

    def silent_fields(self) -> set[tuple[str, str]]:
        """Sealed fields of the models met that never held a canary."""
        return {(m.__name__, name) for m in self.met for name in sealed_fields(m)} - self.fields


def sealed_fields(model: type[BaseModel]) -> list[str]:
    """The fields whose annotation is marked sealed at any depth."""
    return [
        name
        for name, info in model.model_fields.items()
        if any(isinstance(part, Sealed) for part in info.metadata) or Sealed.__name__ in repr(info.annotation)
    ]


@dataclass
class Walk:
    """Gives commands with canaries in them."""

    app: Stack
    cage: Cage
    case_id: str = ""

    async def give(self, name: str, by: Any, body: c.Command, subject_id: str | None = None) -> str:
        """One command by its method's name."""
        self.cage.look(body)
        ask = self.app.ask(by, self.case_id, subject_id=subject_id)
        receipt = await getattr(self.app.cases, name)(ask, body)
        return str(receipt.subject_id or receipt.case_id)

    async def open(self) -> str:
        """The report, and the case it opens."""
        self.case_id = await self.give("open", self.app.caseworker, report(self.cage))
        return self.case_id

    async def refused(self, name: str, by: Any, body: c.Command) -> None:
        """One that is not taken; what it says to the asker is kept."""
        with pytest.raises(CaseworkError) as error:
            await self.give(name, by, body)
        self.cage.refusals.append(f"{error.value} {error.value.extra} {error.value!r}")


def report(cage: Cage) -> c.OpenCase:
    """A report with a canary in every place of a person."""
    at = datetime.now(UTC) - timedelta(hours=1)
    return c.OpenCase.model_validate(
        {
            "channel": "walk_in",
            "reported_at": at,
            "categories": ["sexual_violence"],
            "risk": "high",
            "reporter": reporter(cage),
            "client": client(cage, "2013-07-19"),
            "alleged_perpetrators": [{"relation": "neighbour", "name": cage.word(), "phone": cage.word()}],
            "consent": {"given_by": "caregiver", "services": True, "sharing": True},
            "narrative": f"{cage.word()} dan {cage.word()}",
        }
    )


def reporter(cage: Cage) -> dict[str, Any]:
    """Who reported."""
    return {"kind": "family", "name": cage.word(), "phone": cage.word()}


def client(cage: Cage, born: str) -> dict[str, Any]:
    """The client."""
    named = ("name", "national_id", "address", "village", "phone", "contact_hours")
    return {"kind": "child", "birth_date": cage.day(born), "subdistrict": "Muaradua", **{n: cage.word() for n in named}}


async def plan_and_tell(walk: Walk) -> None:
    """Assigned, assessed, planned, the police told."""
    app, cage = walk.app, walk.cage
    worker, boss = app.caseworker, app.supervisor
    await walk.give("assign", boss, c.AssignCase(caseworker_id=worker.account_id))
    texts = {"narrative": cage.word(), "safety_plan": cage.word()}
    await walk.give("assess", worker, c.RecordAssessment.model_validate({"risk": "high", **texts}))
    for decision in ("return", "approve"):
        goals = {"goals": [cage.word(), cage.word()], "services": [{"service": "health"}]}
        await walk.give("propose_plan", worker, c.ProposePlan.model_validate(goals))
        waived = [{"service": s, "reason": cage.word()} for s in ("psychosocial", "witness_protection", "education")]
        body = {"decision": decision, "reason": cage.word(), "waived": waived}
        await walk.give("decide_plan", boss, c.DecidePlan.model_validate(body))
    told = {"kind": "police", "agency_id": "unit-ppa-polres", "explained_to_client": True, "objection": cage.word()}
    notification = await walk.give("notify", worker, c.Notify.model_validate(told))
    await walk.give("receive_notification", app.police, c.ReceiveNotification(reference="LP/1"), notification)


async def refer_and_answer(walk: Walk) -> None:
    """A referral on consent to its end; one on an override, revoked."""
    app, cage = walk.app, walk.cage
    asked = {"agency_id": "rsud-muaradua", "service": "health", "reason": cage.word(), "disclose": ["identity"]}
    sent = await walk.give("refer", app.caseworker, c.ReferCase.model_validate(asked))
    source = {"medium": "letter", "reference": "B/1", "at": datetime.now(UTC)}
    now = datetime.now(UTC)
    answer = c.AnswerReferral.model_validate({"answer": "accepted", "reason": cage.word(), "recorded_from": None})
    await walk.give("answer", app.hospital, answer, sent)
    news = {"kind": "visum_made", "at": now, "reference": "V/1", "note": cage.word()}
    await walk.give("report_progress", app.hospital, c.ReportProgress.model_validate(news), sent)
    result = {"outcome": "service_provided", "note": cage.word()}
    await walk.give("complete", app.hospital, c.CompleteReferral.model_validate(result), sent)
    ground = {"given_by": "none", "override_ground": "vital_interests", "override_reason": cage.word()}
    waiting = await walk.give("refer", app.caseworker, c.ReferCase.model_validate({**asked, "consent": ground}))
    decision = c.DecideOverride.model_validate({"decision": "confirm", "reason": cage.word()})
    await walk.give("decide_override", app.supervisor, decision, waiting)
    await walk.give("revoke", app.caseworker, c.RevokeReferral.model_validate({"reason": cage.word()}), waiting)
    court = {"agency_id": "pengadilan-negeri", "service": "court"}
    by_letter = await walk.give("refer", app.caseworker, c.ReferCase.model_validate(court))
    declined = {"answer": "declined", "reason": cage.word(), "recorded_from": source}
    await walk.give("answer", app.caseworker, c.AnswerReferral.model_validate(declined), by_letter)


async def follow(walk: Walk, other: str) -> None:
    """What is recorded beside."""
    app, cage, now = walk.app, walk.cage, datetime.now(UTC)
    worker, note = app.caseworker, cage.word
    bodies: list[tuple[str, c.Command]] = [
        ("record_service", c.RecordService.model_validate({"service": "psychosocial", "at": now, "note": note()})),
        ("record_follow_up", c.RecordFollowUp.model_validate({"at": now, "reached": True, "note": note()})),
        ("record_conference", c.RecordConference.model_validate({"at": now, "decisions": [{"what": note()}]})),
        ("record_milestone", c.RecordMilestone.model_validate({"kind": "hearing_set", "at": now, "note": note()})),
        (
            "amend_client",
            c.AmendClient.model_validate(
                {
                    "client": client(cage, "2012-11-23"),
                    "reporter": reporter(cage),
                    "alleged_perpetrators": [{"relation": "teacher", "name": note(), "phone": note()}],
                    "reason": note(),
                }
            ),
        ),
        (
            "add_report",
            c.AddReport.model_validate(
                {"channel": "phone", "reported_at": now, "reporter": reporter(cage), "narrative": note()}
            ),
        ),
        ("link", c.LinkCases.model_validate({"case_id": other, "relation": "sibling"})),
        ("withdraw_consent", c.WithdrawConsent.model_validate({"scope": "sharing", "by": "caregiver"})),
    ]
    await attach(walk)
    where = {"name": note(), "address": note(), "phone": note(), "note": note()}
    bodies.append(("set_location", c.SetLocation.model_validate(where)))
    for name, body in bodies:
        await walk.give(name, worker, body)
    await walk.refused("set_location", worker, c.SetLocation.model_validate({"note": note()}))
    await walk.give("record_review", app.supervisor, c.RecordReview.model_validate({"note": note()}))


async def attach(walk: Walk) -> None:
    """A file, with canaries in what it says, in its name and in its title; one that is refused."""
    app, word = walk.app, walk.cage.word
    for given in (app.caseworker, app.police):
        sealer = app.outside.vault.file_sealer(walk.case_id, new_id())
        pieces = [*sealer.add(f"surat {word()}".encode()), sealer.end()]
        found = {"name": word(), "title": word(), "type": "text", "size": sealer.size, "content": sealer.content}
        body = c.AddDocument.model_validate({"kind": "letter", **found})
        walk.cage.look(body)
        file = SealedFile(sealer.document_id, body.type, body.size, len(pieces), partial(iter, pieces))
        ask = app.ask(given, walk.case_id)
        if given is app.caseworker:
            await app.cases.add_document(ask, body, file)
        else:
            with pytest.raises(CaseworkError) as error:
                await app.cases.add_document(ask, body, file)
            walk.cage.refusals.append(f"{error.value} {error.value.extra} {error.value!r}")


async def hold_and_remind(walk: Walk) -> None:
    """A clock put on hold and released; its owner reminded, the next rung told."""
    app, word = walk.app, walk.cage.word
    standing = app.outside.reads.standing(app.supervisor, walk.case_id)
    assert standing is not None
    clock = next(deadline.id for deadline in standing.deadlines if deadline.kind == "supervisor_review")
    until = datetime.now(UTC) + timedelta(days=1)
    body = c.HoldClock.model_validate({"deadline_ids": [clock], "reason": word(), "until": until})
    hold = await walk.give("hold_clock", app.supervisor, body)
    await walk.refused("hold_clock", app.supervisor, body)
    await walk.give("release_clock", app.supervisor, c.ReleaseClock(), hold)
    about = {"deadline_id": clock, "note": word()}
    await walk.give("send_reminder", app.head, c.SendReminder.model_validate(about))
    await walk.give("escalate", app.supervisor, c.EscalateCase.model_validate({**about, "note": word()}))


async def end(walk: Walk, other: str) -> None:
    """Closed, reopened, offered elsewhere, and ended as a duplicate."""
    app, word = walk.app, walk.cage.word
    closing = {"reason": "client_request", "client_informed": True, "note": word()}
    for decision in ("return", "approve"):
        await walk.give("request_closure", app.caseworker, c.RequestClosure.model_validate(closing))
        body = {"decision": decision, "reason": word()}
        await walk.refused("decide_closure", app.caseworker, c.DecideClosure.model_validate(body))
        await walk.give("decide_closure", app.supervisor, c.DecideClosure.model_validate(body))
    await walk.give("reopen", app.supervisor, c.ReopenCase.model_validate({"reason": word()}))
    offer = c.TransferCase.model_validate({"to_agency_id": ELSEWHERE, "reason": word(), "consent": True})
    await walk.give("transfer", app.supervisor, offer)
    receiver = app.actor("supervisor2", Role.SUPERVISOR, ELSEWHERE)
    declined = c.DecideTransfer.model_validate({"decision": "decline", "reason": word()})
    await walk.give("decide_transfer", receiver, declined)
    same = c.MarkDuplicate.model_validate({"of_case_id": other, "reason": word()})
    await walk.give("mark_duplicate", app.supervisor, same)


# ---- where to listen


def tables(app: Stack) -> dict[str, str]:
    """Every column of every table of the case database, as text; and what is sealed, as it lies there."""
    columns = text(
        "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
    )
    found: dict[str, str] = {}
    with app.outside.engine.connect() as connection:
        for table, column, kind in connection.execute(columns).all():
            shown = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            values = connection.execute(text(f'SELECT {shown} FROM "{table}"')).scalars()  # noqa: S608
            found[f"{table}.{column}"] = "\n".join(value for value in values if value is not None)
    return found


def payloads(message: Message) -> Iterator[Payload]:
    """Every payload anywhere in a message."""
    if isinstance(message, Payload):
        yield message
        return
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None:
            continue
        if descriptor.message_type.GetOptions().map_entry:
            inner = [each for each in value.values() if isinstance(each, Message)]
        else:
            inner = [value] if isinstance(value, Message) else list(value)
        for each in inner:
            yield from payloads(each)


async def histories(app: Stack, case_id: str) -> dict[str, str]:
    """Each run of a case: as stored, and with its payloads opened; what the engine's lists show; its memo."""
    handle, codec = app.client.get_workflow_handle(workflow_id(case_id)), app.client.data_converter.payload_codec
    assert codec is not None
    found = {"described": str((await handle.describe()).raw_description)}
    run_id = (await handle.describe()).run_id
    while run_id:
        one = app.client.get_workflow_handle(workflow_id(case_id), run_id=run_id)
        history = await one.fetch_history()
        found[f"{run_id} stored"] = history.to_json() + "".join(str(event) for event in history.events)
        sealed = [p for e in history.events for p in payloads(e) if p.metadata.get("encoding") == b"binary/encrypted"]
        assert sealed
        found[f"{run_id} opened"] = "".join(p.data.decode("utf-8", "replace") for p in await codec.decode(sealed))
        run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    return found


async def test_no_canary_sings(app: Stack, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither in the engine, opened payloads included, nor in the database, in logs, in notices, in refusals."""
    caplog.set_level(logging.DEBUG)
    cage = Cage()
    with capture_logs() as lines:
        other = await Walk(app, cage).open()
        walk = Walk(app, cage)
        await walk.open()
        await plan_and_tell(walk)
        await refer_and_answer(walk)
        await follow(walk, other)
        await hold_and_remind(walk)
        await end(walk, other)
    assert RULES.keys() <= cage.met, "whoever adds a command walks it here"
    assert cage.silent_fields() == set()
    heard = {
        **tables(app),
        **await histories(app, walk.case_id),
        **await histories(app, other),
        "log": caplog.text + str([vars(record) for record in caplog.records]) + str(lines),
        "console": "".join(capfd.readouterr()),
        "refusals": "\n".join(cage.refusals),
    }
    assert {place.partition(".")[0] for place in heard} >= AT_LEAST
    assert heard["notices.kind"]
    assert heard["refusals"]

    singing = {place for place, found in heard.items() if any(word in found for word in cage.words)}

    assert len(cage.words) > 60
    assert singing == set()


async def test_the_canaries_can_be_found(app: Stack) -> None:
    """The search finds what does lie in the clear: a subdistrict, and the number of a letter."""
    heard = tables(app)

    assert "Muaradua" in heard["cases.subdistrict"]
    assert any("LP/1" in found for found in heard.values())
