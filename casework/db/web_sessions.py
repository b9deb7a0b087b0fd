"""Sessions of people in a browser: 256 random bits in a cookie, of which only the hash is kept here."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Engine, Update, insert, select, update

from casework.db.caller import NOBODY
from casework.db.session import Clock, reading, wall_clock, writing
from casework.db.tables import accounts, sessions
from casework.db.tokens import ACCOUNT, hash_of
from casework.models.people import Account
from casework.signin.ports import Session

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
SEEN = timedelta(minutes=1)
"""How exactly the last sight is kept: not every page needs a write."""


class SqlSessions:
    """Begins, knows and ends sessions. An id is given out by us alone: one that was brought along is never taken."""

    def __init__(self, engine: Engine, now: Clock = wall_clock) -> None:
        self._engine = engine
        self._now = now

    def begin(self, account: Account, instead_of: str | None = None) -> Session:
        """A new session under a new id; the one that the browser had before is ended."""
        now = self._now()
        session = Session(account, now, now + LONGEST, secrets.token_urlsafe(32))
        row = {"session_hash": hash_of(session.secret), "account_id": account.id, "expires_at": session.expires_at}
        with writing(self._engine, NOBODY) as connection:
            if instead_of:
                connection.execute(_end(instead_of, now))
            connection.execute(insert(sessions), {**row, "started_at": now, "seen_at": now})
        return session

    def of(self, secret: str, *, renew: bool = True) -> Session | None:
        """The live session of a cookie; None where it is unknown, idle too long, over, or of a disabled account.

        Without `renew` its time goes on running: what a page asks by itself is no sign of its reader.
        """
        now = self._now()
        mine = sessions.c.session_hash == hash_of(secret)
        live = (sessions.c.expires_at > now) & (sessions.c.seen_at > now - IDLE) & sessions.c.ended_at.is_(None)
        times = (sessions.c.started_at, sessions.c.expires_at, sessions.c.seen_at)
        found = select(*ACCOUNT, *times).join(sessions, sessions.c.account_id == accounts.c.id)
        with reading(self._engine, NOBODY) as connection:
            row = connection.execute(found.where(mine, live, ~accounts.c.disabled)).one_or_none()
            if row is None:
                return None
            if renew and now - row.seen_at >= SEEN:
                connection.execute(update(sessions).where(mine).values(seen_at=now))
        account = Account(**{column.name: row._mapping[column.name] for column in ACCOUNT})
        return Session(account, row.started_at, row.expires_at, secret)

    def end(self, secret: str) -> None:
        """End a session now; an unknown one changes nothing."""
        with writing(self._engine, NOBODY) as connection:
            connection.execute(_end(secret, self._now()))


def _end(secret: str, now: datetime) -> Update:
    mine = (sessions.c.session_hash == hash_of(secret)) & sessions.c.ended_at.is_(None)
    return update(sessions).where(mine).values(ended_at=now)
