"""Lists in pages that do not shift when rows are added, and the cursors that lead from one page to the next."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Select, tuple_

from casework.errors import InvalidInputError

MOST = 200


def newest_first(
    connection: Connection, found: Select[Any], at: Column[Any], id_: Column[Any], limit: int, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of what was found, and the cursor of the next; both columns must be among the selected."""
    if cursor is not None:
        found = found.where(tuple_(at, id_) < tuple_(*place_of(cursor, datetime, str)))
    return _page(connection, found.order_by(at.desc(), id_.desc()), at.name, id_.name, limit)


def oldest_first(
    connection: Connection, found: Select[Any], at: Column[Any], id_: Column[Any], limit: int, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """The same the other way round."""
    if cursor is not None:
        found = found.where(tuple_(at, id_) > tuple_(*place_of(cursor, datetime, str)))
    return _page(connection, found.order_by(at, id_), at.name, id_.name, limit)


def _page(
    connection: Connection, ordered: Select[Any], at: str, id_: str, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    limit = max(1, min(limit, MOST))
    # One row more than asked for tells whether there is a next page.
    rows = connection.execute(ordered.limit(limit + 1)).mappings().all()
    last = rows[limit - 1] if len(rows) > limit else None
    return [dict(row) for row in rows[:limit]], cursor_of(last[at], last[id_]) if last else None


def cursor_of(*place: Any) -> str:
    """The cursor that leads on from a place: opaque, and nothing but what orders the list."""
    plain = [part.isoformat() if isinstance(part, datetime) else part for part in place]
    return urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def place_of(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """The place a cursor leads on from, its parts of these kinds; raises InvalidInputError for one that is not ours."""
    try:
        parts = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return tuple(_part(part, kind) for part, kind in zip(parts, kinds, strict=True))
    except (ValueError, TypeError, RecursionError):
        errors = [{"pointer": "/cursor", "code": "invalid_cursor", "detail": "Take it from a list's next_cursor."}]
        raise InvalidInputError("The cursor is not one of ours.", errors=errors) from None


def _part(part: Any, kind: type) -> Any:
    if kind is datetime:
        at = datetime.fromisoformat(part)
        if at.tzinfo is None:
            raise ValueError("an instant without offset")
        return at
    if type(part) is not kind:
        raise TypeError(f"not of {kind}")
    return part
