"""Lists, newest first, in pages that do not shift when rows are added."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Select, tuple_

from casework.errors import InvalidInputError

MOST = 200


def newest_first(
    connection: Connection, found: Select[Any], at: Column[Any], id_: Column[Any], limit: int, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of what was found, and the cursor of the next; both columns must be among the selected."""
    limit = max(1, min(limit, MOST))
    if cursor is not None:
        found = found.where(tuple_(at, id_) < tuple_(*_place(cursor)))
    # One row more than asked for tells whether there is a next page.
    rows = connection.execute(found.order_by(at.desc(), id_.desc()).limit(limit + 1)).mappings().all()
    return [dict(row) for row in rows[:limit]], _next_cursor(rows, limit, at.name, id_.name)


def _next_cursor(rows: Sequence[Any], limit: int, at: str, id_: str) -> str | None:
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return urlsafe_b64encode(json.dumps([last[at].isoformat(), last[id_]]).encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        at, id_ = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        place = datetime.fromisoformat(at)
        if place.tzinfo is None or not isinstance(id_, str):
            raise ValueError
    except (ValueError, TypeError, RecursionError):
        errors = [{"pointer": "/cursor", "code": "invalid_cursor", "detail": "Take it from a list's next_cursor."}]
        raise InvalidInputError("The cursor is not one of ours.", errors=errors) from None
    return place, id_
