"""One-time links and the mailboxes they go to. Of a link's address and of its cookie only hashes are kept.

No person reads a link's row: who may make one is asked before, and who comes by one is nobody yet.
"""

import base64
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, and_, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import ENGINE, NOBODY
from casework.db.notices import queue
from casework.db.session import Clock, deciding, reading, wall_clock, writing
from casework.db.tables import accounts, links, mailboxes, notices, referrals
from casework.db.tokens import hash_of
from casework.errors import BrokenStepError, IdempotencyKeyReusedError
from casework.models.link import Link
from casework.models.notice import Contact, Notice
from casework.rules.disclosing import WORKING
from casework.rules.links import OPEN_FOR
from casework.vault.keys import Derives

LINK = tuple(links.c[name] for name in Link.model_fields)


class SqlLinks:
    """Keeps the promises of `ports.Links`."""

    def __init__(self, engine: Engine, root: Derives, now: Clock = wall_clock) -> None:
        self._engine = engine
        self._root = root
        self._now = now

    @cached_property
    def _secret(self) -> bytes:
        return self._root.derive(b"one-time links")

    def token(self, link_id: str) -> str:
        """What the address of a link ends with: made of its id, so that nothing between here and the mail keeps it."""
        return base64.urlsafe_b64encode(hmac.digest(self._secret, link_id.encode(), "sha256")).decode().rstrip("=")

    def mailbox(self, agency_id: str) -> Contact | None:
        """Where an agency without accounts is written to."""
        with reading(self._engine, NOBODY) as connection:
            return _mailbox(connection, agency_id)

    def mailboxes(self) -> Mapping[str, Contact]:
        """Every mailbox that is kept, by agency."""
        with reading(self._engine, NOBODY) as connection:
            return {row["agency_id"]: _contact(row) for row in connection.execute(select(mailboxes)).mappings()}

    def signing_in(self) -> frozenset[str]:
        """The agencies of which somebody can sign in."""
        with reading(self._engine, NOBODY) as connection:
            return frozenset(connection.scalars(select(accounts.c.agency_id).where(~accounts.c.disabled).distinct()))

    def set_mailbox(self, agency_id: str, contact: Contact, by: str) -> None:
        """Enter a mailbox, or confirm it by entering it again."""
        confirmed = {"confirmed_at": contact.confirmed_at, "confirmed_by": by}
        values = {"address": contact.address, "language": contact.language, "safe": contact.safe, **confirmed}
        new = insert(mailboxes).values(agency_id=agency_id, **values)
        with writing(self._engine, NOBODY) as connection:
            connection.execute(new.on_conflict_do_update(index_elements=[mailboxes.c.agency_id], set_=values))

    def has_accounts(self, agency_id: str) -> bool:
        """Whether anybody of an agency can sign in."""
        somebody = exists().where(accounts.c.agency_id == agency_id, ~accounts.c.disabled)
        with reading(self._engine, NOBODY) as connection:
            return bool(connection.scalar(select(somebody)))

    def made(self, command_id: str, referral_id: str) -> Link | None:
        """The link that a command made; raises IdempotencyKeyReusedError where it made one to another referral."""
        with reading(self._engine, ENGINE) as connection:
            return _made(connection, command_id, referral_id)

    def make(self, command_id: str, link: Link, by: str, notice: Notice) -> Link:
        """Keep a link and queue its notice; those to the same referral that nobody has opened end with that.

        A repeat in flight gets the first.
        """
        values = {**link.model_dump(), "command_id": command_id, "created_by": by}
        new = insert(links).values(token_hash=hash_of(self.token(link.id)), **values)
        one_by_one = select(referrals.c.id).where(referrals.c.id == link.referral_id).with_for_update(key_share=True)
        with deciding(self._engine, ENGINE) as connection:
            connection.execute(one_by_one)
            _end(connection, links.c.referral_id == link.referral_id, self._now(), links.c.used_at.is_(None))
            if connection.scalar(new.on_conflict_do_nothing(index_elements=["command_id"]).returning(links.c.id)):
                queue(connection, [notice])
                connection.commit()
                return link
        if first := self.made(command_id, link.referral_id):
            return first
        raise BrokenStepError("The link was not kept. Repeat with the same key.")

    def revoke(self, referral_id: str) -> None:
        """End every link to a referral, opened or not."""
        with writing(self._engine, ENGINE) as connection:
            _end(connection, links.c.referral_id == referral_id, self._now())

    def open(self, token: str) -> str | None:
        """Use a link up: the secret of its small session; None for one that is unknown, used, over or revoked."""
        now, secret = self._now(), secrets.token_urlsafe(32)
        mine = and_(links.c.token_hash == hash_of(token), links.c.used_at.is_(None), links.c.expires_at > now, _LIVE)
        used = {"used_at": now, "session_hash": hash_of(secret), "session_until": now + OPEN_FOR}
        with writing(self._engine, ENGINE) as connection:
            return secret if connection.scalar(update(links).where(mine).values(used).returning(links.c.id)) else None

    def of(self, secret: str) -> tuple[Link, bool] | None:
        """The link of a small session, and whether its referral still waits; None where that session is over."""
        mine = and_(links.c.session_hash == hash_of(secret), links.c.session_until > self._now())
        found = select(*LINK, _WAITS.label("waits")).where(mine, links.c.revoked_at.is_(None))
        with reading(self._engine, ENGINE) as connection:
            row = connection.execute(found).mappings().one_or_none()
        return (Link(**{name: row[name] for name in Link.model_fields}), bool(row["waits"])) if row else None

    def addressed(self, link_id: str) -> tuple[Contact, ...]:
        """Where a link is sent: nowhere, where nobody can use it any more."""
        mine = and_(links.c.id == link_id, links.c.used_at.is_(None), links.c.expires_at > self._now(), _LIVE)
        with reading(self._engine, ENGINE) as connection:
            agency_id = connection.scalar(select(links.c.agency_id).where(mine))
            found = _mailbox(connection, agency_id) if agency_id else None
        return (found,) if found else ()


_WAITS = exists().where(
    referrals.c.id == links.c.referral_id,
    referrals.c.status.in_(WORKING),
    or_(referrals.c.answered_at.is_(None), referrals.c.answered_at <= links.c.created_at),
)
"""The referral is worked on, and nobody has answered it since the link was made."""
_LIVE = and_(links.c.revoked_at.is_(None), _WAITS)


def _mailbox(connection: Connection, agency_id: str) -> Contact | None:
    row = connection.execute(select(mailboxes).where(mailboxes.c.agency_id == agency_id)).mappings().one_or_none()
    return _contact(row) if row else None


def _contact(row: RowMapping) -> Contact:
    return Contact(medium="email", **{name: row[name] for name in ("address", "language", "safe", "confirmed_at")})


def _made(connection: Connection, command_id: str, referral_id: str) -> Link | None:
    row = connection.execute(select(*LINK).where(links.c.command_id == command_id)).mappings().one_or_none()
    if row is not None and row["referral_id"] != referral_id:
        raise IdempotencyKeyReusedError("This key was used for another request.")
    return Link(**row) if row else None


def _end(connection: Connection, mine: ColumnElement[bool], now: datetime, *more: ColumnElement[bool]) -> None:
    """End links; what was still to be sent of them is not sent, and is no notice that reached nobody."""
    ended = update(links).where(mine, links.c.revoked_at.is_(None), *more).values(revoked_at=now)
    gone = [f"link.{each}" for each in connection.scalars(ended.returning(links.c.id))]
    if gone:
        unsent = notices.c.id.in_(gone) & notices.c.state.in_(("queued", "failed", "skipped"))
        connection.execute(update(notices).where(unsent).values(state="outdated", next_try=None))
