"""Every imperative a person or system may give. The body of each is what the public contract says.

A body is sealed before it travels: texts marked `Sealed` stay in the vault, and an `Order` carries the body
with those texts blanked, the id and digest of the sealed document, and who gives the order.
"""

from datetime import date
from typing import Annotated, Generic, TypeVar

from pydantic import Field

from casework.models.base import Code, Id, Instant, Model, Reference, SealedText
from casework.models.codes import (
    Answer,
    Channel,
    ClosureReason,
    ConsentGiver,
    ConsentScope,
    DocumentKind,
    FileType,
    LetterKind,
    LinkRelation,
    Method,
    NotificationKind,
    OverrideDecision,
    OverrideGround,
    Part,
    Place,
    PlanDecision,
    TransferDecision,
    Urgency,
    ViolenceType,
)
from casework.models.notice import Language
from casework.models.parts import (
    Client,
    ConferenceDecision,
    Consent,
    LeftOpen,
    Link,
    Perpetrator,
    PlannedService,
    RecordedFrom,
    ReferralConsent,
    Reporter,
    SealedItem,
    SealedShort,
    WaivedService,
)
from casework.models.pathway import Category, Pathway, Risk, Service
from casework.models.people import Actor


class Command(Model):
    """The body of one imperative."""


class OpenCase(Command):
    channel: Channel
    reported_at: Instant
    incident_at: Instant | None = None
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]
    risk: Risk = Risk.UNASSESSED
    reporter: Reporter
    client: Client
    alleged_perpetrators: tuple[Perpetrator, ...] = ()
    consent: Consent | None = None
    narrative: SealedText = None
    links: tuple[Link, ...] = ()


class AssignCase(Command):
    caseworker_id: Id


class RecordAssessment(Command):
    risk: Risk
    needs: tuple[Service, ...] = ()
    findings: tuple[Code, ...] = ()
    categories_added: tuple[Category, ...] = ()
    violence_types: tuple[ViolenceType, ...] = ()
    place: Place | None = None
    safety_plan: SealedText | bool = None
    narrative: SealedText = None
    method: Method | None = None


class ProposePlan(Command):
    goals: tuple[SealedItem, ...] = ()
    services: tuple[PlannedService, ...] = ()


class DecidePlan(Command):
    decision: PlanDecision
    reason: SealedText = None
    waived: tuple[WaivedService, ...] = ()


class Notify(Command):
    kind: NotificationKind
    agency_id: Id | None = None
    made_at: Instant | None = None
    reference: Reference | None = None
    explained_to_client: bool | None = None
    objection: SealedText | bool = None


class ReceiveNotification(Command):
    reference: Reference | None = None


class RecordMilestone(Command):
    kind: Code
    at: Instant
    agency_id: Id | None = None
    reference: Reference | None = None
    note: SealedText = None


class RecordReview(Command):
    risk: Risk | None = None
    note: SealedText = None


class ReferCase(Command):
    agency_id: Id
    service: Service
    urgency: Urgency = Urgency.ROUTINE
    disclose: tuple[Part, ...] = ()
    consent: ReferralConsent | None = None
    reason: SealedText = None


class DecideOverride(Command):
    decision: OverrideDecision
    reason: SealedText = None


class AnswerReferral(Command):
    answer: Answer
    reason: SealedText = None
    reference: Reference | None = None
    recorded_from: RecordedFrom | None = None


class ReportProgress(Command):
    kind: Code
    at: Instant
    reference: Reference | None = None
    next_on: date | None = None
    note: SealedText = None
    recorded_from: RecordedFrom | None = None


class CompleteReferral(Command):
    outcome: Code
    reference: Reference | None = None
    note: SealedText = None
    recorded_from: RecordedFrom | None = None


class RevokeReferral(Command):
    reason: SealedText = None


class RecordService(Command):
    service: Service
    agency_id: Id | None = None
    at: Instant
    note: SealedText = None


class RecordFollowUp(Command):
    at: Instant
    method: Method | None = None
    reached: bool
    note: SealedText = None
    risk: Risk | None = None
    next_on: date | None = None


class RecordConference(Command):
    at: Instant
    called_by: Id | None = None
    participants: tuple[Id, ...] = ()
    decisions: tuple[ConferenceDecision, ...] = ()


class AmendClient(Command):
    client: Client | None = None
    reporter: Reporter | None = None
    alleged_perpetrators: tuple[Perpetrator, ...] | None = None
    consent: Consent | None = None
    reason: SealedText = None


class AddReport(Command):
    channel: Channel
    reported_at: Instant
    reporter: Reporter
    narrative: SealedText = None
    new_incident: bool = False


class AddDocument(Command):
    """A file. Its content is sealed beside its texts; what stands here in the clear was found out, not claimed."""

    kind: DocumentKind
    title: SealedShort = None
    name: SealedShort = None
    """What its sender calls it."""
    type: FileType
    size: Annotated[int, Field(gt=0)]
    content: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """The keyed digest of what is kept of it."""


class LetterEntry(Command):
    """A letter to be written: about a referral or a notification, or for the agencies of a conference."""

    kind: LetterKind
    about_id: Id | None = None
    """The referral or notification that it speaks of; a summary speaks of the case."""
    agencies: tuple[Id, ...] = ()
    """Who sits at the conference that a summary is for."""
    language: Language = "id"


class IssueLetter(LetterEntry):
    """It, written: made of what was disclosed, and sealed as it was sent."""

    number: Reference
    size: Annotated[int, Field(gt=0)]
    content: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """The keyed digest of the letter."""


class SetLocation(Command):
    """Where the client is now. Sealed apart from everything else of the case, under a key of its own."""

    name: SealedShort = None
    """Of the house, the shelter, the school, the person."""
    address: SealedText = None
    phone: SealedShort = None
    note: SealedText = None


class HoldClock(Command):
    deadline_ids: Annotated[tuple[Id, ...], Field(min_length=1)]
    reason: SealedText = None
    until: Instant


class ReleaseClock(Command):
    """Ends a hold; the hold is the order's subject."""


class RequestClosure(Command):
    reason: ClosureReason
    client_informed: bool = False
    left_open: tuple[LeftOpen, ...] = ()
    note: SealedText = None


class DecideClosure(Command):
    decision: PlanDecision
    reason: SealedText = None


class ReopenCase(Command):
    reason: SealedText = None


class TransferCase(Command):
    to_agency_id: Id
    reason: SealedText = None
    consent: bool | None = None
    override_ground: OverrideGround | None = None


class DecideTransfer(Command):
    decision: TransferDecision
    reason: SealedText = None
    recorded_from: RecordedFrom | None = None


class MarkDuplicate(Command):
    of_case_id: Id
    reason: SealedText = None


class LinkCases(Command):
    case_id: Id
    relation: LinkRelation


class WithdrawConsent(Command):
    scope: ConsentScope
    by: ConsentGiver | None = None
    giver_suspected: bool | None = None
    agency_id: Id | None = None


class SendReminder(Command):
    deadline_id: Id
    note: SealedText = None


class EscalateCase(Command):
    deadline_id: Id
    note: SealedText = None


class HoldRecords(Command):
    """A legal hold: the case is kept whatever its time."""

    reason: SealedText = None


class ReleaseRecords(Command):
    reason: SealedText = None


class AskErasure(Command):
    reason: SealedText = None


class DecideErasure(Command):
    decision: PlanDecision
    reason: SealedText = None


class GiveAccess(Command):
    """The client's own file is given out, with the trail of its processing (UU 27/2022 art. 32)."""

    given_to: ConsentGiver
    giver_suspected: bool | None = None
    reason: SealedText = None


class Lapse(Command):
    """Given by the engine itself, never by a person: a step of a ladder whose time has come."""

    deadline_id: Id
    kind: Code
    action: Code
    to: Id
    rung: int
    due_at: Instant


class TakenClock(Model):
    """A clock of a case that ended as a duplicate: what it is, and since when it ran there."""

    kind: Code
    category: Category | None = None
    since: Instant


class TakeOverClocks(Command):
    """Given by the engine itself: the surviving case takes the earlier start of every clock."""

    command_id: Id
    duplicate_id: Id
    clocks: tuple[TakenClock, ...]


OF_RECORDS = (HoldRecords, ReleaseRecords, AskErasure, DecideErasure, GiveAccess)
"""What is done with the records of a case, wherever it is worked on."""

C = TypeVar("C", bound=Command)


class SealedDocument(Model):
    """A sealed document by id and digest; never its content."""

    id: Id
    digest: str


class Order(Model, Generic[C]):
    """One command on its way to a case."""

    command_id: Id
    body_digest: str
    actor: Actor
    body: C
    new_id: Id
    """The id of what the command may make: a referral, plan, notification or hold."""
    subject_id: Id | None = None
    """The referral, notification or hold it speaks of, where it speaks of one."""
    revision: int | None = None
    document: SealedDocument | None = None
    texts: tuple[str, ...] = ()
    """JSON pointers of the texts that were given, so that rules can ask for a reason without reading it."""
    pathways: tuple[Pathway, ...] = ()
    """The pathways of categories the command may add, as data."""
    facts: dict[str, bool | int | str] = Field(default_factory=dict)
    """What the desk looked up for the rules: the caseworker's office, whether an agency leads cases, and the like."""

    related: tuple[Id, ...] = ()
    """Accounts with a telephone number of somebody whom the body names as suspected."""

    def has_text(self, pointer: str) -> bool:
        """Whether a text was given at a pointer of the body."""
        return pointer in self.texts
