"""Every fact the case log keeps. One command, one fact; the past participle of the command's verb."""

from casework.commands import SealedDocument
from casework.models.access import Exclusion
from casework.models.base import Codes, Id, Instant, Model
from casework.models.notice import Notice
from casework.models.people import Actor
from casework.models.state import CaseRow, Deadline, GivenConsent, Notification, Referral


class EventKind(Codes):
    """Kinds of facts, as the case log shows them."""

    CASE_OPENED = "CaseOpened"
    CASE_ASSIGNED = "CaseAssigned"
    ASSESSMENT_RECORDED = "AssessmentRecorded"
    PLAN_PROPOSED = "PlanProposed"
    PLAN_APPROVED = "PlanApproved"
    PLAN_RETURNED = "PlanReturned"
    NOTIFICATION_MADE = "NotificationMade"
    NOTIFICATION_RECEIVED = "NotificationReceived"
    MILESTONE_RECORDED = "MilestoneRecorded"
    REVIEW_RECORDED = "ReviewRecorded"
    REFERRAL_SENT = "ReferralSent"
    REFERRAL_PENDING = "ReferralPending"
    OVERRIDE_CONFIRMED = "OverrideConfirmed"
    OVERRIDE_REVOKED = "OverrideRevoked"
    REFERRAL_ACKNOWLEDGED = "ReferralAcknowledged"
    REFERRAL_ACCEPTED = "ReferralAccepted"
    REFERRAL_DECLINED = "ReferralDeclined"
    PROGRESS_REPORTED = "ProgressReported"
    REFERRAL_COMPLETED = "ReferralCompleted"
    REFERRAL_REVOKED = "ReferralRevoked"
    SERVICE_RECORDED = "ServiceRecorded"
    FOLLOW_UP_RECORDED = "FollowUpRecorded"
    CONFERENCE_RECORDED = "ConferenceRecorded"
    CLIENT_AMENDED = "ClientAmended"
    REPORT_ADDED = "ReportAdded"
    DOCUMENT_ADDED = "DocumentAdded"
    LETTER_ISSUED = "LetterIssued"
    LOCATION_SET = "LocationSet"
    CLOCK_HELD = "ClockHeld"
    CLOCK_RELEASED = "ClockReleased"
    CLOSURE_REQUESTED = "ClosureRequested"
    CASE_CLOSED = "CaseClosed"
    CLOSURE_RETURNED = "ClosureReturned"
    CASE_REOPENED = "CaseReopened"
    TRANSFER_ASKED = "TransferAsked"
    TRANSFER_ACCEPTED = "TransferAccepted"
    TRANSFER_DECLINED = "TransferDeclined"
    DUPLICATE_MARKED = "DuplicateMarked"
    CASES_LINKED = "CasesLinked"
    CONSENT_WITHDRAWN = "ConsentWithdrawn"
    REMINDER_SENT = "ReminderSent"
    CASE_ESCALATED = "CaseEscalated"
    CLOCKS_TAKEN_OVER = "ClocksTakenOver"
    RECORDS_HELD = "RecordsHeld"
    RECORDS_RELEASED = "RecordsReleased"
    RETENTION_ENDING = "RetentionEnding"
    ERASURE_ASKED = "ErasureAsked"
    ERASURE_RETURNED = "ErasureReturned"
    CASE_ERASED = "CaseErased"
    ACCESS_GIVEN = "AccessGiven"


class CaseEvent(Model):
    """One row of the case log, before the database side chains it."""

    case_id: Id
    sequence: int
    kind: EventKind
    at: Instant
    actor: Actor
    command_id: Id
    body_digest: str
    subject_id: Id | None = None
    """The referral, notification, plan or hold it speaks of."""
    document: SealedDocument | None = None
    body: dict[str, object]
    """The command's body with its sealed texts blanked: JSON types only."""


class Recording(Model):
    """What one command writes, in one transaction: the row after it, its fact, and what else it changed."""

    case: CaseRow
    event: CaseEvent
    referrals: tuple[Referral, ...] = ()
    notifications: tuple[Notification, ...] = ()
    consents: tuple[GivenConsent, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    notices: tuple[Notice, ...] = ()
