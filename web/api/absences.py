"""Who is away, until when, and who stands in: entered by who keeps the office's accounts."""

from typing import Any

from fastapi import Depends
from fastapi.routing import APIRoute
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from casework.errors import ForbiddenError, NotFoundError
from casework.models.base import Id
from casework.models.people import Account, Actor
from starter.asking import Asking
from web.api.answers import Answer
from web.api.bodies import body_of
from web.api.door import Door, Key, given_id
from web.api.reference import KEEPERS
from web.api.routing import V1, write
from web.site import Site


class AbsenceEntry(BaseModel):
    """From when until when an account is away, and who stands in."""

    model_config = ConfigDict(extra="forbid")

    starts_at: AwareDatetime = Field(alias="from")
    ends_at: AwareDatetime = Field(alias="until")
    deputy_id: Id | None = None


class AbsenceOf(Answer):
    """An absence as it was entered."""

    account_id: str
    starts_at: AwareDatetime = Field(alias="from")
    ends_at: AwareDatetime = Field(alias="until")
    deputy_id: str | None


class Absences:
    """Entered by a supervisor, head or administrator, of the accounts of the own office."""

    def __init__(self, site: Site) -> None:
        self._desk = site.desk

    def account(self, actor: Actor, account_id: str) -> Account:
        """Whose absence may be entered; raises ForbiddenError for who may enter none, NotFoundError otherwise."""
        if actor.role not in KEEPERS:
            raise ForbiddenError("A supervisor or administrator enters who of the office is away.")
        account = self._desk.accounts.get(account_id)
        if account is None or account.agency_id != actor.agency_id:
            raise NotFoundError("There is no such account in your office.")
        return account

    def enter(self, actor: Actor, account: Account, body: AbsenceEntry, key: str | None) -> None:
        """Keep it. A repeat with its key changes nothing, whatever was entered since."""
        command = self._desk.keyed(Asking(actor, key=key, subject_id=account.id), "set_absence", body)
        self._desk.accounts.set_absence(account.id, body.starts_at, body.ends_at, body.deputy_id, command)


def routes(site: Site, door: Door) -> list[APIRoute]:
    """One: a repeat with its key gets the first answer, whatever was entered since."""
    actor_, body_ = Depends(door.actor), Depends(body_of(AbsenceEntry))
    absences = Absences(site)

    def set_absence(account_id: str, actor: Actor = actor_, body: AbsenceEntry = body_, key: Key = None) -> Any:
        account = absences.account(actor, given_id(account_id))
        absences.enter(actor, account, body, key)
        return AbsenceOf.model_validate({"account_id": account.id, **body.model_dump(by_alias=True)})

    return [write(f"{V1}/accounts/{{account_id}}/absence", set_absence, AbsenceOf, "Enter an absence", AbsenceEntry)]
