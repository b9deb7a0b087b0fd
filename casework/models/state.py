"""The state of one case: what its workflow carries and its row shows."""

from datetime import date
from typing import Literal

from pydantic import Field

from casework.models.base import Code, Id, Instant, Model
from casework.models.calendar import Calendar
from casework.models.codes import (
    Assent,
    ClientKind,
    ClosureReason,
    ConsentGiver,
    ConsentScope,
    Disability,
    NotificationKind,
    OverrideGround,
    Part,
    Place,
    PlanStatus,
    ReferralStatus,
    Relation,
    Sex,
    Stage,
    Status,
    Urgency,
    ViolenceType,
)
from casework.models.parts import Consent, Link, PlannedService
from casework.models.pathway import Category, Class, ClockKind, Pathway, PinnedPathways, Risk, Service, level_of


class Owner(Model):
    """Whom a deadline waits for: exactly one of role, account or agency."""

    role: Code | None = None
    account_id: Id | None = None
    agency_id: Id | None = None


class Automatic(Model):
    """What a deadline does by itself if nobody acts: a reminder (rung 0), an escalation (rung 1 and on), or the end
    of a hold."""

    action: Literal["remind", "escalate", "release"]
    to: Id
    """A role, an agency's id, or an account's id."""
    at: Instant
    rung: int


class Deadline(Model):
    """A promise with a time: running until met, lifted (its case or referral ended), or held."""

    id: Id
    kind: Code
    class_: Class
    category: Category | None = None
    referral_id: Id | None = None
    owner: Owner
    clock: ClockKind
    basis: Code
    """The fact that started it."""
    ladder: Code
    reason: Code
    """What the board calls it when it stands still."""
    since: Instant
    due_at: Instant
    armed_at: Instant
    """When it was started here: later than `since` for a fact that was recorded late."""
    arming: int = 0
    """How often its ladder has begun anew; part of the key of each rung."""
    reminded: bool = False
    rung: int = 0
    """The last rung that was told."""
    told_at: Instant | None = None
    held_since: Instant | None = None
    held_until: Instant | None = None
    paused: float = 0.0
    """Seconds it was held; they are in `due_at`."""
    stalls_at: Instant | None = None
    """From when on the board shows it, unless it ends before, held or not; None where it never does."""
    next_at: Instant | None = None
    forecast: tuple[Automatic, ...] = ()
    """What happens by itself if nobody acts, soonest first."""
    ended_at: Instant | None = None
    met: bool | None = None
    """None while it runs; True when the fact came, False when it was lifted without it."""

    @property
    def running(self) -> bool:
        """Whether it still waits."""
        return self.ended_at is None

    @property
    def held(self) -> bool:
        """Whether it is paused."""
        return self.held_since is not None

    @property
    def binding(self) -> bool:
        """Whether it is a promise that can be broken: not a mere power, not a watch over silence."""
        return self.class_ not in ("may", "watch")


class GivenConsent(Model):
    """One consent in one scope: for every agency, or for one referral alone. Kept after it is taken back."""

    id: Id
    scope: ConsentScope
    given_by: ConsentGiver
    giver_suspected: bool | None = None
    assent: Assent | None = None
    assent_wanted: Assent | None = None
    """What the pathway asks of the child at this age."""
    agency_id: Id | None = None
    referral_id: Id | None = None
    given_at: Instant
    recorded_by: Id
    ended_at: Instant | None = None
    ended_by: ConsentGiver | None = None
    """Who took it back, where that was said; None where another took its place."""

    @property
    def holds(self) -> bool:
        """Whether it was not taken back."""
        return self.ended_at is None


class Referral(Model):
    """One agency asked for one service."""

    id: Id
    agency_id: Id
    service: Service
    urgency: Urgency
    status: ReferralStatus
    disclose: tuple[Part, ...]
    consent_id: Id | None = None
    """The consent to sharing that it stands on."""
    override_ground: OverrideGround | None = None
    override_confirmed: bool | None = None
    asked_by: Id
    sent_at: Instant | None = None
    answer_due_at: Instant | None = None
    result_due_at: Instant | None = None
    answered_at: Instant | None = None
    completed_at: Instant | None = None
    disclosed_until: Instant | None = None
    """Until when, after its result, the receiver sees what was disclosed; None where it shows nothing any more."""
    outcome: Code | None = None
    reference: str | None = None
    revision: int

    @property
    def unreviewed(self) -> bool:
        """Whether it went out without consent, and nobody else has looked at that yet."""
        return self.override_ground is not None and self.override_confirmed is None and self.sent_at is not None


class Plan(Model):
    """The plan last proposed."""

    id: Id
    status: PlanStatus
    proposed_by: Id
    services: tuple[PlannedService, ...]
    waived: tuple[Service, ...] = ()


class Notification(Model):
    """A mandatory notification: told to an agency by law, with or without consent."""

    id: Id
    kind: NotificationKind
    agency_id: Id
    made_at: Instant
    reference: str | None = None
    disclose: tuple[Part, ...] = ()
    received_at: Instant | None = None
    receipt_reference: str | None = None
    disclosed_until: Instant | None = None
    """Until when, after the receipt, who was told sees these parts."""


class Closure(Model):
    """The closure last asked for."""

    reason: ClosureReason
    requested_by: Id
    from_stage: Stage
    left_open: tuple[Id, ...] = ()
    """Running clocks of partners that the request named, with who follows them: by id or by kind."""
    reviewed: bool = False


class Hold(Model):
    """A pause of named deadlines."""

    id: Id
    deadline_ids: tuple[Id, ...]
    since: Instant
    until: Instant
    released_at: Instant | None = None


class ClientFacts(Model):
    """What the row keeps of the client in the clear: enough for rules and figures, not for knowing who it is."""

    kind: ClientKind
    sex: Sex = Sex.UNKNOWN
    age_band: str | None = None
    disability: Disability | None = None
    subdistrict: str | None = None
    in_school: bool | None = None


class Receipt(Model):
    """The first answer to a command: a repeat gets the same."""

    command_id: Id
    body_digest: str
    case_id: Id
    sequence: int
    subject_id: Id | None = None


class Entry(Model):
    """A row of the log as a history holds it beside the record: its digest binds all rows before it."""

    digest: str
    at: Instant


class Written(Receipt):
    """A receipt as the record gives it, with its row in the log."""

    digest: str
    at: Instant

    @property
    def entry(self) -> Entry:
        """The row."""
        return Entry(digest=self.digest, at=self.at)


class Surroundings(Model):
    """What of the directory a case's ladders need, as data, so that a change there changes no replay."""

    above: dict[Code, Id] = Field(default_factory=dict)
    """The agency behind a rung: coordinator, province, national_office, subdistrict_head."""
    heads: dict[Id, Id] = Field(default_factory=dict)
    """The subdistrict that an agency stands under; for all others it is the one above."""
    ladders: dict[Id, Code] = Field(default_factory=dict)
    """Agencies with a ladder of their own; for all others it is `agency`."""


class CaseState(Model):
    """Everything the workflow of a case knows. Every field may cross continue-as-new."""

    version: int = 1
    case_id: Id
    number: str
    agency_id: Id
    status: Status = Status.OPEN
    stage: Stage = Stage.INTAKE
    risk: Risk = Risk.UNASSESSED
    revision: int = 0
    pathways: tuple[Pathway, ...]
    calendar: Calendar
    surroundings: Surroundings = Surroundings()
    client: ClientFacts
    consent: Consent | None = None
    consents: dict[Id, GivenConsent] = Field(default_factory=dict)
    withheld: tuple[Id, ...] = ()
    """Agencies that the client wants nothing shared with, whatever else was agreed to."""
    suspects: tuple[Relation, ...] = ()
    """What those suspected are to the client."""
    opened_by: Id
    opening: Receipt | None = None
    """The answer to its opening, for who repeats it."""
    reported_by_agency: Id | None = None
    reporter_agency_kind: Code | None = None
    assigned_to: Id | None = None
    opened_at: Instant
    reported_at: Instant
    incident_at: Instant | None = None
    closed_at: Instant | None = None
    assessed: bool = False
    needs: tuple[Service, ...] = ()
    findings: tuple[Code, ...] = ()
    violence_types: tuple[ViolenceType, ...] = ()
    place: Place | None = None
    plan: Plan | None = None
    referrals: dict[Id, Referral] = Field(default_factory=dict)
    notifications: dict[Id, Notification] = Field(default_factory=dict)
    deadlines: dict[Id, Deadline] = Field(default_factory=dict)
    holds: dict[Id, Hold] = Field(default_factory=dict)
    closure: Closure | None = None
    conferences_called: tuple[Code, ...] = ()
    """What has called for a case conference so far; each calls once."""
    transfer_to: Id | None = None
    transfer_asked_by: Id | None = None
    transfer_ground: OverrideGround | None = None
    """On which it was offered without consent."""
    retained_until: Instant | None = None
    """When an ended case is erased, unless its records are held."""
    retention_warns_at: Instant | None = None
    """When its office is warned of that; None where it was, or there is nothing to warn of."""
    records_held_since: Instant | None = None
    erasure_asked_by: Id | None = None
    erased_at: Instant | None = None
    unreached: int = 0
    links: tuple[Link, ...] = ()
    duplicate_of: Id | None = None
    receipts: tuple[Receipt, ...] = ()

    @property
    def pinned(self) -> PinnedPathways:
        """The pathways as one."""
        return PinnedPathways(pathways=self.pathways)

    @property
    def categories(self) -> tuple[Category, ...]:
        """The categories, in the order they were added."""
        return self.pinned.categories

    @property
    def due_at(self) -> Instant | None:
        """The earliest due time of a promise that runs and is not held."""
        return min((d.due_at for d in self.deadlines.values() if d.running and d.binding and not d.held), default=None)

    @property
    def stalls_at(self) -> Instant | None:
        """From when on the case stands on the board, unless something is done before."""
        return min((d.stalls_at for d in self.deadlines.values() if d.stalls_at), default=None)

    @property
    def next_at(self) -> Instant | None:
        """When something happens by itself."""
        return min((d.next_at for d in self.deadlines.values() if d.next_at), default=None)

    @property
    def retention_next_at(self) -> Instant | None:
        """When the time it is kept asks for something; never while its records are held, or it is open."""
        if self.open or self.erased_at or self.records_held_since:
            return None
        return self.retention_warns_at or self.retained_until

    @property
    def wakes_at(self) -> Instant | None:
        """When anything at all happens by itself."""
        return min((at for at in (self.next_at, self.retention_next_at) if at), default=None)

    @property
    def urgency(self) -> int:
        """The order of the board: 0 for high risk and who is not assessed yet, 1 for medium, 2 for low."""
        return {"high": 0, "medium": 1, "low": 2}[level_of(self.risk)]

    @property
    def open(self) -> bool:
        """Whether work goes on."""
        return self.status is Status.OPEN


class CaseRow(Model):
    """The case's row as a command left it; the log keeps it too, so that a repeat gets the first answer."""

    id: Id
    number: str
    status: Status
    stage: Stage
    categories: tuple[Category, ...]
    risk: Risk
    revision: int
    agency_id: Id
    assigned_to: Id | None
    opened_by: Id
    reported_by_agency: Id | None
    opened_at: Instant
    reported_at: Instant
    closed_at: Instant | None
    due_at: Instant | None
    stalls_at: Instant | None
    urgency: int
    pathways: tuple[tuple[Category, int], ...]
    links: tuple[Link, ...]
    client: ClientFacts
    violence_types: tuple[ViolenceType, ...]
    place: Place | None
    transfer_to: Id | None = None
    """The office it is offered to, until that answers."""
    erased_at: Instant | None = None

    @classmethod
    def of(cls, state: CaseState) -> "CaseRow":
        """The row of a state."""
        return cls(
            id=state.case_id,
            pathways=tuple((p.category, p.version) for p in state.pathways),
            **{name: getattr(state, name) for name in cls.model_fields if name not in ("id", "pathways")},
        )


def age_on(birth: date, day: date) -> int:
    """Completed years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def age_band(years: int | None) -> str | None:
    """The bands of the health office's monthly form: 0-4, 5-9, 10-17, 18-49, 50+."""
    if years is None:
        return None
    for top, band in ((4, "0-4"), (9, "5-9"), (17, "10-17"), (49, "18-49")):
        if years <= top:
            return band
    return "50+"
