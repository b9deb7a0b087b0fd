"""Who is there: accounts with the absence that is on, and the contacts of those a notice reaches."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, or_, select, true

from casework.db.tables import absences, accounts, contacts, exclusions
from casework.models.notice import Contact, Hours, Recipient
from casework.models.people import Role
from casework.rules.contacting import CONFIRMED_FOR, OWN_SCREEN
from casework.rules.standing_in import Person

HOURS = (contacts.c.hours_begin, contacts.c.hours_end)
CONTACT = (contacts.c.medium, contacts.c.address, contacts.c.language, contacts.c.safe, contacts.c.confirmed_at, *HOURS)


def people_around(
    connection: Connection, recipients: Iterable[Recipient], now: datetime, case_id: str | None = None
) -> tuple[Person, ...]:
    """Everybody who may be told in place of these recipients, of a case or of none, in one statement."""
    rows = connection.execute(_people(tuple(recipients), now, case_id))
    return tuple(Person(**{**row._mapping, "role": Role(row.role)}) for row in rows)


def contacts_of(connection: Connection, account_ids: Collection[str]) -> tuple[Contact, ...]:
    """The contacts of these accounts, safe or not."""
    found = select(*CONTACT).where(contacts.c.account_id.in_(account_ids))
    rows = connection.execute(found.order_by(contacts.c.account_id, contacts.c.medium, contacts.c.address))
    return tuple(contact_of(row._mapping) for row in rows)


def contact_of(row: Mapping[Any, Any]) -> Contact:
    """A row of `contacts` as the contact that was entered."""
    own = {name: row[name] for name in ("medium", "address", "language", "safe", "confirmed_at")}
    begins, ends = row["hours_begin"], row["hours_end"]
    return Contact(**own, hours=Hours(begins=begins, ends=ends) if begins and ends else None)


def with_safe_contact(connection: Connection, account_ids: Collection[str], now: datetime) -> frozenset[str]:
    """Those of these accounts that something may be sent to, at some hour."""
    lately = or_(contacts.c.confirmed_at > now - CONFIRMED_FOR, contacts.c.medium == OWN_SCREEN)
    found = select(contacts.c.account_id).where(contacts.c.account_id.in_(account_ids), contacts.c.safe, lately)
    return frozenset(connection.scalars(found.distinct()))


def _people(recipients: Collection[Recipient], now: datetime, case_id: str | None) -> Select[Any]:
    on = select(absences).where(absences.c.account_id == accounts.c.id, *_on(now))
    # Of two that are on, the one that names a deputy; of those the one that was to start later.
    one = on.order_by(absences.c.deputy_id.is_(None), absences.c.starts_at.desc()).limit(1).lateral("absence")
    absent = one.c.account_id.is_not(None).label("absent")
    known = (accounts.c.id, accounts.c.role, accounts.c.agency_id, accounts.c.disabled)
    columns = (*known, absent, _excluded(case_id).label("excluded"), one.c.deputy_id)
    around = _around(recipients, now)
    return select(*columns).select_from(accounts.outerjoin(one, true())).where(accounts.c.id.in_(around))


def _excluded(case_id: str | None) -> ColumnElement[bool]:
    mine = (exclusions.c.account_id == accounts.c.id) & exclusions.c.lifted_at.is_(None)
    return exists().where(exclusions.c.case_id == case_id, mine).correlate(accounts)


def _around(recipients: Collection[Recipient], now: datetime) -> Select[tuple[str]]:
    """The accounts of the recipients' agencies, every coordinator, their deputies, and the deputies of those."""
    agencies = {each.agency_id for each in recipients if each.agency_id}
    named = {each.account_id for each in recipients if each.account_id}
    own = accounts.alias("own")
    of_named = select(own.c.agency_id).where(own.c.id.in_(named))
    near = or_(
        accounts.c.agency_id.in_(agencies),
        accounts.c.agency_id.in_(of_named),
        accounts.c.role == Role.COORDINATOR.value,
    )
    around = select(accounts.c.id).where(near).cte("around", recursive=True)
    deputies = select(absences.c.deputy_id).join(around, absences.c.account_id == around.c.id)
    around = around.union(deputies.where(absences.c.deputy_id.is_not(None), *_on(now)))
    return select(around.c.id)


def _on(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return absences.c.starts_at <= now, absences.c.ends_at > now
