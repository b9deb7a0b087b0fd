"""Systems that sign in by themselves: an account whose secret we made, what it is good for, and the secret before."""

import secrets
from collections.abc import Iterable
from datetime import timedelta

from argon2 import PasswordHasher
from sqlalchemy import Engine, select, update
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import NOBODY
from casework.db.passwords import Passwords
from casework.db.session import Clock, reading, wall_clock, writing
from casework.db.tables import accounts, clients
from casework.db.tokens import ACCOUNT, end_all
from casework.errors import InvalidInputError, UnknownAccountError
from casework.ids import new_id
from casework.models.people import Account, Role, Scope

SECRET = (accounts.c.password_hash, clients.c.scopes, clients.c.previous_hash, clients.c.previous_until)


class SqlClients:
    """Adds clients, turns their secrets, and knows them again."""

    def __init__(self, engine: Engine, *, hasher: PasswordHasher | None = None, now: Clock = wall_clock) -> None:
        self._engine = engine
        self._passwords = Passwords(hasher or PasswordHasher())
        self._now = now

    def add(self, name: str, agency_id: str, scopes: Iterable[Scope]) -> tuple[Account, str]:
        """A new client and its secret, which is not kept; raises InvalidInputError where the name is taken."""
        secret, allowed = secrets.token_urlsafe(32), sorted(set(scopes))
        account = Account(id=new_id(), username=name, role=Role.SYSTEM, agency_id=agency_id, scopes=tuple(allowed))
        values = {**account.model_dump(mode="json", exclude={"scopes"}), "password_hash": self._passwords.hash(secret)}
        with writing(self._engine, NOBODY) as connection:
            made = connection.scalar(insert(accounts).on_conflict_do_nothing().returning(accounts.c.id), values)
            if not made:
                errors = [{"pointer": "/username", "code": "taken", "detail": "Another account has this name."}]
                raise InvalidInputError("The name is taken.", errors=errors)
            connection.execute(insert(clients), {"account_id": account.id, "scopes": allowed})
        return account, secret

    def rotate(self, account_id: str, keep: timedelta) -> str:
        """Another secret; the one there was opens for as long as told, and with no time at all every token ends too.

        Raises UnknownAccountError where it is no client's account.
        """
        secret, now = secrets.token_urlsafe(32), self._now()
        kept = self._passwords.hash(secret)
        with writing(self._engine, NOBODY) as connection:
            before = select(accounts.c.password_hash).where(accounts.c.id == account_id).scalar_subquery()
            turned = {"previous_hash": before, "previous_until": now + keep}
            known = connection.execute(update(clients).where(clients.c.account_id == account_id).values(turned))
            if known.rowcount != 1:
                raise UnknownAccountError("There is no such client.")
            connection.execute(update(accounts).where(accounts.c.id == account_id).values(password_hash=kept))
            if not keep:
                end_all(connection, account_id, now)
        return secret

    def sign_in(self, name: str, secret: str) -> Account | None:
        """The system whose secret this is, or was until lately; None for any other, after the same work."""
        found = select(*ACCOUNT, *SECRET).select_from(accounts.outerjoin(clients)).where(accounts.c.username == name)
        with reading(self._engine, NOBODY) as connection:
            row = connection.execute(found).one_or_none()
        lately = row.previous_hash if row and row.previous_until and row.previous_until > self._now() else None
        # Both are always checked, or the count would tell who has turned a secret.
        right = [self._passwords.right(secret, kept) for kept in (row.password_hash if row else None, lately)]
        if row is None or row.disabled or row.role != Role.SYSTEM or not any(right):
            return None
        return Account(**{column.name: row._mapping[column.name] for column in (*ACCOUNT, clients.c.scopes)})
