"""Issuing a letter: read what is disclosed, number it, draw it, and give the command that keeps it.

It is made of the case as it stands at one revision, and kept only where the case stands there still.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool

from casework.commands import IssueLetter, LetterEntry
from casework.errors import (
    AlreadyDecidedError,
    ForbiddenError,
    IdempotencyKeyReusedError,
    InvalidInputError,
    RevisionConflictError,
)
from casework.models.codes import FileType, LetterKind
from casework.models.people import Actor
from casework.models.state import Receipt
from casework.ports import SealedFile
from casework.rules.disclosing import discloses, tells
from casework.rules.letters import ENDED, common
from casework.rules.step import RULES
from starter.asking import Asking
from web.api.cases import CaseReading
from web.api.disclosed import Disclosed
from web.api.files import sealer_for
from web.api.problems import entry
from web.api.records import NO_GROUND
from web.api.texts import Row, Texts, may_read
from web.api.writes import check_say
from web.letters.paper import About, number_of, paper
from web.letters.pdf import drawn
from web.site import Site

TRIES = 3
"""How often a letter is made anew because its case moved on meanwhile."""


@dataclass(frozen=True)
class Content:
    """What a letter is about, to whom it goes, and the parts that its reader is shown."""

    to: tuple[str, ...]
    parts: dict[str, Any]
    service: str = ""
    urgency: str = ""
    due_at: datetime | None = None
    reference: str | None = None


class Letters:
    """Writes letters for who may read the content of a case."""

    def __init__(self, site: Site, texts: Texts, cases: CaseReading) -> None:
        self._site = site
        self._cases = cases
        self._desk = site.desk
        self._texts = texts
        self._zone = ZoneInfo(site.desk.office.timezone)
        self._names = {each.id: each.name for each in site.agencies}

    async def issue(self, ask: Asking, asked: LetterEntry) -> Receipt:
        """Issue it, once for its key; a repeat gets the first receipt. Drawing takes its time, so each account has
        so many a minute."""
        for again in reversed(range(TRIES)):
            case = await run_in_threadpool(self._case, ask.actor, ask.case_id)
            if before := await run_in_threadpool(self._before, ask, asked):
                return before
            if again == TRIES - 1:
                await run_in_threadpool(self._site.signin.throttle.costly, "letter", ask.actor.account_id)
            revision = ask.revision if ask.revision is not None else case["revision"]
            body, file = await run_in_threadpool(self._made, ask, asked, case)
            now = Asking(ask.actor, ask.case_id, ask.key, revision)
            try:
                return await self._site.cases.issue_letter(now, body, file)
            except RevisionConflictError:
                if ask.revision is not None or not again:
                    raise
        raise AssertionError("the last try returns or raises")

    def _case(self, actor: Actor, case_id: str) -> Row:
        """The case, for who may write about it."""
        case = self._cases.visible(actor, case_id)
        check_say(actor, case, IssueLetter)
        if actor.role not in RULES[IssueLetter].roles:
            raise ForbiddenError("Your role may not give this command.")
        if not may_read(actor, case):
            raise ForbiddenError(NO_GROUND)
        return case

    def _before(self, ask: Asking, asked: LetterEntry) -> Receipt | None:
        """The receipt of the same letter, where this key has one. What the letter says may have changed since."""
        receipt = self._desk.reads.receipt(ask.actor, self._desk.command_id(ask)) if ask.key else None
        if receipt is None:
            return None
        event = self._desk.reads.event(ask.actor, receipt.command_id)
        same = {name: (event or {"body": {}})["body"].get(name) for name in LetterEntry.model_fields}
        if receipt.case_id != ask.case_id or same != asked.model_dump(mode="json"):
            raise IdempotencyKeyReusedError("This key was used for another request.")
        return receipt

    def _made(self, ask: Asking, asked: LetterEntry, case: Row) -> tuple[IssueLetter, SealedFile]:
        content = self._content(ask.actor, asked, case)
        now = self._desk.office.now()
        year = now.astimezone(self._zone).year
        given = self._desk.letters.number(self._desk.command_id(ask), case["agency_id"], year, now)
        about = About(
            kind=asked.kind,
            language=asked.language,
            sequence=given.sequence,
            at=given.at,
            office_id=case["agency_id"],
            office=self._name(case["agency_id"]),
            to=content.to,
            case_number=case["number"],
            service=content.service,
            urgency=content.urgency,
            due_at=content.due_at,
            reference=content.reference,
        )
        file, digest = self._sealed(case["id"], drawn(paper(about, content.parts, self._zone)))
        own = {"number": number_of(about, self._zone), "size": file.size, "content": digest}
        return IssueLetter.model_validate({**asked.model_dump(), **own}), file

    def _sealed(self, case_id: str, letter: bytes) -> tuple[SealedFile, str]:
        sealer = sealer_for(self._desk, case_id)
        pieces = [*sealer.add(letter), sealer.end()]
        file = SealedFile(sealer.document_id, FileType.PDF, sealer.size, len(pieces), lambda: iter(pieces))
        return file, sealer.content

    # ---- what each kind says

    def _content(self, actor: Actor, asked: LetterEntry, case: Row) -> Content:
        match asked.kind:
            case LetterKind.CASE_SUMMARY:
                return self._of_case(actor, asked, case)
            case LetterKind.POLICE_NOTIFICATION:
                return self._of_notification(actor, asked, case)
            case _:
                return self._of_referral(actor, asked, case)

    def _of_referral(self, actor: Actor, asked: LetterEntry, case: Row) -> Content:
        row = self._desk.reads.referral(actor, asked.about_id or "")
        if row is None or row["case_id"] != case["id"]:
            raise _unknown()
        if not discloses(row, self._desk.office.now()):
            raise AlreadyDecidedError(ENDED)
        return Content(
            to=(self._name(row["agency_id"]),),
            parts=self._parts(actor, case, row),
            service=row["service"],
            urgency=row["urgency"],
            due_at=row["answer_due_at"],
        )

    def _of_notification(self, actor: Actor, asked: LetterEntry, case: Row) -> Content:
        row = self._desk.reads.notification(actor, asked.about_id or "")
        if row is None or row["case_id"] != case["id"]:
            raise _unknown()
        if not tells(row, self._desk.office.now()):
            raise AlreadyDecidedError(ENDED)
        return Content(
            to=(self._name(row["agency_id"]),), parts=self._parts(actor, case, row), reference=row["reference"]
        )

    def _of_case(self, actor: Actor, asked: LetterEntry, case: Row) -> Content:
        """What every participant is shown; the office itself is told nothing new."""
        rows = self._desk.reads.referrals(actor, case["id"])
        others = [agency_id for agency_id in asked.agencies if agency_id != case["agency_id"]]
        shown = (tuple(self._shown_to(actor, agency_id, rows, case)) for agency_id in others)
        return Content(to=tuple(map(self._name, asked.agencies)), parts=common(shown))

    def _shown_to(self, actor: Actor, agency_id: str, rows: list[Row], case: Row) -> Iterator[dict[str, Any]]:
        now = self._desk.office.now()
        for row in rows:
            if row["agency_id"] == agency_id and discloses(row, now):
                yield self._parts(actor, case, row)

    def _parts(self, actor: Actor, case: Row, row: Row) -> dict[str, Any]:
        return Disclosed(self._texts.read_by(actor), case, row["id"]).parts(row["disclose"])

    def _name(self, agency_id: str) -> str:
        return self._names.get(agency_id, agency_id)


def _unknown() -> InvalidInputError:
    errors = [entry("/about_id", "unknown", "A referral or notification of this case.")]
    return InvalidInputError("There is nothing of that kind to write about.", errors=errors)
