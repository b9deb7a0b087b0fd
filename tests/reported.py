"""A report of the public, without its form: for tests that need one to be there."""

from sqlalchemy import select

from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.db.tables import public_reports
from casework.ids import new_id
from casework.models.public_report import PublicEntry
from starter.public_reports import PublicDesk
from tests.stack import Stack

STORY = "Anak tetangga sering menangis malam-malam"


def reported(app: Stack, story: str = STORY) -> str:
    """One that waits for the leading office: its id."""
    entry = PublicEntry.model_validate({"what": ("hurt",), "story": story, "age": "child"})
    number = PublicDesk(app.desk, app.cases).take(new_id(), entry, "id", "")
    with reading(app.outside.engine, ENGINE) as connection:
        return str(connection.scalar(select(public_reports.c.id).where(public_reports.c.number == number)))
