"""What a verification reads: rows as they stand, a part at a time, and nothing that was sealed in the clear."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, func, literal, or_, select, union_all

from casework.db.caller import ENGINE
from casework.db.session import deciding, reading
from casework.db.tables import access_chain, access_log, case_log, cases, documents, file_pieces, files, locations

Row = Mapping[str, Any]
_kept = [
    select(
        *(table.c[name] for name in ("id", "case_id", "command_id", "digest", "sealed")),
        literal(table is locations).label("located"),
    ).where(table.c.state == "kept")
    for table in (documents, locations)
]
PAPERS = union_all(*_kept).subquery("papers")


@dataclass(frozen=True)
class Part:
    """Some cases at one instant, by their ids: their rows, their logs, oldest row first, and what is sealed of them."""

    cases: Sequence[Row]
    logs: Mapping[str, Sequence[Row]]
    papers: Sequence[Row]
    files: Mapping[str, int]
    """How many pieces the files among them have, by their documents."""


class SqlAudit:
    """Reads everything of every case: for the machine's own check only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self) -> int:
        """How many cases there are."""
        with reading(self._engine, ENGINE) as connection:
            return connection.scalar(select(func.count()).select_from(cases)) or 0

    def part(self, after: str, limit: int) -> Part:
        """The next cases after an id."""
        return self._part(cases.c.id > after, limit)

    def one(self, case: str) -> Part:
        """A case by its id or its number."""
        return self._part(or_(cases.c.id == case, cases.c.number == case), 1)

    def pieces(self, document_id: str, count: int) -> Iterator[bytes]:
        """The sealed pieces of a file, one after the other, up to one that is missing."""
        for number in range(count):
            mine = (file_pieces.c.document_id == document_id) & (file_pieces.c.number == number)
            with reading(self._engine, ENGINE) as connection:
                piece = connection.scalar(select(file_pieces.c.sealed).where(mine))
            if piece is None:
                return
            yield piece

    def chain(self, after: int, limit: int) -> list[Row]:
        """The chain of the access log with what it covers; of a reading that is gone only the chain is there."""
        both = access_chain.outerjoin(access_log, access_chain.c.id == access_log.c.id)
        read = [column for column in access_log.c if column is not access_log.c.id]
        found = select(access_chain, *read).select_from(both).where(access_chain.c.sequence > after)
        found = found.order_by(access_chain.c.sequence).limit(limit)
        with reading(self._engine, ENGINE) as connection:
            return [dict(row) for row in connection.execute(found).mappings()]

    def unchained(self) -> tuple[int, datetime | None]:
        """How many readings are in no chain, and since when."""
        both = access_log.outerjoin(access_chain, access_chain.c.id == access_log.c.id)
        found = select(func.count(), func.min(access_log.c.at)).select_from(both).where(access_chain.c.id.is_(None))
        with reading(self._engine, ENGINE) as connection:
            count, since = connection.execute(found).one()
        return count, since

    def readings(self) -> int:
        """How long the chain of the access log is."""
        with reading(self._engine, ENGINE) as connection:
            return connection.scalar(select(func.max(access_chain.c.sequence))) or 0

    def _part(self, wanted: ColumnElement[bool], limit: int) -> Part:
        # One snapshot: a command that is recorded meanwhile would make a row and its log disagree.
        with deciding(self._engine, ENGINE, isolation_level="REPEATABLE READ") as connection:
            found = select(cases).where(wanted).order_by(cases.c.id).limit(limit)
            rows = [dict(row) for row in connection.execute(found).mappings()]
            case_ids = [row["id"] for row in rows]
            papers = _papers(connection, case_ids)
            return Part(rows, _logs(connection, case_ids), papers, _files(connection, papers))


def _logs(connection: Connection, case_ids: Sequence[str]) -> Mapping[str, Sequence[Row]]:
    found = select(case_log).where(case_log.c.case_id.in_(case_ids))
    logs: dict[str, list[Row]] = defaultdict(list)
    for row in connection.execute(found.order_by(case_log.c.case_id, case_log.c.sequence)).mappings():
        logs[row["case_id"]].append(dict(row))
    return logs


def _papers(connection: Connection, case_ids: Sequence[str]) -> Sequence[Row]:
    found = select(PAPERS).where(PAPERS.c.case_id.in_(case_ids))
    return [dict(row) for row in connection.execute(found).mappings()]


def _files(connection: Connection, papers: Sequence[Row]) -> Mapping[str, int]:
    named = files.c.document_id.in_([paper["id"] for paper in papers])
    rows = connection.execute(select(files.c.document_id, files.c.count.label("pieces")).where(named))
    return {row.document_id: row.pieces for row in rows}
