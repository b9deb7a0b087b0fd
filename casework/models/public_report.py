"""What somebody reports by the public form, and what becomes of it. Nothing here is verified."""

from typing import Annotated

from pydantic import Field

from casework.models.base import Code, Codes, Id, Instant, Model, Text
from casework.models.codes import Sex
from casework.models.notice import Language
from casework.models.people import Actor

Line = Annotated[Text, Field(max_length=300)]
Story = Annotated[Text, Field(max_length=5_000)]


class Age(Codes):
    """What a person can say of somebody's age without asking."""

    CHILD = "child"
    ADULT = "adult"
    UNKNOWN = "unknown"


class Teller(Codes):
    """Who reports, as seen from who is reported about."""

    SELF = "self"
    FAMILY = "family"
    COMMUNITY = "community"


class PublicEntry(Model):
    """The form as it was filled in. Each part may be left empty, but not all that says what happened."""

    what: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    story: Story = ""
    who: Line = ""
    age: Age = Age.UNKNOWN
    sex: Sex = Sex.UNKNOWN
    area: Line = ""
    where: Line = ""
    when: Line = ""
    by: Line = ""
    teller: Teller = Teller.COMMUNITY
    name: Line = ""
    contact: Line = ""
    contact_how: Line = ""


class AddTo(Model):
    """Add a report to a case that is known, by its number."""

    number: Id
    new_incident: bool = False


class CloseReport(Model):
    """Close a report as not confirmed, and why."""

    reason: Annotated[Text, Field(pattern=r"\S")]


class Outcome(Codes):
    """What an office decided about a public report."""

    OPENED = "opened"
    """It is a case."""
    ADDED = "added"
    """It was added to a case that was known."""
    NOT_CONFIRMED = "not_confirmed"


class Taken(Model):
    """A report as it is taken: sealed, and to be answered for by an office until `due_at`."""

    id: Id
    number: Id
    sent_as: str
    """What a repeat of the same form is known by."""
    agency_id: Id
    language: Language
    area: str | None = None
    """The subdistrict, if it is one of the form's own."""
    place: str | None = None
    """Where the poster hangs that led to the form, if it is one of the office's own."""
    taken_at: Instant
    due_at: Instant
    sealed: Annotated[bytes, Field(repr=False)]


class Decision(Model):
    """What somebody decided about a report. There is one for each, whoever asks how often."""

    report_id: Id
    outcome: Outcome
    at: Instant
    by: Actor
    under: str
    """The id of the command that it was said by, …"""
    digest: str
    """… and the fingerprint of its body."""
    case_id: Id | None = None
    new_incident: bool = False
    reason: Annotated[bytes | None, Field(repr=False)] = None
    """Why it is not confirmed, sealed as the report is."""
