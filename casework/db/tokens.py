"""Bearer tokens: 256 random bits, of which only the hash is kept."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, insert, select, update

from casework.db.session import Clock, reading, writing
from casework.db.tables import accounts, tokens
from casework.models.people import Account

ACCOUNT = (accounts.c.id, accounts.c.username, accounts.c.role, accounts.c.agency_id, accounts.c.disabled)


class SqlTokens:
    """Issues, knows and ends tokens."""

    def __init__(self, engine: Engine, now: Clock) -> None:
        self._engine = engine
        self._now = now

    def issue_token(self, account_id: str, seconds: int) -> tuple[str, datetime]:
        """A bearer token and its end; only its hash is kept."""
        token = secrets.token_urlsafe(32)
        issued_at = self._now()
        expires_at = issued_at + timedelta(seconds=seconds)
        row = {"token_hash": _hash(token), "account_id": account_id, "issued_at": issued_at, "expires_at": expires_at}
        with writing(self._engine) as connection:
            connection.execute(insert(tokens), row)
        return token, expires_at

    def of_token(self, token: str) -> Account | None:
        """The account of a live token; None where it is unknown, at its end, revoked, or of a disabled account."""
        live = (tokens.c.expires_at > self._now()) & tokens.c.revoked_at.is_(None) & ~accounts.c.disabled
        found = select(*ACCOUNT).join(tokens, tokens.c.account_id == accounts.c.id)
        with reading(self._engine) as connection:
            row = connection.execute(found.where(tokens.c.token_hash == _hash(token), live)).one_or_none()
        return Account(**row._mapping) if row else None

    def revoke_token(self, token: str) -> None:
        """End a token now; an unknown one changes nothing."""
        with writing(self._engine) as connection:
            mine = (tokens.c.token_hash == _hash(token)) & tokens.c.revoked_at.is_(None)
            connection.execute(update(tokens).where(mine).values(revoked_at=self._now()))

    def _end_tokens(self, connection: Connection, account_id: str) -> None:
        mine = (tokens.c.account_id == account_id) & tokens.c.revoked_at.is_(None)
        connection.execute(update(tokens).where(mine).values(revoked_at=self._now()))


def _hash(token: str) -> str:
    # Fast on purpose: what is hashed is random, so there is nothing to guess.
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
