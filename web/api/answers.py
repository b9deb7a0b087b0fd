"""What the API answers, as models: the OpenAPI document is made of them. `docs/api.md` shows the same."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from casework.models.codes import LetterKind, NotificationKind, ReferralStatus, Stage, Status, Urgency
from casework.models.parts import Client
from casework.models.pathway import Category, Risk, Service
from casework.models.people import Role

T = TypeVar("T")


class Answer(BaseModel):
    """Takes from a row what it shows, and leaves the rest."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class PathwayOf(Answer):
    category: Category
    version: int


class LinkOf(Answer):
    case_id: str
    relation: str


class CaseSummary(Answer):
    """A case in a list. What the reader's role may not see is null, or an empty list."""

    id: str
    number: str
    status: Status
    stage: Stage
    categories: tuple[Category, ...]
    risk: Risk | None
    revision: int
    agency_id: str
    assigned_to: str | None
    opened_at: datetime | None
    closed_at: datetime | None
    due_at: datetime | None
    stalled: bool


class ClientOf(Client):
    """The client, as last written."""


class CaseAnswer(CaseSummary):
    """A case as the reader may see it. A queued one has not started: its stage is `intake`, its revision 0."""

    pathways: tuple[PathwayOf, ...]
    client: ClientOf | None
    links: tuple[LinkOf, ...]


class QueuedAnswer(Answer):
    """A report that is taken while the engine is away; it starts by itself."""

    id: str
    number: str
    status: Literal["queued"] = "queued"


class ReferralAnswer(Answer):
    """A referral. `disclosed` is null in lists; of one referral it holds the parts named when it was made.

    Its receiver is shown them while it works on it, and for as long after its result as the pathway says.
    """

    id: str
    case_id: str
    case_number: str
    agency_id: str
    service: Service
    urgency: Urgency
    status: ReferralStatus
    sent_at: datetime | None
    answer_due_at: datetime | None
    result_due_at: datetime | None
    answered_at: datetime | None
    completed_at: datetime | None
    outcome: str | None
    reference: str | None
    disclosed: dict[str, Any] | None = None
    revision: int


class NotificationAnswer(Answer):
    """What an agency was told by law. `disclosed` is null in lists."""

    id: str
    case_id: str
    case_number: str
    kind: NotificationKind
    agency_id: str
    made_at: datetime
    reference: str | None
    received_at: datetime | None
    receipt_reference: str | None
    disclosed: dict[str, Any] | None = None


class Recorded(BaseModel):
    """One thing recorded, in the shape it was written. Where that shape has an `at` of its own, it stays."""

    model_config = ConfigDict(extra="allow")

    id: str
    at: datetime
    by: str


class SentLetter(Answer):
    """A letter to who was asked or told, who saves it under its id."""

    id: str
    at: datetime
    kind: LetterKind
    number: str
    about_id: str | None
    language: str


class LogRow(Answer):
    """One row of the case log; `by` is an account.

    `by_name` is its user name, for colleagues and for the auditor; `deadlines` are the kinds of those that it is about.
    """

    sequence: int
    kind: str
    at: datetime
    by: str
    agency_id: str
    command_id: str
    reason_document_id: str | None
    digest: str
    by_name: str | None = None
    deadlines: tuple[str, ...] = ()


class Document(Answer):
    """One sealed text of the case, opened: its texts by their place in the body they were written in."""

    id: str
    texts: dict[str, str]


class LocationAnswer(Answer):
    """Where the client is now, and under which id it is kept that it was read."""

    reading_id: str
    name: str | None = None
    address: str | None = None
    phone: str | None = None
    note: str | None = None
    set_at: datetime
    set_by: str


class ReadingOf(Answer):
    """That somebody read where the client is, and why."""

    id: str
    at: datetime
    by: str
    reason: str | None


class OwnerOf(Answer):
    role: str | None = None
    account_id: str | None = None
    agency_id: str | None = None


class Automatic(Answer):
    """A step that happens by itself if nobody acts."""

    action: str
    to: str
    at: datetime


class Waiting(Answer):
    """One thing a case waits for. While it is on hold it stays, with the end of the hold."""

    id: str
    kind: str
    category: Category | None
    referral_id: str | None
    owner: OwnerOf
    since: datetime
    due_at: datetime
    overdue: bool
    held_until: datetime | None
    rung: int
    next: Automatic | None
    forecast: tuple[Automatic, ...]


class Outlook(Answer):
    """Why a case is where it is: most urgent first, with what happens by itself if nobody acts, soonest first."""

    waiting_on: tuple[Waiting, ...]
    stalled: bool
    reasons: tuple[str, ...]


class RemedyOf(Answer):
    """A command that the reader may give now, and the deadline or referral that it would be about."""

    command: str
    deadline_id: str | None
    referral_id: str | None


class StalledCase(Answer):
    """A case that stands still. `since` is null where it was not kept: its caseworker's account was disabled."""

    case: CaseSummary
    reasons: tuple[str, ...]
    holder: OwnerOf | None
    since: datetime | None
    outlook: Outlook
    remedies: tuple[RemedyOf, ...]


class StalledCases(Answer):
    """A page of the board. Only where it is `complete` does a case that is not on it move."""

    items: tuple[StalledCase, ...]
    next_cursor: str | None
    checked_at: datetime
    complete: bool


class Action(Answer):
    """A command, and whether role and stage allow it to the reader now; the case itself may refuse it still."""

    command: str
    allowed: bool
    code: str | None = None
    detail: str | None = None


class AccountOf(Answer):
    """An account of the own office."""

    id: str
    username: str
    role: Role
    disabled: bool
    open_cases: int
    absent_from: datetime | None = None
    absent_until: datetime | None = None
    deputy_id: str | None = None


class AgencyOf(Answer):
    id: str
    name: str
    kind: str
    services: tuple[Service, ...]
    parent_id: str | None


class PathwaySummary(PathwayOf):
    title_id: str
    title_en: str


class SignedIn(Answer):
    id: str
    role: Role
    agency_id: str


class Token(Answer):
    """A bearer token and whose it is."""

    token: str
    expires_at: datetime
    account: SignedIn


class SecondFactorOf(Answer):
    """The secret of a second factor, as text and as the address that telephones read."""

    secret: str
    uri: str


class RecoveryCodes(Answer):
    """Each opens once, in place of a code of the second factor. They are shown this once."""

    recovery_codes: tuple[str, ...]


class SessionOf(Answer):
    """A session in a browser, whose it is, and the token that its writes carry as `X-CSRF-Token`."""

    account: SignedIn
    csrf_token: str
    expires_at: datetime


class OAuthToken(Answer):
    """RFC 6749 section 5.1."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  a scheme
    expires_in: int
    scope: str | None = None


class Live(Answer):
    status: Literal["live"] = "live"


class Ready(Answer):
    """Every part is there."""

    status: Literal["ready"] = "ready"
    parts: dict[str, Literal["up", "away"]]


class Page(Answer, Generic[T]):
    """A list."""

    items: tuple[T, ...]
    next_cursor: str | None = None


class FieldError(BaseModel):
    pointer: str
    code: str
    detail: str


class ProblemAnswer(BaseModel):
    """RFC 9457. `errors` names what is wrong in the input; other members depend on `code`."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: tuple[FieldError, ...] = ()


def summary(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A row of `cases` with what is computed from it: whether something has stood still since before now."""
    stalls_at = row.get("stalls_at")
    if isinstance(stalls_at, str):  # a row kept in the log
        stalls_at = datetime.fromisoformat(stalls_at)
    return {**row, "stalled": stalls_at is not None and stalls_at < now}
