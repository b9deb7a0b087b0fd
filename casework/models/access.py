"""What gives sight of a case beyond its row, and what takes it away."""

from casework.models.base import Codes, Id, Instant, Model


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


class Glass(Model):
    """Glass that an account broke: an hour's sight of one case."""

    account_id: Id
    until: Instant
