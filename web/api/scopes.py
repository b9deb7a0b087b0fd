"""What a token that is limited to scopes opens. A route that is not named here opens to no such token."""

from casework.errors import ForbiddenError
from casework.models.people import Account, Scope

V1 = "/api/v1"
READ = ("/cases", "/cases/{case_id}", "/cases/{case_id}/log", "/cases/{case_id}/outlook", "/cases/{case_id}/actions")
REFERENCE = ("/agencies", "/pathways", "/pathways/{category}")
OPENS: dict[tuple[str, str], Scope] = {
    ("POST", f"{V1}/cases"): Scope.CASES_OPEN,
    ("POST", f"{V1}/cases/{{case_id}}/reports"): Scope.REPORTS_ADD,
    ("POST", f"{V1}/cases/search"): Scope.CASES_READ,
    ("POST", f"{V1}/second-factor"): Scope.SECOND_FACTOR,
    ("POST", f"{V1}/second-factor/confirmation"): Scope.SECOND_FACTOR,
    **{("GET", f"{V1}{path}"): Scope.CASES_READ for path in READ},
    **{("GET", f"{V1}{path}"): Scope.REFERENCE_READ for path in REFERENCE},
}
ALWAYS = frozenset({("DELETE", f"{V1}/tokens/current"), ("DELETE", f"{V1}/tokens")})
"""Whoever holds a token may end it."""


def check_scope(account: Account, method: str, path: str) -> None:
    """Raises ForbiddenError where the token of an account is limited, and not to what this route needs."""
    if account.scopes is None or (method, path) in ALWAYS:
        return
    needed = OPENS.get((method, path))
    if needed is None:
        raise ForbiddenError("This token is limited, and good for nothing here.")
    if needed not in account.scopes:
        raise ForbiddenError("This token is limited to other things.", scope=needed.value)
