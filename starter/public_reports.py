"""The desk for reports of the public: it takes them, and does what their office decides about them.

Each decision is kept first, once: with the opening of a case in the inbox, or before an addition is given. What follows
from it is `starter.settling`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from casework.commands import AddReport, OpenCase
from casework.errors import (
    AlreadyDecidedError,
    BrokenStepError,
    IdempotencyKeyReusedError,
    InvalidInputError,
    NotFoundError,
    UnknownCaseError,
)
from casework.ids import new_id, receipt_number
from casework.models.base import Model
from casework.models.codes import Channel
from casework.models.notice import Language
from casework.models.people import Actor
from casework.models.public_form import PublicForm
from casework.models.public_report import AddTo, CloseReport, Decision, Outcome, PublicEntry, Taken
from casework.models.state import Receipt
from casework.rules.opening import problem
from casework.rules.permitted import check_role, refusal
from casework.rules.public_reports import check_said, due_at, office_of, told
from casework.vault.errors import KeyMissingError
from starter.asking import Asking
from starter.cases import Cases
from starter.desk import Desk
from starter.settling import Settling, entry_of

TRIES = 5
"""How often a number is drawn that was given before: there are ten million."""
LONGEST = 20_000
"""Of a narrative, as of every text."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class PublicDesk:
    """What is not awaited may block."""

    desk: Desk
    cases: Cases

    @property
    def form(self) -> PublicForm:
        """What stands on the form."""
        return self.desk.office.public_form

    @property
    def settling(self) -> Settling:
        """What follows from decisions."""
        return Settling(self.desk, self.cases)

    # ---- taking

    def sent_as(self, token: str, entry: PublicEntry) -> str:
        """What a repeat is known by: the form that was given out, and what was written in it."""
        return self.desk.ids.command_id("public", f"{token} {entry.model_dump_json()}")

    def take(self, sent_as: str, entry: PublicEntry, language: Language, place: str) -> str:
        """Seal a report under a key of its own and keep it for its office; the number to quote.

        A repeat gets the number of the first. Raises InvalidInputError where it does not say what happened.
        """
        check_said(entry)
        report_id = new_id()
        self.desk.vault.create_key(report_id)
        _, sealed = self.desk.vault.seal(report_id, report_id, entry.model_dump_json().encode())
        for _ in range(TRIES):
            report = self._taken(report_id, sent_as, entry, language, place, sealed)
            if kept := self.desk.public_reports.take(report):
                if kept != report.number:
                    self.desk.vault.destroy_key(report_id)
                return kept
        raise BrokenStepError("No number was free. Send it again.")

    def _taken(
        self, report_id: str, sent_as: str, entry: PublicEntry, language: Language, place: str, sealed: bytes
    ) -> Taken:
        now = self.desk.office.now()
        return Taken(
            id=report_id,
            number=receipt_number(),
            sent_as=sent_as,
            agency_id=office_of(entry, self.form, self.desk.office.lead_agency_id),
            language=language,
            area=next((area.name for area in self.form.areas if area.name == entry.area), None),
            place=next((each.code for each in self.form.places if each.code == place), None),
            taken_at=now,
            due_at=due_at(self.form, now),
            sealed=sealed,
        )

    # ---- reading

    def entry(self, row: Row) -> PublicEntry | None:
        """What a report says; None where it is settled."""
        return entry_of(self.desk, row)

    def reason(self, row: Row) -> str | None:
        """Why it was not confirmed, as long as that is kept."""
        try:
            return (
                self.desk.vault.open(row["id"], _reason_of(row["id"]), row["reason"]).decode()
                if row["reason"]
                else None
            )
        except KeyMissingError:
            return None

    # ---- the three ways

    async def open(self, ask: Asking, report_id: str, body: OpenCase) -> Receipt:
        """Open a case of a report, as of the time that it came, with all that it says in the narrative.

        Raises Queued as `Cases.open`.
        """
        ask = Asking(ask.actor, key=ask.key or new_id(), subject_id=report_id)
        row, decision, again = await asyncio.to_thread(self._decision, ask, "open", body, Outcome.OPENED)
        answered = await asyncio.to_thread(self.desk.reads.receipt, ask.actor, decision.under) if again else None
        if answered:
            return answered
        entry = await asyncio.to_thread(self.entry, row)
        if entry is None:
            raise AlreadyDecidedError("Somebody has decided about this report already; look at it again.")
        try:
            return await self.cases.open(ask, _with_report(body, row, told(entry, row["number"], self.form)), decision)
        finally:
            await self.settling.finish(report_id)

    async def add(self, ask: Asking, report_id: str, body: AddTo) -> None:
        """Add a report to a case; while the engine is away it is kept, and added when that is back."""
        ask = Asking(ask.actor, key=ask.key or new_id(), subject_id=report_id)
        _, decision, again = await asyncio.to_thread(self._decision, ask, "add", body, Outcome.ADDED)
        if not again:
            case_id = await asyncio.to_thread(self._case, ask.actor, body.number)
            named = {"case_id": case_id, "new_incident": body.new_incident}
            await asyncio.to_thread(self.desk.public_reports.decide, decision.model_copy(update=named))
        await self.settling.finish(report_id)

    def close(self, ask: Asking, report_id: str, body: CloseReport) -> None:
        """Close a report as not confirmed."""
        ask = Asking(ask.actor, key=ask.key or new_id(), subject_id=report_id)
        _, decision, again = self._decision(ask, "close", body, Outcome.NOT_CONFIRMED)
        if not again:
            _, sealed = self.desk.vault.seal(report_id, _reason_of(report_id), body.reason.encode())
            self.desk.public_reports.decide(decision.model_copy(update={"reason": sealed}))

    def _decision(self, ask: Asking, name: str, body: Model, outcome: Outcome) -> tuple[Row, Decision, bool]:
        """The report, what is to be kept about it, and whether that is kept already.

        Raises NotFoundError for another office's, AlreadyDecidedError where something else was decided.
        """
        report_id = str(ask.subject_id)
        row = self.desk.public_reports.one(ask.actor, report_id)
        if row is None:
            raise NotFoundError("There is no such report.")
        keyed = self.desk.keyed(ask, f"public_report_{name}", body)
        again = row["decided_under"] == keyed.command_id
        if again and row["decided_digest"] != keyed.body_digest:
            raise IdempotencyKeyReusedError("This key was used for another request.")
        if row["outcome"] and not again:
            raise AlreadyDecidedError("Somebody has decided about this report already; look at it again.")
        now = self.desk.office.now()
        kept = {"under": keyed.command_id, "digest": keyed.body_digest}
        return row, Decision(report_id=report_id, outcome=outcome, at=now, by=ask.actor, **kept), again

    def _case(self, actor: Actor, number: str) -> str:
        """The case of a number that a report may be added to."""
        check_role(actor, AddReport)
        case_id = self.desk.reads.case_id_of_number(actor, number)
        case = self.desk.reads.case(actor, case_id) if case_id else None
        if case is None:
            raise UnknownCaseError("You see no case of this number.")
        if why := refusal(actor, case, AddReport):
            raise why("A report can be added to an open case of your own office.")
        return str(case["id"])


def _with_report(body: OpenCase, row: Row, words: str) -> OpenCase:
    """The opening as of the report: its channel, its time, and its words after those of who opens it."""
    narrative = "\n\n".join(filter(None, (body.narrative, words)))
    if len(narrative) > LONGEST:
        errors = [problem("/narrative", "too_long", "With the report it is too long.")]
        raise InvalidInputError("The narrative is too long; see its pointer.", errors=errors)
    update = {"channel": Channel.COMMUNITY, "reported_at": row["taken_at"], "narrative": narrative}
    return body.model_copy(update=update)


def _reason_of(report_id: str) -> str:
    return f"{report_id}.reason"
