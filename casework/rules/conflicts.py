"""Who may break the glass of a case, and who may exclude whom from one. Access, not commands: no case changes."""

from casework.errors import ForbiddenError, FourEyesError
from casework.models.access import BrokenGlass, Exclusion
from casework.models.agency import Agency
from casework.models.people import DECIDING_ROLES, Account, Actor, Role


def check_breaks(actor: Actor, office: Agency | None) -> None:
    """Refuse who does not decide in an office that leads cases."""
    if actor.role not in DECIDING_ROLES or office is None or not office.leads:
        raise ForbiddenError("Glass is broken by a supervisor or head of an office that leads cases.")


def check_reviews(actor: Actor, broken: BrokenGlass) -> None:
    """Refuse who broke it, should the case be their office's by now."""
    if broken.account_id == actor.account_id:
        raise FourEyesError("Somebody else reviews why you broke the glass.")


def check_excludes(actor: Actor, account: Account) -> None:
    """Refuse who would shut out the head that looks over their shoulder; who decides may step back by themselves."""
    if account.role is Role.HEAD and account.agency_id == actor.agency_id and actor.role is not Role.HEAD:
        raise ForbiddenError("A head of your office steps back by themselves, or is excluded by another head.")


def check_lifts(actor: Actor, exclusion: Exclusion) -> None:
    """Refuse whoever is neither a head of the office nor the one who entered it."""
    if actor.role is not Role.HEAD and actor.account_id != exclusion.excluded_by:
        raise ForbiddenError("An exclusion is lifted by the head of office, or by who entered it.")
