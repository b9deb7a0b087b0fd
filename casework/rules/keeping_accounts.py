"""Who says which accounts of an office sign in."""

from casework.errors import ForbiddenError, FourEyesError, NotFoundError
from casework.models.people import Account, Actor, Role


def check_keeps(actor: Actor, account: Account | None) -> Account:
    """The account, where it is for this actor to disable or enable: for an administrator of its office, and of nobody's
    own, so that an office always has one left."""
    if actor.role is not Role.ADMINISTRATOR:
        raise ForbiddenError("An administrator says which accounts sign in.")
    if account is None or account.agency_id != actor.agency_id:
        raise NotFoundError("There is no such account in your office.")
    if account.id == actor.account_id:
        raise FourEyesError("Another administrator, or `tuntas account`, says so of your own account.")
    return account
