"""What a list may be filtered by: the answer to a filter tells as much as the column itself."""

from casework.errors import ForbiddenError
from casework.models.people import Actor
from casework.rules.access import columns_shown


def check_shown(reader: Actor, column: str, name: str) -> None:
    """Refuse a filter, by its name, on a column that the reader's role is not shown."""
    columns = columns_shown(reader.role)
    if columns is not None and column not in columns:
        raise ForbiddenError(f"Your role may not filter by {name}.")
