"""The blind index over clients: which cases are about somebody, as far as keyed hashes can tell."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Engine, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import ENGINE
from casework.db.session import reading, writing
from casework.db.tables import cases, client_index, documents
from casework.db.visible import NOT_ERASED
from casework.ports import IndexEntries, Tokens


def about(wanted: Sequence[Tokens]) -> list[ColumnElement[bool]]:
    """The rows of `cases` about a client who has one token of each set, as the client was last written."""
    kept = (documents.c.id == client_index.c.document_id) & (documents.c.state == "kept")
    mine = client_index.c.case_id == cases.c.id
    return [exists().where(mine, client_index.c.token.in_(tokens), kept).correlate(cases) for tokens in wanted]


def put(connection: Connection, document_id: str, case_id: str, entries: IndexEntries) -> None:
    """Keep what a client is found by, with the document that says who it is."""
    same = {"document_id": document_id, "case_id": case_id, "version": entries.version}
    if entries.tokens:
        rows = [{"token": token, **same} for token in sorted(entries.tokens)]
        connection.execute(insert(client_index).on_conflict_do_nothing(), rows)


def forget_earlier(connection: Connection, case_id: str, document_id: str | None) -> None:
    """Drop what the client was found by before a document said it anew."""
    earlier = (client_index.c.case_id == case_id) & (client_index.c.document_id != (document_id or ""))
    connection.execute(delete(client_index).where(earlier))


class SqlClientIndex:
    """The index as a whole: made anew under another key, and forgotten with a case."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def forget(self, case_id: str) -> None:
        """Drop everything that a case's client is found by."""
        with writing(self._engine, ENGINE) as connection:
            connection.execute(delete(client_index).where(client_index.c.case_id == case_id))

    def behind(self, version: int) -> int:
        """How many cases have nothing under a version of the key."""
        with reading(self._engine, ENGINE) as connection:
            return connection.scalar(select(func.count()).select_from(cases).where(_lacks(version))) or 0

    def page(self, after: str, version: int, most: int) -> list[tuple[str, int]]:
        """The next cases that have nothing under a version of the key, by id, each with its revision."""
        found = select(cases.c.id, cases.c.revision).where(cases.c.id > after, _lacks(version))
        with reading(self._engine, ENGINE) as connection:
            rows = connection.execute(found.order_by(cases.c.id).limit(most))
            return [(row.id, row.revision) for row in rows]

    def versions(self) -> set[int]:
        """The versions of the key that anything is found under."""
        with reading(self._engine, ENGINE) as connection:
            return set(connection.scalars(select(client_index.c.version).distinct()))

    def replace(self, case_id: str, revision: int, document_id: str, entries: IndexEntries) -> bool:
        """Write anew what a client is found by; False, and nothing, where the case has moved on since its
        revision, or was erased."""
        with writing(self._engine, ENGINE) as connection:
            same = (cases.c.id == case_id) & (cases.c.revision == revision) & NOT_ERASED
            if connection.execute(select(cases.c.id).where(same).with_for_update()).first() is None:
                return False
            connection.execute(delete(client_index).where(client_index.c.case_id == case_id))
            put(connection, document_id, case_id, entries)
        return True


def _lacks(version: int) -> ColumnElement[bool]:
    has = exists().where(client_index.c.case_id == cases.c.id, client_index.c.version == version).correlate(cases)
    return ~has & NOT_ERASED
