"""What is told to whom, by which way, and what became of it. Nothing here says what a case is about."""

from datetime import datetime, time
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from casework.models.base import Code, Codes, Id, Instant, Model
from casework.models.checkpoint import Attested
from casework.models.people import Role

Language = Literal["id", "en"]
ContactMedium = Literal["email", "webhook", "console", "apprise"]


class NoticeKind(Codes):
    """The notices there are; each has its text in `casework/notices/templates`."""

    CASE_OPENED = "case_opened"
    CASE_ASSIGNED = "case_assigned"
    CASE_REOPENED = "case_reopened"
    PLAN_PROPOSED = "plan_proposed"
    PLAN_DECIDED = "plan_decided"
    REFERRAL_SENT = "referral_sent"
    REFERRAL_ANSWERED = "referral_answered"
    REFERRAL_PROGRESS = "referral_progress"
    REFERRAL_COMPLETED = "referral_completed"
    REFERRAL_LINK = "referral_link"
    REFERRAL_REVOKED = "referral_revoked"
    DISCLOSURE_ENDED = "disclosure_ended"
    NOTIFICATION_MADE = "notification_made"
    NOTIFICATION_RECEIVED = "notification_received"
    REPORT_ADDED = "report_added"
    CONFERENCE_CALLED = "conference_called"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    OVERRIDE_ASKED = "override_asked"
    OVERRIDE_DECIDED = "override_decided"
    TRANSFER_ASKED = "transfer_asked"
    TRANSFER_DECIDED = "transfer_decided"
    CLOSURE_REQUESTED = "closure_requested"
    CLOSURE_DECIDED = "closure_decided"
    DUPLICATE_MARKED = "duplicate_marked"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    CLOCK_RELEASED = "clock_released"
    DIGEST = "digest"
    SIGN_IN_FAILING = "sign_in_failing"
    CHECKPOINT = "checkpoint"
    MANY_CASES_SEEN = "many_cases_seen"
    REFUSED_REPEATEDLY = "refused_repeatedly"
    GLASS_BROKEN = "glass_broken"
    EXCLUDED = "excluded"
    CONTACT_UNSAFE = "contact_unsafe"
    RETENTION_ENDING = "retention_ending"
    ERASURE_ASKED = "erasure_asked"
    CASE_ERASED = "case_erased"
    RECORDS_HELD = "records_held"
    PROMISE_DUE = "promise_due"
    PROMISE_LATE = "promise_late"
    PUBLIC_REPORT = "public_report"
    PUBLIC_REPORT_LATE = "public_report_late"


OF_NO_CASE = frozenset(
    {
        NoticeKind.DIGEST,
        NoticeKind.SIGN_IN_FAILING,
        NoticeKind.CHECKPOINT,
        NoticeKind.MANY_CASES_SEEN,
        NoticeKind.REFUSED_REPEATEDLY,
        NoticeKind.PROMISE_DUE,
        NoticeKind.PROMISE_LATE,
        NoticeKind.PUBLIC_REPORT,
        NoticeKind.PUBLIC_REPORT_LATE,
    }
)

OF_OUTREACH = frozenset({NoticeKind.PROMISE_DUE, NoticeKind.PROMISE_LATE})
"""What tells of a promise; `about_id` is the activity at which it was given."""

OF_AN_ACCOUNT = frozenset({NoticeKind.MANY_CASES_SEEN, NoticeKind.REFUSED_REPEATEDLY})
"""What tells of what somebody did, and is not for them, whoever they stand in for."""


class Recipient(Model):
    """One account, or all of an agency, or those of an agency who hold a role. Never a client."""

    account_id: Id | None = None
    agency_id: Id | None = None
    role: Role | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.account_id is None) == (self.agency_id is None):
            raise ValueError("names either an account or an agency")
        if self.role is not None and self.agency_id is None:
            raise ValueError("a role needs its agency")
        return self


class Notice(Model):
    """One thing to be told once to one recipient. `about_id` is the referral, deadline, account or activity.

    `about_kind` is the kind of that deadline. A digest says how much is `waiting`. Neither it nor what tells of an
    account or an activity is of a case.
    """

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]
    case_id: Id | None = None
    case_number: Id | None = None
    kind: NoticeKind
    recipient: Recipient
    due_at: Instant | None = None
    about_id: Id | None = None
    about_kind: Code | None = None
    waiting: int | None = Field(default=None, ge=0)
    checkpoint: Attested | None = None
    created_at: Instant

    @property
    def kept_from(self) -> str | None:
        """The account that must not hear of it."""
        return self.about_id if self.kind in OF_AN_ACCOUNT else None

    @model_validator(mode="after")
    def _of_a_case_or_of_none(self) -> Self:
        of_none = self.kind in OF_NO_CASE
        if (self.case_id is None) != of_none or (self.case_number is None) != of_none:
            raise ValueError(
                "a digest and what tells of an account or activity are of no case, every other notice of one"
            )
        if (self.waiting is not None) != (self.kind is NoticeKind.DIGEST):
            raise ValueError("a digest, and nothing else, says how much is waiting")
        if (self.checkpoint is not None) != (self.kind is NoticeKind.CHECKPOINT):
            raise ValueError("a notice of a checkpoint, and no other, holds it")
        return self


class Hours(Model):
    """The hours of a day in which a contact may be used, on the office's clock; they may go over midnight."""

    begins: time
    ends: time


class Contact(Model):
    """One way to reach a recipient; `casework.rules.contacting` says when something may be sent to it."""

    medium: ContactMedium
    address: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\s\x00-\x1f\x7f]+$", repr=False)]
    language: Language = "id"
    safe: bool = False
    hours: Hours | None = None
    """None for any."""
    confirmed_at: Instant | None = None
    """When somebody last said that it is right."""


class Delivered(Model):
    """The channel has taken it over."""

    medium: ContactMedium


class Skipped(Model):
    """It was not sent, and why."""

    reason: Code


class Later(Model):
    """It may be sent when the hours of the contact begin."""

    at: Instant


class Outcome(Model):
    """What became of a notice: by which media it went out, and why some contacts were missed."""

    by: tuple[ContactMedium, ...] = ()
    missed: tuple[Code, ...] = ()

    @property
    def delivered(self) -> bool:
        """Whether anybody was told."""
        return bool(self.by)

    @property
    def reason(self) -> str | None:
        """Why nobody was told; None where somebody was."""
        return None if self.by else next(iter(self.missed), "no_contact")


class NotNow(Exception):  # noqa: N818  a time, not a failure
    """A contact may be told from then on; whoever could be told before, has been."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at.isoformat())
        self.at = at


class DeliveryError(Exception):
    """A channel failed. `reason` is a code, never the words of the other side: they may hold an address."""

    def __init__(self, reason: str, *, retryable: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
