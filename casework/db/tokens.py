"""Bearer tokens: 256 random bits, of which only the hash is kept."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, insert, select, update

from casework.db.caller import NOBODY
from casework.db.session import Clock, reading, writing
from casework.db.tables import accounts, clients, sessions, tokens
from casework.models.people import Account

ACCOUNT = (accounts.c.id, accounts.c.username, accounts.c.role, accounts.c.agency_id, accounts.c.disabled)


class SqlTokens:
    """Issues, knows and ends tokens."""

    def __init__(self, engine: Engine, now: Clock) -> None:
        self._engine = engine
        self._now = now

    def issue_token(self, account_id: str, seconds: int, scopes: Iterable[str] | None = None) -> tuple[str, datetime]:
        """A bearer token and its end; only its hash is kept. With `scopes` it is good for those alone."""
        token = secrets.token_urlsafe(32)
        issued_at = self._now()
        expires_at = issued_at + timedelta(seconds=seconds)
        row = {"token_hash": hash_of(token), "account_id": account_id, "issued_at": issued_at, "expires_at": expires_at}
        limited = None if scopes is None else sorted(scopes)
        with writing(self._engine, NOBODY) as connection:
            connection.execute(insert(tokens), {**row, "scopes": limited})
        return token, expires_at

    def of_token(self, token: str) -> Account | None:
        """The account of a live token; None where it is unknown, at its end, revoked, or of a disabled account."""
        live = (tokens.c.expires_at > self._now()) & tokens.c.revoked_at.is_(None) & ~accounts.c.disabled
        found = select(*ACCOUNT, tokens.c.scopes).join(tokens, tokens.c.account_id == accounts.c.id)
        with reading(self._engine, NOBODY) as connection:
            row = connection.execute(found.where(tokens.c.token_hash == hash_of(token), live)).one_or_none()
        return Account(**row._mapping) if row else None

    def revoke_token(self, token: str) -> None:
        """End a token now; an unknown one changes nothing."""
        with writing(self._engine, NOBODY) as connection:
            mine = (tokens.c.token_hash == hash_of(token)) & tokens.c.revoked_at.is_(None)
            connection.execute(update(tokens).where(mine).values(revoked_at=self._now()))

    def scopes_of(self, account_id: str) -> tuple[str, ...] | None:
        """What a client is good for; None for an account that is no client's."""
        with reading(self._engine, NOBODY) as connection:
            kept = connection.scalar(select(clients.c.scopes).where(clients.c.account_id == account_id))
        return None if kept is None else tuple(kept)

    def sign_out(self, account_id: str) -> None:
        """End every token and every session of an account now."""
        with writing(self._engine, NOBODY) as connection:
            end_all(connection, account_id, self._now())


def end_all(connection: Connection, account_id: str, now: datetime) -> None:
    """End tokens and sessions of an account in the transaction that is under way."""
    mine = (tokens.c.account_id == account_id) & tokens.c.revoked_at.is_(None)
    connection.execute(update(tokens).where(mine).values(revoked_at=now))
    open_ = (sessions.c.account_id == account_id) & sessions.c.ended_at.is_(None)
    connection.execute(update(sessions).where(open_).values(ended_at=now))


def hash_of(token: str) -> str:
    """What is kept of a random secret. Fast on purpose: there is nothing to guess."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
