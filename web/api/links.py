"""One-time links for agencies without accounts, and the mailboxes that they are sent to."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from casework.commands import RevokeReferral
from casework.errors import ForbiddenError, InvalidInputError, NotFoundError, UnknownAgencyError
from casework.ids import new_id
from casework.models.link import Link
from casework.models.notice import Contact, Language, Notice, NoticeKind, Recipient
from casework.models.people import Actor, Role
from casework.rules.contacting import CONFIRMED_FOR
from casework.rules.links import LIVES, check_link
from casework.rules.permitted import check_role
from starter.asking import Asking
from web.api.answers import Answer
from web.api.bodies import body_of
from web.api.door import Door, Key, given_id
from web.api.problems import entry
from web.api.routing import NO_CONTENT, V1, end, read, write
from web.api.shown import reply
from web.api.writes import check_say
from web.site import Site

KEEPERS = (Role.SUPERVISOR, Role.ADMINISTRATOR)
"""Of the lead office: whoever keeps a mailbox decides who reads what is disclosed to its agency."""


class MailboxEntry(BaseModel):
    """Where an agency without accounts is written to."""

    model_config = ConfigDict(extra="forbid")

    address: Annotated[str, Field(min_length=3, max_length=500, pattern=r"^[^\s\x00-\x1f\x7f]+$", repr=False)]
    language: Language = "id"
    safe: bool = False


class MailboxOf(Answer):
    """The mailbox of an agency; nothing is sent to it unless it is safe, and until `usable_until`."""

    agency_id: str
    address: str | None
    language: Language | None
    safe: bool
    confirmed_at: datetime | None
    usable_until: datetime | None

    @classmethod
    def of(cls, agency_id: str, contact: Contact | None) -> "MailboxOf":
        """The mailbox as it is answered."""
        confirmed = contact.confirmed_at if contact else None
        return cls(
            agency_id=agency_id,
            address=contact.address if contact else None,
            language=contact.language if contact else None,
            safe=bool(contact and contact.safe),
            confirmed_at=confirmed,
            usable_until=confirmed + CONFIRMED_FOR if confirmed else None,
        )


class LinkOf(Answer):
    """A link that was made. Its address is in the mail alone: nobody of the office is shown it."""

    id: str
    referral_id: str
    agency_id: str
    created_at: datetime
    expires_at: datetime


class Linking:
    """What an office does about links; the same for the API and the pages."""

    def __init__(self, site: Site) -> None:
        self._links = site.links
        self._desk = site.desk
        self._agencies = {each.id for each in site.agencies}

    def make(self, actor: Actor, referral_id: str, key: str | None) -> Link:
        """A new link, queued to the agency's mailbox; a repeat with the same key gets the first."""
        row = self._referral(actor, referral_id)
        command_id = self._desk.command_id(Asking(actor, case_id=row["case_id"], key=key, subject_id=referral_id))
        if made := self._links.made(command_id, referral_id):
            return made
        now, agency_id = self._desk.office.now(), row["agency_id"]
        accounts, mailbox = self._links.has_accounts(agency_id), self._links.mailbox(agency_id)
        check_link(row, mailbox, now, accounts=accounts)
        about = {"case_id": row["case_id"], "referral_id": referral_id, "agency_id": agency_id}
        link = Link(id=new_id(), **about, created_at=now, expires_at=now + LIVES)
        return self._links.make(command_id, link, actor.account_id, _notice(link, row["case_number"]))

    def revoke(self, actor: Actor, referral_id: str) -> None:
        """End every link to a referral, opened or not."""
        self._referral(actor, referral_id)
        self._links.revoke(referral_id)

    def mailbox(self, actor: Actor, agency_id: str) -> Contact | None:
        """The mailbox of an agency, for who keeps it."""
        self.check_keeper(actor)
        self._check_agency(agency_id)
        return self._links.mailbox(agency_id)

    def mailboxes(self, actor: Actor) -> tuple[MailboxOf, ...]:
        """Those of every agency that is written to: it has one, or nobody who signs in; for who keeps them."""
        self.check_keeper(actor)
        kept, signing_in = self._links.mailboxes(), self._links.signing_in()
        written = sorted(kept.keys() | (self._agencies - signing_in))
        return tuple(MailboxOf.of(agency_id, kept.get(agency_id)) for agency_id in written)

    def set_mailbox(self, actor: Actor, agency_id: str, body: MailboxEntry) -> Contact:
        """Enter a mailbox, or confirm it by entering it again."""
        self.check_keeper(actor)
        self._check_agency(agency_id)
        if "@" not in body.address:
            wrong = entry("/address", "invalid", "This is no mailbox.")
            raise InvalidInputError("The address is no mailbox.", errors=[wrong])
        contact = Contact(medium="email", **body.model_dump(), confirmed_at=self._desk.office.now())
        self._links.set_mailbox(agency_id, contact, actor.account_id)
        return contact

    def check_keeper(self, actor: Actor) -> None:
        """Raise ForbiddenError for who keeps no mailboxes."""
        if actor.role not in KEEPERS or actor.agency_id != self._desk.office.lead_agency_id:
            raise ForbiddenError("A supervisor or administrator of the lead office keeps the mailboxes.")

    def _check_agency(self, agency_id: str) -> None:
        if agency_id not in self._agencies:
            raise UnknownAgencyError("There is no such agency.")

    def _referral(self, actor: Actor, referral_id: str) -> Any:
        """The referral, for who could revoke it."""
        row = self._desk.reads.referral(actor, referral_id)
        if row is None:
            raise NotFoundError("There is no such referral.")
        check_role(actor, RevokeReferral)
        check_say(actor, row, RevokeReferral)
        return row


def routes(site: Site, door: Door, linking: Linking) -> list[APIRoute]:
    """Of a referral, and of an agency."""
    actor_, body_ = Depends(door.actor), Depends(body_of(MailboxEntry))

    def make_link(referral_id: str, actor: Actor = actor_, key: Key = None) -> JSONResponse:
        return reply(LinkOf.model_validate(linking.make(actor, given_id(referral_id), key).model_dump()), 201)

    def revoke_links(referral_id: str, actor: Actor = actor_) -> Response:
        linking.revoke(actor, given_id(referral_id))
        return Response(status_code=NO_CONTENT)

    def show_mailbox(agency_id: str, actor: Actor = actor_) -> Any:
        return MailboxOf.of(agency_id, linking.mailbox(actor, given_id(agency_id)))

    def set_mailbox(agency_id: str, actor: Actor = actor_, body: MailboxEntry = body_) -> Any:
        return MailboxOf.of(agency_id, linking.set_mailbox(actor, given_id(agency_id), body))

    link, mailbox = f"{V1}/referrals/{{referral_id}}/link", f"{V1}/agencies/{{agency_id}}/mailbox"
    return [
        write(link, make_link, LinkOf, "Send a one-time link", status=201),
        end(link, revoke_links, "End the one-time links"),
        read(mailbox, show_mailbox, MailboxOf, "The mailbox of an agency"),
        write(mailbox, set_mailbox, MailboxOf, "Enter or confirm a mailbox", MailboxEntry, method="PUT"),
    ]


def _notice(link: Link, case_number: str) -> Notice:
    """What is sent holds the id of the link: its address is made when it is delivered."""
    return Notice(
        id=f"link.{link.id}",
        case_id=link.case_id,
        case_number=case_number,
        kind=NoticeKind.REFERRAL_LINK,
        recipient=Recipient(agency_id=link.agency_id),
        due_at=link.expires_at,
        about_id=link.id,
        created_at=link.created_at,
    )
