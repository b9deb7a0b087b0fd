"""What gives sight of a case beyond its row, and what takes it away."""

from typing import Annotated

from pydantic import Field

from casework.models.base import Codes, Id, Instant, Model, Text


class Ground(Codes):
    """On what ground somebody sees a case; reads are logged with it."""

    ASSIGNMENT = "assignment"
    OPENED_BY = "opened_by"
    OWN_OFFICE = "own_office"
    REFERRAL = "referral"
    REPORTED_BY = "reported_by"
    COORDINATION = "coordination"
    TRANSFER_OFFER = "transfer_offer"
    BREAK_GLASS = "break_glass"


class Interest(Codes):
    """Why somebody is excluded from a case."""

    RELATED_TO_CLIENT = "related_to_client"
    RELATED_TO_SUSPECT = "related_to_suspect"
    IS_SUSPECT = "is_suspect"
    OWN_INTEREST = "own_interest"


class Glass(Model):
    """Glass that an account broke: an hour's sight of one case."""

    account_id: Id
    until: Instant


class BrokenGlass(Glass):
    """The same as it is kept, to be reviewed by the office of the case."""

    id: Id
    case_id: Id
    case_number: str
    reason_document_id: Id
    begun_at: Instant
    reviewed_at: Instant | None = None
    reviewed_by: Id | None = None
    justified: bool | None = None


class Exclusion(Model):
    """An account that has a conflict of interest in a case and sees nothing of it, until that is lifted."""

    id: Id
    case_id: Id
    account_id: Id
    ground: Interest
    excluded_by: Id
    excluded_at: Instant
    lifted_by: Id | None = None
    lifted_at: Instant | None = None


class OpenGlass(Model):
    """Break the glass of a case, by its number and for a reason."""

    number: Id
    reason: Annotated[Text, Field(pattern=r"\S")]


class ReviewGlass(Model):
    """Whether broken glass had a good reason."""

    justified: bool


class Exclude(Model):
    """Exclude an account from a case."""

    account_id: Id
    ground: Interest
