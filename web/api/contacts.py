"""The ways in which one is told: entered by oneself, and confirmed by entering them again."""

from datetime import datetime, time
from typing import Annotated, Any, Literal, Self

from fastapi import Depends, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, model_validator

from casework.models.notice import Contact, ContactMedium, Hours, Language
from casework.models.people import Actor
from casework.numbers import numbers_in
from casework.rules.contacting import CONFIRMED_FOR
from web.api.answers import Answer, Page
from web.api.bodies import body_of
from web.api.door import Door, Key
from web.api.lists import Pages, cut
from web.api.routing import V1, read_list, write
from web.site import Site


class HoursOf(BaseModel):
    """The hours of a day, on the office's clock; they may go over midnight."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    begins: time = Field(alias="from")
    ends: time = Field(alias="until")


class ContactEntry(BaseModel):
    """One way to be told: a mailbox, a telephone number, or an address that takes signed webhooks."""

    model_config = ConfigDict(extra="forbid")

    medium: Literal["email", "webhook", "apprise"]
    address: Annotated[str, Field(min_length=3, max_length=500, pattern=r"^[^\s\x00-\x1f\x7f]+$", repr=False)]
    language: Language = "id"
    safe: bool = False
    hours: HoursOf | None = None

    @model_validator(mode="after")
    def _fits_its_medium(self) -> Self:
        # An address of a gateway is the operator's to set: it would have the server call whom it names.
        number = "://" not in self.address and len(numbers_in(self.address)) == 1
        fits = {"email": "@" in self.address, "webhook": self.address.startswith("https://"), "apprise": number}
        if not fits[self.medium]:
            raise ValueError("a mailbox, an https address, or for `apprise` one telephone number")
        return self

    def contact(self) -> Contact:
        """The contact as it is kept."""
        hours = Hours(begins=self.hours.begins, ends=self.hours.ends) if self.hours else None
        return Contact(medium=self.medium, address=self.address, language=self.language, safe=self.safe, hours=hours)


class ContactOf(Answer):
    """A way to be told. Nothing is sent to it unless it is safe, in its hours, and until `usable_until`."""

    medium: ContactMedium
    address: str
    language: Language
    safe: bool
    hours: HoursOf | None
    confirmed_at: datetime | None
    usable_until: datetime | None

    @classmethod
    def of(cls, contact: Contact) -> "ContactOf":
        """The contact as it is answered."""
        until = contact.confirmed_at + CONFIRMED_FOR if contact.confirmed_at else None
        hours = HoursOf(begins=contact.hours.begins, ends=contact.hours.ends) if contact.hours else None
        return cls(**contact.model_dump(exclude={"hours"}), hours=hours, usable_until=until)


def routes(site: Site, door: Door) -> list[APIRoute]:
    """One's own, and nobody else's."""
    actor_, body_ = Depends(door.actor), Depends(body_of(ContactEntry))
    accounts = site.desk.accounts

    def list_contacts(query: Annotated[Pages, Query()], actor: Actor = actor_) -> Any:
        rows, following = cut(accounts.contacts(actor.account_id), query)
        return Page[ContactOf](items=tuple(map(ContactOf.of, rows)), next_cursor=following)

    def set_contact(actor: Actor = actor_, body: ContactEntry = body_, key: Key = None) -> Any:
        contact = body.contact().model_copy(update={"confirmed_at": site.desk.office.now()})
        accounts.set_contact(actor.account_id, contact)
        return ContactOf.of(contact)

    path = f"{V1}/contacts"
    return [
        read_list(path, list_contacts, ContactOf, "The ways in which one is told"),
        write(path, set_contact, ContactOf, "Enter or confirm a way to be told", ContactEntry),
    ]
