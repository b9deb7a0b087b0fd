"""Looks through the access log for who looks at too much, and tells who watches over them, once an episode."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby

import structlog
from sqlalchemy import Connection, Engine, Row, RowMapping, Select, distinct, func, insert, or_, select, true, update

from casework.db.caller import ENGINE
from casework.db.notices import queue
from casework.db.overseers import overseers_of
from casework.db.session import reading, writing
from casework.db.tables import access_log, snooping
from casework.models.notice import Notice, Recipient
from casework.models.people import Actor
from casework.models.sight import Sight, SightKind
from casework.rules.snooping import CASES, REFUSALS, Episode, episodes

LOCK = 7_002
"""Of PostgreSQL's advisory locks: of two workers that look at once, one tells."""
SLACK = timedelta(minutes=10)
"""How late a sight may come into the log and still be seen."""
SIGHT = tuple(access_log.c[name] for name in ("at", "thing", "kind", "case_ids", "ground"))
ACTOR = (access_log.c.account_id, access_log.c.role, access_log.c.agency_id)

log = structlog.get_logger()


class SqlSnooping:
    """Writes episodes and their notices; it changes no log."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def look(self, since: datetime, now: datetime) -> int:
        """Tell of every episode that went on since then and is not known; how many notices.

        Where nobody has seen much, it is one statement. What counts at an instant is of the hour before it: so far
        back it reads.
        """
        begin = since - CASES.within - SLACK
        with reading(self._engine, ENGINE) as connection:
            accounts = [str(account) for account in connection.scalars(_of_many(begin))]
        if not accounts:
            return 0
        with writing(self._engine, ENGINE) as connection:
            connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
            rows = connection.execute(_sights(accounts, begin)).all()
            return sum(
                _settle(connection, _actor(mine[-1]), [_sight(row) for row in mine], now)
                for _, found in groupby(rows, key=lambda row: row.account_id)
                if (mine := list(found))
            )


def _of_many(begin: datetime) -> Select[tuple[str]]:
    """The accounts that have seen, or were refused, enough for an episode, if all of it came at once."""
    each = func.unnest(access_log.c.case_ids).table_valued("case_id", name="each").render_derived().lateral()
    shown = func.count(distinct(each.c.case_id)).filter(access_log.c.kind == SightKind.SHOWN.value)
    refused = func.count(distinct(access_log.c.id)).filter(access_log.c.kind == SightKind.REFUSED.value)
    found = select(access_log.c.account_id).select_from(access_log.outerjoin(each, true()))
    enough = or_(shown > CASES.most, refused > REFUSALS.most)
    return found.where(access_log.c.at >= begin).group_by(access_log.c.account_id).having(enough)


def _sights(accounts: Iterable[str], begin: datetime) -> Select[tuple[object, ...]]:
    mine = access_log.c.account_id.in_(accounts) & (access_log.c.at >= begin)
    files = access_log.c.kind != SightKind.LISTED.value
    found = select(*ACTOR, *SIGHT).where(mine, files)
    return found.order_by(access_log.c.account_id, access_log.c.at, access_log.c.id)


def _actor(row: Row[tuple[object, ...]]) -> Actor:
    return Actor.model_validate({column.name: row._mapping[column] for column in ACTOR})


def _sight(row: Row[tuple[object, ...]]) -> Sight:
    return Sight.model_validate({"actor": _actor(row), **{column.name: row._mapping[column] for column in SIGHT}})


def _settle(connection: Connection, actor: Actor, sights: Iterable[Sight], now: datetime) -> int:
    told = 0
    for episode in episodes(sights):
        known = connection.execute(_known(actor, episode)).mappings().first()
        if known is None:
            connection.execute(insert(snooping).values(_values(actor, episode)))
            told += queue(connection, _notices(connection, actor, episode, now))
        elif episode.until > known["last_at"] or episode.count > known["count"]:
            _go_on(connection, known, episode)
    return told


def _known(actor: Actor, episode: Episode) -> Select[tuple[object, ...]]:
    """The episode as it was seen before: what is read now may lack its beginning, or know more of it."""
    mine = (snooping.c.account_id == actor.account_id) & (snooping.c.kind == episode.kind.value)
    touches = (snooping.c.began_at <= episode.until) & (snooping.c.last_at >= episode.began_at)
    return select(snooping).where(mine, touches).order_by(snooping.c.began_at.desc()).limit(1)


def _values(actor: Actor, episode: Episode) -> dict[str, object]:
    known = {"account_id": actor.account_id, "kind": episode.kind.value, "began_at": episode.began_at}
    return {**known, "last_at": episode.until, "count": episode.count}


def _go_on(connection: Connection, known: RowMapping, episode: Episode) -> None:
    mine = [column == known[column.name] for column in snooping.primary_key.columns]
    later = func.greatest(snooping.c.last_at, episode.until)
    more = func.greatest(snooping.c.count, episode.count)
    connection.execute(update(snooping).where(*mine).values(last_at=later, count=more))


def _notices(connection: Connection, actor: Actor, episode: Episode, now: datetime) -> list[Notice]:
    overseers = overseers_of(connection, actor)
    if not overseers:
        log.error("snooping_untold", account=actor.account_id, kind=episode.kind.value)
    began = int(episode.began_at.timestamp())
    return [
        Notice(
            id=f"{episode.kind.value}.{actor.account_id}.{began}.{overseer}",
            kind=episode.kind,
            recipient=Recipient(account_id=overseer),
            about_id=actor.account_id,
            created_at=now,
        )
        for overseer in overseers
    ]
