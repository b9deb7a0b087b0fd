"""A pathway: the rules of one category, as data. Loaded from TOML by `casework.pathways`, pinned to each case."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from casework.models.base import Code, Codes, Id, Model, Text
from casework.models.codes import Assent, ConsentGiver, NotificationKind, Part


class Category(Codes):
    """Legal categories of a case; several may hold. `unclassified` stands alone until the first assessment."""

    CHILD_VIOLENCE = "child_violence"
    SEXUAL_VIOLENCE = "sexual_violence"
    DOMESTIC_VIOLENCE = "domestic_violence"
    TRAFFICKING = "trafficking"
    CHILD_MARRIAGE = "child_marriage"
    CHILD_IN_CONFLICT = "child_in_conflict"
    UNCLASSIFIED = "unclassified"


class Risk(Codes):
    """Risk levels (Primero's values); `unassessed` runs as high."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    UNASSESSED = "unassessed"


class Service(Codes):
    """Services a referral can ask for."""

    POLICE = "police"
    PROSECUTION = "prosecution"
    COURT = "court"
    RELIGIOUS_COURT = "religious_court"
    HEALTH = "health"
    PSYCHOSOCIAL = "psychosocial"
    SHELTER = "shelter"
    SOCIAL_REHABILITATION = "social_rehabilitation"
    REPATRIATION = "repatriation"
    REINTEGRATION = "reintegration"
    LEGAL_AID = "legal_aid"
    CIVIL_REGISTRY = "civil_registry"
    EDUCATION = "education"
    EMPLOYMENT = "employment"
    RELIGIOUS_COUNSELLING = "religious_counselling"
    WITNESS_PROTECTION = "witness_protection"
    PROBATION = "probation"
    MEDIATION = "mediation"


class Duty(Codes):
    """How a pathway binds a service, strongest first: blocked, mandatory, statutory of another, default, offer."""

    BLOCKED = "blocked"
    MANDATORY = "mandatory"
    STATUTORY = "statutory"
    DEFAULT = "default"
    OFFER = "offer"


class ClockKind(Codes):
    """H: running hours. D: calendar days to the same clock time. WD: working days of the office's calendar."""

    H = "H"
    D = "D"
    WD = "WD"


class MatrixRow(Model):
    """One cell of the referral matrix. `when` names what must hold of client or case, else it is an offer."""

    service: Service
    duty: Duty
    when: Literal["always", "child", "pupil", "grave", "sexual_act_found"] = "always"
    note: Text | None = None


class Length(Model):
    """A length of time: so many units of a clock. Files write it as `PT24H` (H), `P3D` (D) or `3WD` (WD)."""

    clock: ClockKind
    units: float


Level = Literal["high", "medium", "low"]
LEVELS: Mapping[Risk, Level] = {
    Risk.HIGH: "high",
    Risk.MEDIUM: "medium",
    Risk.LOW: "low",
    Risk.UNASSESSED: "high",
}
Class = Literal["local", "statutory", "clinical", "may", "watch"]
"""`local` is office policy, `statutory` is law, `clinical` runs from the incident, `may` is a power and never a
breach, `watch` notices a silence that is nobody's promise."""
Reason = Literal[
    "overdue",
    "no_caseworker",
    "no_first_contact",
    "ref_no_answer",
    "ref_accepted_no_result",
    "ref_bounced",
    "no_activity",
    "stat_breach",
    "approval_pending",
    "risk_up",
    "prot_expiring",
    "legal_silent",
]
"""What the supervisor's board calls a deadline that stands still: part of the public contract."""


class DeadlinePolicy(Model):
    """One kind of deadline: what starts it, what ends it, how long, who owes it, who is told when nobody acts.

    `length` is by risk (`high`, `medium`, `low`) or one for all (`any`). `urgent_length` is used instead where the
    referral is an emergency or urgent.
    """

    kind: Code
    class_: Class
    length: dict[Literal["high", "medium", "low", "any"], Length]
    urgent_length: Length | None = None
    start: Code
    end: tuple[Code, ...]
    owner: Id
    """A role, `caseworker`, `agency` (of the referral or notification), or an agency id."""
    ladder: Code
    """Who is told. Where it is `agency`, the ladder of the agency that owes the deadline goes before it."""
    reason: Reason
    """Of this entry: two entries of one kind may have different ones."""
    restarts: bool = False
    """Whether each of its starts starts the running clock anew. A fact that is a start and an end restarts it."""
    service: Service | None = None
    only_if: Code | None = None
    source: Text

    def runs(self, risk: Risk, *, urgent: bool = False) -> Length | None:
        """How long it runs at a risk; None where it does not run at that risk."""
        if urgent and self.urgent_length is not None and risk in (Risk.HIGH, Risk.UNASSESSED):
            return self.urgent_length
        return self.length.get(level_of(risk), self.length.get("any"))


def level_of(risk: Risk) -> Level:
    """The level by which lengths are looked up: `unassessed` runs as high."""
    return LEVELS[risk]


class Rung(Model):
    """One step of a ladder: so long after the due time (by risk), told to whom."""

    to: Code
    after: dict[Level, Length]


class Ladder(Model):
    """Who is told when: a reminder to the owner at a share of the time or so long before the end, then the rungs."""

    name: Code
    remind_at_share: float | None = None
    remind_before: Length | None = None
    rungs: tuple[Rung, ...]


class SpecialStep(Model):
    """A step or hard rule of a pathway, shown to the caseworker, with its source."""

    id: Code
    text_id: Text
    text_en: Text
    source: Text


class ClosureCondition(Model):
    """What a closure reason asks for (domain rule, held by `rules.closure`)."""

    reason: Code
    any_stage: bool = False
    review: bool = False
    unreached_follow_ups: int = 0


class Disclosure(Model):
    """How long after its result the receiver of a referral still sees what was disclosed; of one service, or of all."""

    service: Service | None = None
    after: Length


class Telling(Model):
    """What a mandatory notification shows to who is told, and how long after the receipt."""

    kind: NotificationKind
    discloses: tuple[Part, ...]
    after: Length


class Retention(Model):
    """How long a case is kept after its end, and how long before that its office is warned.

    No law names the number: `source` says whose it is.
    """

    after: Length
    warning: Length
    source: str


class ConsentBand(Model):
    """Who may consent for a client up to an age, or of age where there is none, and whether the child assents."""

    up_to: int | None = None
    by: tuple[ConsentGiver, ...]
    assent: Assent | None = None


class Pathway(Model):
    """The rules of one category."""

    category: Category
    version: int
    title_id: Text
    title_en: Text
    legal_basis: tuple[Text, ...]
    stages: tuple[Code, ...]
    matrix: tuple[MatrixRow, ...]
    special_steps: tuple[SpecialStep, ...]
    findings: dict[Code, Category | None]
    """Finding code → the category it adds (None: recorded only)."""
    outcomes: tuple[Code, ...]
    """Outcomes of referrals of this pathway's own."""
    deadlines: tuple[DeadlinePolicy, ...]
    ladders: tuple[Ladder, ...]
    closure: tuple[ClosureCondition, ...]
    disclosures: tuple[Disclosure, ...] = ()
    """Of several that speak of a service the first holds."""
    tellings: tuple[Telling, ...] = ()
    consents: tuple[ConsentBand, ...] = ()
    retention: Retention | None = None


class PathwayVersion(Model):
    """A version of a pathway file that somebody uploaded; `digest` is that of its text."""

    id: Id
    file: Text
    version: int
    digest: Text
    uploaded_by: Id
    uploaded_at: datetime
    activation: int | None = None
    """The how-manieth activation it was; None while it waits."""
    activated_by: Id | None = None
    activated_at: datetime | None = None


class PinnedPathways(Model):
    """The pathways a case was opened under; of several categories the union, strictest first."""

    pathways: tuple[Pathway, ...]

    @property
    def categories(self) -> tuple[Category, ...]:
        """The categories of the case."""
        return tuple(pathway.category for pathway in self.pathways)

    def rows(self, service: Service) -> Iterable[tuple[Category, MatrixRow]]:
        """What each pathway says of a service."""
        return ((p.category, row) for p in self.pathways for row in p.matrix if row.service is service)

    def blocked(self, service: Service) -> Category | None:
        """The category that blocks a service, if one does. Blocked wins over everything."""
        return next((c for c, row in self.rows(service) if row.duty is Duty.BLOCKED), None)

    def disclosed_after(self, service: Service) -> tuple[Length, ...]:
        """What each pathway says of how long a receiver sees what it was sent, after its result."""
        fitting = (
            next((d.after for d in pathway.disclosures if d.service in (None, service)), None)
            for pathway in self.pathways
        )
        return tuple(filter(None, fitting))

    def tellings(self, kind: NotificationKind) -> tuple[Telling, ...]:
        """What each pathway says of a kind of notification."""
        return tuple(telling for pathway in self.pathways for telling in pathway.tellings if telling.kind is kind)
