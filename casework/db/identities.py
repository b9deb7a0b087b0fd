"""Which account an identity at another provider is. Links are made by hand: nobody gets an account by signing in."""

from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import NOBODY
from casework.db.session import Clock, reading, wall_clock, writing
from casework.db.tables import accounts, identities
from casework.db.tokens import ACCOUNT, end_all
from casework.errors import InvalidInputError
from casework.models.people import Account


class SqlIdentities:
    """Links identities to accounts."""

    def __init__(self, engine: Engine, now: Clock = wall_clock) -> None:
        self._engine = engine
        self._now = now

    def account_of(self, issuer: str, subject: str) -> Account | None:
        """The account of an identity; None where there is none, or it is disabled."""
        mine = (identities.c.issuer == issuer) & (identities.c.subject == subject) & ~accounts.c.disabled
        found = select(*ACCOUNT).join(identities, identities.c.account_id == accounts.c.id).where(mine)
        with reading(self._engine, NOBODY) as connection:
            row = connection.execute(found).one_or_none()
        return Account(**row._mapping) if row else None

    def link(self, issuer: str, subject: str, account_id: str) -> None:
        """Let an identity sign in as an account; raises InvalidInputError where it is another account's."""
        entry = {"issuer": issuer, "subject": subject, "account_id": account_id}
        same = insert(identities).values(entry).on_conflict_do_nothing()
        kept = select(identities.c.account_id).where(identities.c.issuer == issuer, identities.c.subject == subject)
        with writing(self._engine, NOBODY) as connection:
            connection.execute(same)
            if connection.scalar(kept) != account_id:
                errors = [{"pointer": "/subject", "code": "taken", "detail": "It is linked to another account."}]
                raise InvalidInputError("This identity is linked to another account.", errors=errors)

    def unlink(self, account_id: str) -> None:
        """Let no identity sign in as an account any more; its tokens and sessions end at once."""
        with writing(self._engine, NOBODY) as connection:
            connection.execute(delete(identities).where(identities.c.account_id == account_id))
            end_all(connection, account_id, self._now())
