"""Who may sign in, with which password, and how they are told."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Connection, Engine, func, select, true, update
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import ENGINE, NOBODY
from casework.db.passwords import Passwords
from casework.db.presence import contacts_of
from casework.db.repeats import first
from casework.db.session import Clock, reading, wall_clock, writing
from casework.db.tables import absences, accounts, cases, contacts
from casework.db.tokens import ACCOUNT, SqlTokens, end_all
from casework.errors import InvalidInputError, UnknownAccountError
from casework.ids import new_id
from casework.models.codes import Status
from casework.models.notice import Contact
from casework.models.people import Account, Role
from casework.ports import Keyed
from casework.rules.standing_in import may_stand_in


class SqlAccounts(SqlTokens):
    """Keeps the promises of `ports.Accounts`, and those of account keeping."""

    def __init__(self, engine: Engine, *, hasher: PasswordHasher | None = None, now: Clock = wall_clock) -> None:
        super().__init__(engine, now)
        self._hasher = hasher

    @cached_property
    def _passwords(self) -> Passwords:
        return Passwords(self._hasher or PasswordHasher())

    def get(self, account_id: str) -> Account | None:
        """An account by id."""
        return self._one(accounts.c.id == account_id)

    def by_username(self, username: str) -> Account | None:
        """An account by the name it signs in with."""
        return self._one(accounts.c.username == username)

    def sign_in(self, username: str, password: str) -> Account | None:
        """The account whose password this is; None for unknown, disabled or wrong, after the same work."""
        found = select(*ACCOUNT, accounts.c.password_hash).where(accounts.c.username == username)
        with reading(self._engine, NOBODY) as connection:
            row = connection.execute(found).one_or_none()
        # Checked outside the connection: hashing takes as long as dozens of statements.
        right = self._passwords.right(password, row.password_hash if row else None)
        return _account(row) if row and right and not row.disabled else None

    def add(self, username: str, password: str, role: Role, agency_id: str) -> Account:
        """A new account; raises InvalidInputError where the username is taken."""
        account = Account(id=new_id(), username=username, role=role, agency_id=agency_id)
        values = {**account.model_dump(mode="json"), "password_hash": self._passwords.hash(password)}
        with writing(self._engine, NOBODY) as connection:
            made = connection.scalar(insert(accounts).on_conflict_do_nothing().returning(accounts.c.id), values)
        if not made:
            errors = [{"pointer": "/username", "code": "taken", "detail": "Another account has this name."}]
            raise InvalidInputError("The username is taken.", errors=errors)
        return account

    def set_password(self, account_id: str, password: str) -> None:
        """Give an account another password, and end its tokens and sessions at once."""
        kept = self._passwords.hash(password)
        with writing(self._engine, NOBODY) as connection:
            connection.execute(update(accounts).where(accounts.c.id == account_id).values(password_hash=kept))
            end_all(connection, account_id, self._now())

    def disable(self, account_id: str, command: Keyed | None = None) -> None:
        """Let an account sign in no more, and end its tokens and sessions at once."""
        self._stands(account_id, True, command)

    def enable(self, account_id: str, command: Keyed | None = None) -> None:
        """Let an account sign in again, as it did before; nothing that was ended lives again."""
        self._stands(account_id, False, command)

    def _stands(self, account_id: str, disabled: bool, command: Keyed | None) -> None:
        with writing(self._engine, NOBODY) as connection:
            if command and not first(connection, command, self._now()):
                return
            known = connection.execute(update(accounts).where(accounts.c.id == account_id).values(disabled=disabled))
            if known.rowcount != 1:
                raise UnknownAccountError("There is no such account.")
            # Also where it is enabled: who signed in while it was being disabled would be in again.
            end_all(connection, account_id, self._now())

    def of_office(self, agency_id: str, role: str | None = None) -> list[Mapping[str, Any]]:
        """The office's accounts with `open_cases` and the absence that is on or comes next.

        `absent_from`, `absent_until` and `deputy_id` are None where none is entered.
        """
        mine = (cases.c.assigned_to == accounts.c.id) & (cases.c.status == Status.OPEN.value)
        open_cases = select(func.count()).select_from(cases).where(mine).scalar_subquery().label("open_cases")
        coming = select(absences).where(absences.c.account_id == accounts.c.id, absences.c.ends_at > self._now())
        absence = coming.order_by(absences.c.starts_at).limit(1).lateral("absence")
        dates = absence.c.starts_at.label("absent_from"), absence.c.ends_at.label("absent_until"), absence.c.deputy_id
        found = select(*ACCOUNT, open_cases, *dates).select_from(accounts.outerjoin(absence, true()))
        found = found.where(accounts.c.agency_id == agency_id)
        if role is not None:
            found = found.where(accounts.c.role == role)
        with reading(self._engine, ENGINE) as connection:
            return [dict(row) for row in connection.execute(found.order_by(accounts.c.username)).mappings()]

    def names(self, account_ids: Collection[str], agency_id: str | None = None) -> Mapping[str, str]:
        """The user names of accounts by their ids: of all of them, or of those of one office."""
        if not account_ids:
            return {}
        found = select(accounts.c.id, accounts.c.username).where(accounts.c.id.in_(sorted(account_ids)))
        if agency_id is not None:
            found = found.where(accounts.c.agency_id == agency_id)
        with reading(self._engine, NOBODY) as connection:
            return {row.id: row.username for row in connection.execute(found)}

    def set_absence(
        self,
        account_id: str,
        starts_at: datetime,
        ends_at: datetime,
        deputy_id: str | None,
        command: Keyed | None = None,
    ) -> None:
        """Enter an absence; one with the same start is replaced. A repeat of a command changes nothing.

        Raises InvalidInputError where it does not end after its start, UnknownAccountError where there is no such
        account or the deputy may not stand in for it.
        """
        if ends_at <= starts_at:
            errors = [{"pointer": "/until", "code": "before_start", "detail": "It does not end after its start."}]
            raise InvalidInputError("The absence does not end after its start.", errors=errors)
        end = {"ends_at": ends_at, "deputy_id": deputy_id}
        entry = insert(absences).values(account_id=account_id, starts_at=starts_at, **end)
        with writing(self._engine, NOBODY) as connection:
            if command and not first(connection, command, self._now()):
                return
            _check_deputy(connection, account_id, deputy_id)
            connection.execute(entry.on_conflict_do_update(index_elements=list(absences.primary_key), set_=end))

    def contacts(self, account_id: str) -> list[Contact]:
        """The ways to tell an account, safe or not."""
        with reading(self._engine, NOBODY) as connection:
            return list(contacts_of(connection, (account_id,)))

    def addresses(self, account_id: str | None = None) -> list[tuple[str, str]]:
        """Accounts and their addresses: of one, or of all that are not disabled."""
        mine = ~accounts.c.disabled if account_id is None else accounts.c.id == account_id
        found = select(contacts.c.account_id, contacts.c.address).join(accounts).where(mine)
        with reading(self._engine, NOBODY) as connection:
            return [(row.account_id, row.address) for row in connection.execute(found.order_by(*contacts.primary_key))]

    def set_contact(self, account_id: str, contact: Contact) -> None:
        """Enter a way to tell an account, confirmed now; the same address again takes what else is new of it."""
        hours = contact.hours
        changed = {
            "language": contact.language,
            "safe": contact.safe,
            "confirmed_at": contact.confirmed_at or self._now(),
            "hours_begin": hours.begins if hours else None,
            "hours_end": hours.ends if hours else None,
        }
        which = {"account_id": account_id, "medium": contact.medium, "address": contact.address}
        entry = insert(contacts).values(**which, **changed)
        with writing(self._engine, NOBODY) as connection:
            connection.execute(entry.on_conflict_do_update(index_elements=list(contacts.primary_key), set_=changed))

    def _one(self, which: Any) -> Account | None:
        with reading(self._engine, NOBODY) as connection:
            return _found(connection, which)


def _check_deputy(connection: Connection, account_id: str, deputy_id: str | None) -> None:
    absent = _found(connection, accounts.c.id == account_id)
    if absent is None:
        raise UnknownAccountError("There is no such account.")
    deputy = _found(connection, accounts.c.id == deputy_id) if deputy_id is not None else None
    if deputy_id is not None and (deputy is None or not may_stand_in(deputy, absent)):
        raise UnknownAccountError("A deputy is a colleague of the same role, or one who decides in the office.")


def _found(connection: Connection, which: Any) -> Account | None:
    row = connection.execute(select(*ACCOUNT).where(which)).one_or_none()
    return _account(row) if row else None


def _account(row: Any) -> Account:
    return Account(**{column.name: row._mapping[column.name] for column in ACCOUNT})
