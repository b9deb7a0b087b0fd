"""What commands come to, made up for tests of the store."""

from datetime import UTC, datetime, timedelta
from typing import Any

from casework.commands import SealedDocument
from casework.db.documents import SqlDocuments
from casework.events import CaseEvent, EventKind, Recording
from casework.ids import case_number, new_id
from casework.models.codes import ClientKind, NotificationKind, Part, ReferralStatus, Sex, Stage, Status, Urgency
from casework.models.notice import Notice, NoticeKind, Recipient
from casework.models.pathway import Category, ClockKind, Risk, Service
from casework.models.people import Actor, Role
from casework.models.state import CaseRow, ClientFacts, Deadline, Notification, Owner, Referral

OPENED = datetime(2026, 5, 21, 10, tzinfo=UTC)
OFFICE = "dinas"
CASEWORKER = Actor(account_id="caseworker", role=Role.CASEWORKER, agency_id=OFFICE)
SUPERVISOR = Actor(account_id="supervisor", role=Role.SUPERVISOR, agency_id=OFFICE)
POLICE = Actor(account_id="police", role=Role.AGENCY_OFFICER, agency_id="polres")
_numbers = iter(range(1, 10**6))


def case_row(**changes: Any) -> CaseRow:
    """A case as its opening leaves it."""
    case: dict[str, Any] = {
        "id": new_id(),
        "number": case_number("OKUS", 2026, next(_numbers)),
        "status": Status.OPEN,
        "stage": Stage.INTAKE,
        "categories": (Category.TRAFFICKING,),
        "risk": Risk.HIGH,
        "revision": 1,
        "agency_id": OFFICE,
        "assigned_to": None,
        "opened_by": CASEWORKER.account_id,
        "reported_by_agency": None,
        "opened_at": OPENED,
        "reported_at": OPENED - timedelta(hours=1),
        "closed_at": None,
        "due_at": OPENED + timedelta(hours=1),
        "stalls_at": OPENED + timedelta(hours=1),
        "urgency": 0,
        "pathways": ((Category.TRAFFICKING, 1),),
        "links": (),
        "client": ClientFacts(kind=ClientKind.CHILD, sex=Sex.FEMALE, age_band="10-17", subdistrict="Muaradua"),
        "violence_types": (),
        "place": None,
    }
    return CaseRow(**{**case, **changes})


def event(case: CaseRow, kind: EventKind, **changes: Any) -> CaseEvent:
    """The fact that left a case so."""
    fact: dict[str, Any] = {
        "case_id": case.id,
        "sequence": case.revision,
        "kind": kind,
        "at": OPENED + timedelta(minutes=case.revision),
        "actor": CASEWORKER,
        "command_id": new_id(),
        "body_digest": "d" * 64,
        "body": {"channel": "walk_in", "age_years": 15, "links": [], "narrative": None},
    }
    return CaseEvent(**{**fact, **changes})


def opening(*, document: SealedDocument | None = None, **changes: Any) -> Recording:
    """An opening, with what openings come with."""
    case = case_row(**changes)
    return Recording(
        case=case,
        event=event(case, EventKind.CASE_OPENED, document=document),
        deadlines=(deadline("first_contact"), deadline("assignment")),
        notices=(notice(case),),
    )


def following(before: Recording, kind: EventKind = EventKind.CASE_ASSIGNED, **more: Any) -> Recording:
    """The next thing that happens to a case. `case` changes its row, `event` the fact; the rest is what hangs on it."""
    changes = {"revision": before.case.revision + 1, **more.pop("case", {})}
    case = before.case.model_copy(update=changes)
    return Recording(case=case, event=event(case, kind, **more.pop("event", {})), **more)


def deadline(kind: str, **changes: Any) -> Deadline:
    """A running deadline."""
    start = {"id": kind, "kind": kind, "class_": "local", "owner": Owner(role="supervisor"), "clock": ClockKind.H}
    start |= {"basis": "reported", "ladder": "office", "reason": "overdue", "armed_at": OPENED}
    return Deadline(**{**start, "since": OPENED, "due_at": OPENED + timedelta(hours=24), **changes})


def notice(case: CaseRow, **changes: Any) -> Notice:
    """A notice to the office's supervisors."""
    told = {"id": new_id(), "case_id": case.id, "case_number": case.number, "kind": NoticeKind.CASE_OPENED}
    to = Recipient(agency_id=case.agency_id, role=Role.SUPERVISOR)
    return Notice(**{**told, "recipient": to, "created_at": case.opened_at, **changes})


def referral(**changes: Any) -> Referral:
    """A referral to the police, sent."""
    asked: dict[str, Any] = {
        "id": new_id(),
        "agency_id": POLICE.agency_id,
        "service": Service.POLICE,
        "urgency": Urgency.URGENT,
        "status": ReferralStatus.SENT,
        "disclose": (Part.IDENTITY, Part.NARRATIVE),
        "asked_by": CASEWORKER.account_id,
        "sent_at": OPENED,
        "reference": "B/12",
        "revision": 1,
    }
    return Referral(**{**asked, **changes})


def notification(**changes: Any) -> Notification:
    """A notification to the police."""
    told = {"id": new_id(), "kind": NotificationKind.POLICE, "agency_id": POLICE.agency_id, "made_at": OPENED}
    return Notification(**{**told, **changes})


def sealed(documents: SqlDocuments, case_id: str) -> SealedDocument:
    """A document put away as pending."""
    document = SealedDocument(id=new_id(), digest="a" * 64)
    documents.put_pending(document.id, case_id, new_id(), document.digest, b"sealed")
    return document
