"""What a list may be asked for: each parameter by its type, and no other."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from casework.models.base import Id
from casework.models.codes import ReferralStatus, Stage, Status
from casework.models.pathway import Category, Risk
from casework.models.people import Role

Cursor = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,400}$", description="`next_cursor` of the page before")]
Limit = Annotated[int, Field(ge=1, le=200)]
Number = Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,40}$")]


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Pages(Query):
    limit: Limit = 50
    cursor: Cursor | None = None


class CasesQuery(Pages):
    stage: Stage | None = None
    category: Category | None = None
    risk: Risk | None = None
    assigned_to: Id | None = None
    agency_id: Id | None = None
    status: Status | None = None
    stalled: bool | None = None
    number: Number | None = None

    def filters(self) -> dict[str, str]:
        """What the database filters by."""
        own = self.model_dump(mode="json", exclude={"limit", "cursor", "stalled"}, exclude_none=True)
        return {name: str(value) for name, value in own.items()}


class CasesSearch(BaseModel):
    """A search by what must not stand in an address."""

    model_config = ConfigDict(extra="forbid")

    number: Number | None = None
    client_name: Annotated[str, Field(max_length=300)] | None = None
    national_id: Annotated[str, Field(max_length=40)] | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class ReferralsQuery(Pages):
    agency_id: Id | None = None
    status: ReferralStatus | None = None


class NotificationsQuery(Query):
    agency_id: Id | None = None


class AccountsQuery(Query):
    role: Role | None = None
