"""What every table is made of. Migrations make the tables; a test holds both equal."""

from typing import Any

from sqlalchemy import Column, DateTime, MetaData, Text
from sqlalchemy.dialects.postgresql import ARRAY

# PostgreSQL's own names, so that constraints made by plain SQL and these compare equal.
metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    }
)
INSTANT = DateTime(timezone=True)
TEXTS = ARRAY(Text)


def must(name: str, kind: Any = Text, *rest: Any, **options: Any) -> Column[Any]:
    """A column that is always filled."""
    return Column(name, kind, *rest, nullable=False, **options)


def may(name: str, kind: Any = Text, *rest: Any) -> Column[Any]:
    """A column that may be empty."""
    return Column(name, kind, *rest, nullable=True)
