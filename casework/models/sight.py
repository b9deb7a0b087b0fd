"""What was seen of cases: who, what, when, on what ground. Ids and codes only."""

from casework.models.base import Code, Codes, Id, Instant, Model
from casework.models.people import Actor


class SightKind(Codes):
    """How it came to be seen."""

    SHOWN = "shown"
    LISTED = "listed"
    """Among other cases, by a few facts each."""
    REFUSED = "refused"
    """Asked for and not shown: it is not there, or not theirs to see."""


class OtherGround(Codes):
    """Grounds on which no case as such is seen; those of a case are `casework.models.access.Ground`."""

    AUDIT = "audit"
    """Whoever watches over the logs."""
    COMMAND = "command"
    """The answer to one's own command, which is shown again to a repeat."""
    ENGINE = "engine"
    """What the engine keeps that belongs to no case: patrols, deliveries."""
    EXPORT = "export"
    """An event log, which whoever has the machine writes for process mining."""
    SEARCH = "search"
    """That nobody was found."""


class Sight(Model):
    """One row of the access log, before it is chained."""

    at: Instant
    actor: Actor
    thing: Code
    """What was asked for: `case`, `intake`, `document`, …; named by its route."""
    kind: SightKind
    case_ids: tuple[Id, ...] = ()
    subject_id: Id | None = None
    """The part of the case that the address names: a document, a referral."""
    ground: Code | None = None
    """Why it was shown."""
