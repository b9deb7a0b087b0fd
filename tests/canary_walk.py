"""A case from its report to its end over HTTP, with canaries in everything that is sealed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from casework import commands as c
from casework.models.people import Actor, Role
from tests.canaries import Cage
from tests.canary_asking import Asking
from tests.stack import Stack
from web.api.commands import COMMANDS
from web.api.routing import V1

DOCUMENTS = f"{V1}/cases/{{case_id}}/documents"
ELSEWHERE = "uptd-ppa-sumatera-selatan"


@dataclass
class Walk:
    """Gives commands with canaries in them."""

    app: Stack
    asking: Asking
    case_id: str = ""

    @property
    def cage(self) -> Cage:
        """Who counts."""
        return self.asking.cage

    async def give(self, name: str, by: Actor, body: c.Command, subject_id: str | None = None) -> str:
        """One command by its method's name; what it made, or the case."""
        answer = await self._send(name, by, body, subject_id)
        assert answer.status_code in (200, 201), answer.text
        if name == "open":
            return str(answer.json()["id"])
        return str(self.app.log(self.case_id)[-1]["subject_id"] or self.case_id)

    async def refused(self, name: str, by: Actor, body: c.Command) -> None:
        """One that is not taken; what it says to the asker is kept."""
        answer = await self._send(name, by, body, None)
        assert answer.status_code in (403, 409, 422), answer.text

    async def open(self) -> str:
        """The report, and the case it opens."""
        self.case_id = await self.give("open", self.app.caseworker, report(self.cage))
        return self.case_id

    async def _send(self, name: str, by: Actor, body: c.Command, subject_id: str | None) -> httpx.Response:
        self.cage.look(body)
        route = next((each for each in COMMANDS if each.asks == name), None)
        method, path = (route.method, route.path) if route else ("POST", "/cases")
        subject = {f"{route.subject}_id": subject_id} if route and subject_id else {}
        ids = {"case_id": self.case_id, **subject}
        return await self.asking.ask(by, method, V1 + path, ids, json=body.model_dump(mode="json", exclude_unset=True))


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
    words = {name: cage.word() for name in ("name", "address", "village", "contact_hours")}
    numbers = {name: cage.number() for name in ("national_id", "phone")}
    return {"kind": "child", "birth_date": cage.keep(born), "subdistrict": "Muaradua", **words, **numbers}


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
    await walk.give("receive_notification", app.police, c.ReceiveNotification(reference="LP/1"), await told(walk))


async def told(walk: Walk) -> str:
    """The police, by law."""
    said = {"kind": "police", "agency_id": "unit-ppa-polres", "explained_to_client": True}
    body = c.Notify.model_validate({**said, "objection": walk.cage.word()})
    return await walk.give("notify", walk.app.caseworker, body)


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
    await write(walk)
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
        content = f"surat {word()}".encode()
        said = {"kind": "letter", "name": word(), "title": word()}
        found = {"type": "text", "size": len(content), "content": "0" * 64}
        body = c.AddDocument.model_validate({**said, **found})
        walk.cage.look(body)
        form: dict[str, Any] = {"data": {"kind": "letter", "title": said["title"]}}
        form["files"] = {"file": (said["name"], content)}
        answer = await walk.asking.ask(given, "POST", DOCUMENTS, {"case_id": walk.case_id}, **form)
        assert answer.status_code == (201 if given is app.caseworker else 404), answer.text


async def write(walk: Walk) -> None:
    """A letter that holds what its reader is shown, canaries among it: by the API, and by the form of its page."""
    app, where = walk.app, {"case_id": walk.case_id}
    asked: dict[str, Any] = {"kind": "case_summary", "agencies": ["rsud-muaradua"]}
    answer = await walk.asking.ask(app.caseworker, "POST", f"{V1}/cases/{{case_id}}/letters", where, json=asked)
    assert answer.status_code == 201, answer.text
    walk.cage.met.add(c.IssueLetter)
    told = {**asked, "agencies": ["unit-ppa-polres"]}
    page = await walk.asking.visit(app.caseworker, "POST", "/cases/{case_id}/letters", where, **told)
    assert page.status_code == 303, page.text
    await received(walk)


async def received(walk: Walk) -> None:
    """Each letter, by the office, through what its reader was asked or told."""
    app, reads, asking = walk.app, walk.app.outside.reads, walk.asking
    referral = next(row for row in reads.referrals(app.supervisor, walk.case_id) if row["agency_id"] == "rsud-muaradua")
    (notification,) = reads.notifications(app.supervisor, walk.case_id)
    summary, other = (str(row["subject_id"]) for row in app.log(walk.case_id, ["LetterIssued"]))
    asked = {"referral_id": str(referral["id"]), "letter_id": summary}
    told = {"notification_id": str(notification["id"]), "letter_id": other}
    for by, ids, path in (
        (asking.ask, asked, f"{V1}/referrals/{{referral_id}}/letters/{{letter_id}}"),
        (asking.ask, told, f"{V1}/notifications/{{notification_id}}/letters/{{letter_id}}"),
        (asking.visit, asked, "/referrals/{referral_id}/letters/{letter_id}"),
    ):
        answer = await by(app.supervisor, "GET", path, ids)
        assert answer.status_code == 200, (path, answer.text)


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


async def keep_and_ask(walk: Walk) -> None:
    """Held, released, asked to be erased and not; its file given out."""
    app, word = walk.app, walk.cage.word
    for name, kind in (("hold_records", c.HoldRecords), ("release_records", c.ReleaseRecords)):
        await walk.give(name, app.head, kind.model_validate({"reason": word()}))
    await walk.give("ask_erasure", app.supervisor, c.AskErasure.model_validate({"reason": word()}))
    returned = c.DecideErasure.model_validate({"decision": "return", "reason": word()})
    await walk.give("decide_erasure", app.head, returned)
    given = c.GiveAccess.model_validate({"given_to": "self", "reason": word()})
    walk.cage.look(given)
    body, where = given.model_dump(mode="json", exclude_unset=True), {"case_id": walk.case_id}
    answer = await walk.asking.ask(app.head, "POST", f"{V1}/cases/{{case_id}}/subject-access", where, json=body)
    assert answer.status_code == 200, answer.text


async def end(walk: Walk, other: str) -> None:
    """Closed, reopened, offered elsewhere, and ended as a duplicate."""
    app, word = walk.app, walk.cage.word
    closing = {"reason": "client_request", "client_informed": True, "note": word()}
    for decision in ("return", "approve"):
        await walk.give("request_closure", app.caseworker, c.RequestClosure.model_validate(closing))
        body = {"decision": decision, "reason": word()}
        await walk.refused("decide_closure", app.caseworker, c.DecideClosure.model_validate(body))
        await walk.give("decide_closure", app.supervisor, c.DecideClosure.model_validate(body))
    await keep_and_ask(walk)
    await walk.give("reopen", app.supervisor, c.ReopenCase.model_validate({"reason": word()}))
    offer = c.TransferCase.model_validate({"to_agency_id": ELSEWHERE, "reason": word(), "consent": True})
    await walk.give("transfer", app.supervisor, offer)
    receiver = app.actor("supervisor2", Role.SUPERVISOR, ELSEWHERE)
    declined = c.DecideTransfer.model_validate({"decision": "decline", "reason": word()})
    await walk.give("decide_transfer", receiver, declined)
    same = c.MarkDuplicate.model_validate({"of_case_id": other, "reason": word()})
    await walk.give("mark_duplicate", app.supervisor, same)
