"""The outbox of notices: written with the command they follow from, claimed in batches, ended one by one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, or_, select, update

from casework.db.session import Clock, reading, wall_clock, writing
from casework.db.tables import accounts, cases, contacts, notices
from casework.models.notice import Contact, Notice, Recipient

CLAIM = timedelta(minutes=2)
"""How long a claimed notice is left alone; after that its claimer is taken for dead."""

WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=3))
"""Before each further try; when they are used up a person is shown the notice."""


GIVEN_UP = len(WAITS) + 1


class SqlNotices:
    """Gives out what is to be told, knows whom by which way, and keeps what became of it."""

    def __init__(self, engine: Engine, now: Clock = wall_clock) -> None:
        self._engine = engine
        self._now = now

    def due(self, limit: int) -> tuple[Notice, ...]:
        """Claim notices to be sent now, oldest first; two claimers never get the same one."""
        now = self._now()
        ready = (notices.c.state == "queued") & or_(notices.c.next_try.is_(None), notices.c.next_try <= now)
        oldest = select(notices.c.id).where(ready).order_by(notices.c.created_at, notices.c.id).limit(limit)
        claimed = notices.c.id.in_(oldest.with_for_update(skip_locked=True))
        claim = update(notices).where(claimed).values(next_try=now + CLAIM, attempts=notices.c.attempts + 1)
        with writing(self._engine) as connection:
            rows = connection.execute(claim.returning(*(notices.c[name] for name in Notice.model_fields))).mappings()
            batch = [Notice.model_validate(dict(row)) for row in rows]
        return tuple(sorted(batch, key=lambda notice: (notice.created_at, notice.id)))

    def contacts_for(self, recipient: Recipient) -> tuple[Contact, ...]:
        """All contacts of a recipient, safe or not; those of disabled accounts are left out."""
        columns = (contacts.c.medium, contacts.c.address, contacts.c.language, contacts.c.safe)
        found = select(*columns).join(accounts).where(~accounts.c.disabled, *_names(recipient))
        with reading(self._engine) as connection:
            rows = connection.execute(found.order_by(contacts.c.account_id, contacts.c.medium, contacts.c.address))
            return tuple(Contact(**row._mapping) for row in rows)

    def told(self, notice_id: str) -> tuple[str, ...]:
        """The marks of the contacts that know already."""
        with reading(self._engine) as connection:
            return tuple(connection.scalar(select(notices.c.told).where(notices.c.id == notice_id)) or ())

    def mark_told(self, notice_id: str, mark: str) -> None:
        """Remember that a contact was told, so that a further try leaves it out."""
        self._update(notice_id, told=func.array_append(notices.c.told, mark))

    def mark_delivered(self, notice_id: str) -> None:
        """Somebody was told: nothing more to do."""
        self._update(notice_id, state="delivered", last_error=None, next_try=None)

    def mark_skipped(self, notice_id: str, code: str) -> None:
        """Nobody could be told, and trying again would not help."""
        self._update(notice_id, state="skipped", last_error=code, next_try=None)

    def mark_failed(self, notice_id: str, code: str, *, again: bool = True) -> None:
        """A try failed: it is queued for a later one; given up after the last, or at once where not `again`."""
        with writing(self._engine) as connection:
            mine = (notices.c.id == notice_id) & (notices.c.state == "queued")
            attempts = connection.scalar(select(notices.c.attempts).where(mine).with_for_update())
            if attempts is not None:
                values = {"last_error": code, **_after_failure(attempts if again else GIVEN_UP, self._now())}
                connection.execute(update(notices).where(mine).values(values))

    def undelivered(self, agency_id: str) -> list[Mapping[str, Any]]:
        """The notices on an office's cases that reached nobody and will not by themselves, oldest first."""
        lost = notices.c.state.in_(("failed", "skipped"))
        found = select(notices).join(cases).where(cases.c.agency_id == agency_id, lost)
        with reading(self._engine) as connection:
            rows = connection.execute(found.order_by(notices.c.created_at, notices.c.id)).mappings()
            return [dict(row) for row in rows]

    def _update(self, notice_id: str, **values: Any) -> None:
        with writing(self._engine) as connection:
            connection.execute(update(notices).where(notices.c.id == notice_id).values(values))


def _names(recipient: Recipient) -> list[ColumnElement[bool]]:
    if recipient.account_id is not None:
        return [accounts.c.id == recipient.account_id]
    of_agency = accounts.c.agency_id == recipient.agency_id
    return [of_agency] if recipient.role is None else [of_agency, accounts.c.role == recipient.role.value]


def _after_failure(attempts: int, now: datetime) -> dict[str, Any]:
    if attempts >= GIVEN_UP:
        return {"state": "failed", "next_try": None}
    return {"next_try": now + WAITS[attempts - 1]}
