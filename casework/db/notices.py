"""The outbox of notices: written with the command they follow from, claimed in batches, ended one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import ENGINE
from casework.db.lost import OLDEST, lost_of, queue_again
from casework.db.presence import contacts_of, people_around
from casework.db.rows import values_of
from casework.db.session import Clock, reading, wall_clock, writing
from casework.db.tables import cases, notices
from casework.models.notice import Contact, Notice, NoticeKind, Recipient
from casework.models.people import Role
from casework.rules.standing_in import reached

CLAIM = timedelta(minutes=2)
"""How long a claimed notice is left alone; after that its claimer is taken for dead."""

WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=3))
"""Before each further try; when they are used up a person is shown the notice."""

GIVEN_UP = len(WAITS) + 1
NOTICE = tuple(column for column in notices.c if column.name in Notice.model_fields)


# Made once: putting it together costs more than running it.
_NEW = insert(notices).on_conflict_do_nothing(index_elements=[notices.c.id]).returning(notices.c.id)


def queue(connection: Connection, told: Sequence[Notice]) -> int:
    """Queue notices in the transaction that is under way; how many are new. A known id is left as it is."""
    return len(connection.execute(_NEW, [values_of(notice) for notice in told]).all()) if told else 0


class SqlNotices:
    """Gives out what is to be told, knows whom by which way, and keeps what became of it."""

    def __init__(self, engine: Engine, now: Clock = wall_clock) -> None:
        self._engine = engine
        self._now = now

    def queue(self, told: Sequence[Notice]) -> int:
        """Queue notices that follow from no command; how many are new. One whose id is known is left as it is."""
        with writing(self._engine, ENGINE) as connection:
            return queue(connection, told)

    def due(self, limit: int) -> tuple[Notice, ...]:
        """Claim notices to be sent now, oldest first; two claimers never get the same one."""
        now = self._now()
        ready = (notices.c.state == "queued") & or_(notices.c.next_try.is_(None), notices.c.next_try <= now)
        oldest = select(notices.c.id).where(ready).order_by(*OLDEST).limit(limit)
        claimed = notices.c.id.in_(oldest.with_for_update(skip_locked=True))
        claim = update(notices).where(claimed).values(next_try=now + CLAIM, attempts=notices.c.attempts + 1)
        with writing(self._engine, ENGINE) as connection:
            rows = connection.execute(claim.returning(*NOTICE)).mappings()
            batch = [Notice.model_validate(dict(row)) for row in rows]
        return tuple(sorted(batch, key=lambda notice: (notice.created_at, notice.id)))

    def contacts_for(
        self, recipient: Recipient, case_id: str | None = None, kept_from: str | None = None
    ) -> tuple[Contact, ...]:
        """All contacts, safe or not, of whoever is told now: of the stand-ins, where the recipient cannot act, or is
        excluded from the case that it is about; never of the account that it is `kept_from`."""
        with reading(self._engine, ENGINE) as connection:
            people = people_around(connection, (recipient,), self._now(), case_id)
            told = reached(recipient, (replace(one, excluded=True) if one.id == kept_from else one for one in people))
            return contacts_of(connection, told) if told else ()

    def told(self, notice_id: str) -> tuple[str, ...]:
        """The marks of the contacts that know already."""
        with reading(self._engine, ENGINE) as connection:
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

    def put_off(self, notice_id: str, until: datetime) -> None:
        """Leave it alone until then, as if it had not been tried."""
        self._update(notice_id, next_try=until, attempts=func.greatest(notices.c.attempts - 1, 0))

    def warn(self, notice: Notice) -> None:
        """Tell the supervisors of the case's office that a contact on its file must not be used, once a day."""
        now = self._now()
        with writing(self._engine, ENGINE) as connection:
            office = connection.scalar(select(cases.c.agency_id).where(cases.c.id == notice.case_id))
            if office is not None:
                queue(connection, [_warning(notice, office, now)])

    def mark_failed(self, notice_id: str, code: str, *, again: bool = True) -> None:
        """A try failed: it is queued for a later one; given up after the last, or at once where not `again`."""
        with writing(self._engine, ENGINE) as connection:
            mine = (notices.c.id == notice_id) & (notices.c.state == "queued")
            attempts = connection.scalar(select(notices.c.attempts).where(mine).with_for_update())
            if attempts is not None:
                values = {"last_error": code, **_after_failure(attempts if again else GIVEN_UP, self._now())}
                connection.execute(update(notices).where(mine).values(values))

    def requeue(self, now: datetime, limit: int = 500) -> int:
        """Queue again what was lost and whose recipient, or who stands in, has a safe contact by now; how many.

        Oldest first, at most `limit`. Each begins its tries anew; who knows already is not told twice.
        """
        with writing(self._engine, ENGINE) as connection:
            return queue_again(connection, now, limit)

    def undelivered(self, agency_id: str) -> list[Mapping[str, Any]]:
        """The notices on an office's cases, and its digests, that reached nobody and will not by themselves.

        Oldest first.
        """
        with reading(self._engine, ENGINE) as connection:
            return lost_of(connection, agency_id)

    def _update(self, notice_id: str, **values: Any) -> None:
        with writing(self._engine, ENGINE) as connection:
            connection.execute(update(notices).where(notices.c.id == notice_id).values(values))


def _warning(notice: Notice, agency_id: str, now: datetime) -> Notice:
    return Notice(
        id=f"contact.{notice.case_id}.{now.date().isoformat()}",
        case_id=notice.case_id,
        case_number=notice.case_number,
        kind=NoticeKind.CONTACT_UNSAFE,
        recipient=Recipient(role=Role.SUPERVISOR, agency_id=agency_id),
        created_at=now,
    )


def _after_failure(attempts: int, now: datetime) -> dict[str, Any]:
    if attempts >= GIVEN_UP:
        return {"state": "failed", "next_try": None}
    return {"next_try": now + WAITS[attempts - 1]}
