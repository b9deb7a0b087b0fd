"""What was recorded on a case, oldest first, in the shape it was written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute

from casework.errors import ForbiddenError, NotFoundError
from casework.events import EventKind
from casework.models.codes import PlanStatus
from casework.models.people import Actor, Role
from casework.ports import KeptFile
from casework.rules.disclosing import discloses
from web.api.answers import Document, Page, Recorded
from web.api.cases import CaseReading
from web.api.disclosed import Disclosed
from web.api.door import Door, given_id
from web.api.files import sent_file
from web.api.holds import OF_HOLDS, released
from web.api.lists import Pages, cut
from web.api.routing import V1, Endpoint, read, read_list
from web.api.texts import Read, Row, Texts, may_read
from web.site import Site


@dataclass(frozen=True)
class Records:
    """`GET /cases/{case_id}/{path}`: the facts of one kind."""

    path: str
    kind: EventKind
    summary: str


RECORDS: tuple[Records, ...] = (
    Records("intake", EventKind.CASE_OPENED, "The report that opened a case"),
    Records("assessments", EventKind.ASSESSMENT_RECORDED, "Assessments"),
    Records("plans", EventKind.PLAN_PROPOSED, "Plans, with their status"),
    Records("notifications", EventKind.NOTIFICATION_MADE, "Mandatory notifications of a case"),
    Records("services", EventKind.SERVICE_RECORDED, "Services given"),
    Records("follow-ups", EventKind.FOLLOW_UP_RECORDED, "Follow-ups"),
    Records("conferences", EventKind.CONFERENCE_RECORDED, "Case conferences"),
    Records("milestones", EventKind.MILESTONE_RECORDED, "Facts from outside"),
    Records("holds", EventKind.CLOCK_HELD, "Clocks put on hold"),
    Records("reports", EventKind.REPORT_ADDED, "Further reports"),
    Records("documents", EventKind.DOCUMENT_ADDED, "Files of a case"),
    Records("letters", EventKind.LETTER_ISSUED, "Letters of a case"),
    Records("reviews", EventKind.REVIEW_RECORDED, "Reviews by a supervisor"),
)
NO_GROUND = "Your role sees this case, but not its content."
Since = Mapping[str, Mapping[str, Any]]
PLANS = (EventKind.PLAN_PROPOSED, EventKind.PLAN_APPROVED, EventKind.PLAN_RETURNED)
STATUS = dict(zip(PLANS, (PlanStatus.PROPOSED, PlanStatus.APPROVED, PlanStatus.RETURNED), strict=True))


class RecordReading:
    """Reads content, for readers who have a ground to."""

    def __init__(self, site: Site, door: Door, texts: Texts, cases: CaseReading) -> None:
        self._desk = site.desk
        self._reads = site.desk.reads
        self._door = door
        self._texts = texts
        self._cases = cases

    def routes(self) -> list[APIRoute]:
        """One list for each kind, and the sealed texts one by one."""
        one = f"{V1}/cases/{{case_id}}"
        lists = [read_list(f"{one}/{r.path}", self._list(r), Recorded, r.summary) for r in RECORDS]
        return [
            *lists,
            read(f"{one}/documents/{{document_id}}", self._document(), Document, "A file, or one sealed text"),
        ]

    def _list(self, records: Records) -> Endpoint:
        actor_ = Depends(self._door.actor)

        def list_records(case_id: str, query: Annotated[Pages, Query()], actor: Actor = actor_) -> Any:
            self.check_ground(actor, given_id(case_id))
            texts = self._texts.read_by(actor)
            since = self._since(texts, records.kind, case_id)
            rows, following = cut(texts.rows(case_id, (records.kind,)), query)
            items = tuple(_recorded(texts, row, since) for row in rows)
            return Page[Recorded](items=items, next_cursor=following)

        return list_records

    def _document(self) -> Endpoint:
        actor_ = Depends(self._door.actor)

        def show_document(case_id: str, document_id: str, actor: Actor = actor_) -> Any:
            row, file = self._found(actor, given_id(case_id), given_id(document_id))
            if file:
                return sent_file(self._desk, actor, case_id, file)
            texts = self._texts.read_by(actor).of_document(row["id"], document_id)
            if texts is None:
                raise NotFoundError("There is no such document.")
            return Document(id=document_id, texts=texts)

        return show_document

    def file(self, actor: Actor, case_id: str, document_id: str) -> StreamingResponse:
        """A file or letter, for who has a ground to read it; raises NotFoundError for what is none."""
        _, file = self._found(actor, case_id, document_id)
        if file is None:
            raise NotFoundError("There is no such file.")
        return sent_file(self._desk, actor, case_id, file)

    def recorded(self, actor: Actor, case_id: str, kind: EventKind) -> tuple[Recorded, ...]:
        """The facts of one kind, for who may read the content of the case; nothing for anybody else."""
        if not may_read(actor, self._cases.visible(actor, case_id)):
            return ()
        texts = self._texts.read_by(actor)
        return tuple(_recorded(texts, row, {}) for row in texts.rows(case_id, (kind,)))

    def _found(self, actor: Actor, case_id: str, document_id: str) -> tuple[Row, KeptFile | None]:
        """The case, and the file of that id where it is one; raises ForbiddenError where there is no ground."""
        row = self._cases.visible(actor, case_id)
        file = self._desk.files.find(actor, case_id, document_id)
        if not may_read(actor, row) and not (file and self._disclosed(actor, row, document_id)):
            raise ForbiddenError(NO_GROUND)
        return row, file

    def check_ground(self, actor: Actor, case_id: str) -> None:
        """Refuse who may not read the content of a case; raises NotFoundError for a case that is not seen."""
        row = self._cases.visible(actor, case_id)
        if not may_read(actor, row):
            raise ForbiddenError(NO_GROUND)

    def _disclosed(self, actor: Actor, case: Row, document_id: str) -> bool:
        """Whether a referral shows the reader's agency a file, as long as it shows anything."""
        if actor.role is not Role.AGENCY_OFFICER:
            return False
        now = self._desk.office.now()
        live = [each for each in self._reads.referrals(actor, case["id"]) if discloses(each, now)]
        texts = self._texts.read_by(actor)
        return any(document_id in Disclosed(texts, case, each["id"]).files(each["disclose"]) for each in live)

    def _since(self, texts: Read, kind: EventKind, case_id: str) -> Since:
        """What has become of each since it was written, by its id: the status of plans, the end of holds."""
        if kind is EventKind.PLAN_PROPOSED:
            # Of several rows about a plan the last one tells.
            rows = texts.rows(case_id, PLANS)
            return {row["subject_id"]: {"status": STATUS[EventKind(row["kind"])]} for row in rows}
        if kind is EventKind.CLOCK_HELD:
            ends = released(texts.rows(case_id, OF_HOLDS), self._reads.deadlines(texts.reader, case_id))
            return {id_: {"released_at": at} for id_, at in ends.items()}
        return {}


def _recorded(texts: Read, row: Row, since: Since) -> Recorded:
    id_ = row["subject_id"] or row["command_id"]
    own = {"id": id_, "by": row["account_id"], **since.get(id_, {})}
    return Recorded.model_validate({"at": row["at"], **texts.body(row), **own})
