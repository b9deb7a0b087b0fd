"""A one-time link: what lets an agency without accounts answer one referral."""

from casework.models.base import Id, Instant, Model
from casework.models.people import Actor, Role


class Link(Model):
    """A link, bound to one referral. The address it has is made at its delivery, and kept nowhere."""

    id: Id
    case_id: Id
    referral_id: Id
    agency_id: Id
    created_at: Instant
    expires_at: Instant

    @property
    def actor(self) -> Actor:
        """Who acts by it: somebody of the agency, and no account. The log then says that it came by this link."""
        return Actor(account_id=f"link-{self.id}", role=Role.AGENCY_OFFICER, agency_id=self.agency_id)
