"""Versions of pathway files, and which of them are in force."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from casework.db.caller import ENGINE, NOBODY
from casework.db.repeats import first
from casework.db.session import reading, writing
from casework.db.tables import cases, pathway_versions
from casework.errors import NotFoundError
from casework.models.codes import Status
from casework.models.pathway import Category, PathwayVersion
from casework.ports import Keyed

MOST = 50
_ROW = [column for column in pathway_versions.c if column.name not in ("content", "command_id")]
_LAST = func.coalesce(func.max(pathway_versions.c.activation), 0)


class SqlPathwayVersions:
    """Keeps the promises of `ports.PathwayVersions`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def mark(self) -> int:
        """How many activations there were."""
        with reading(self._engine, NOBODY) as connection:
            return int(connection.execute(select(_LAST)).scalar_one())

    def files(self) -> Mapping[str, bytes]:
        """The last that was activated of each file."""
        each = pathway_versions.c
        last = select(func.max(each.activation)).group_by(each.file)
        found = select(each.file, each.content).where(each.activation.in_(last))
        with reading(self._engine, NOBODY) as connection:
            return {row.file: bytes(row.content) for row in connection.execute(found)}

    def keep(self, version: PathwayVersion, content: bytes, command: Keyed) -> str:
        """Keep a version that waits, and its id; a repeat of the command gets that of the first."""
        row = {**version.model_dump(mode="python"), "content": content, "command_id": command.command_id}
        with writing(self._engine, NOBODY) as connection:
            if first(connection, command, version.uploaded_at):
                connection.execute(insert(pathway_versions), row)
                return version.id
            mine = pathway_versions.c.command_id == command.command_id
            kept = connection.execute(select(pathway_versions.c.id).where(mine)).scalar_one_or_none()
        if kept is None:
            raise NotFoundError("The version was discarded meanwhile.")
        return str(kept)

    def get(self, version_id: str) -> tuple[PathwayVersion, bytes] | None:
        """A version with its content."""
        found = select(*_ROW, pathway_versions.c.content).where(pathway_versions.c.id == version_id)
        with reading(self._engine, NOBODY) as connection:
            row = connection.execute(found).mappings().one_or_none()
        if row is None:
            return None
        return PathwayVersion(**{name: row[name] for name in PathwayVersion.model_fields}), bytes(row["content"])

    def listed(self) -> list[PathwayVersion]:
        """The newest, newest first."""
        newest = func.coalesce(pathway_versions.c.activated_at, pathway_versions.c.uploaded_at).desc()
        found = select(*_ROW).order_by(newest, pathway_versions.c.id.desc()).limit(MOST)
        with reading(self._engine, NOBODY) as connection:
            return [PathwayVersion(**row) for row in connection.execute(found).mappings()]

    def activate(self, version_id: str, account_id: str, at: datetime, after: int) -> bool:
        """Let a version be in force, as the activation that follows `after`."""
        other = pathway_versions.alias()
        waits = (pathway_versions.c.id == version_id) & pathway_versions.c.activation.is_(None)
        last = ~exists().where(other.c.activation > after)
        values = {"activation": after + 1, "activated_by": account_id, "activated_at": at}
        try:
            with writing(self._engine, NOBODY) as connection:
                done = connection.execute(update(pathway_versions).where(waits, last).values(values))
        except IntegrityError:
            return False  # two at the same instant: one of them is that activation
        return done.rowcount == 1

    def discard(self, version_id: str) -> None:
        """Take away a version that waits; an activated one stays."""
        waits = (pathway_versions.c.id == version_id) & pathway_versions.c.activation.is_(None)
        with writing(self._engine, NOBODY) as connection:
            connection.execute(delete(pathway_versions).where(waits))

    def open_cases(self, category: Category | None) -> int:
        """How many open cases a category has; all of them where none is named."""
        found = select(func.count()).select_from(cases).where(cases.c.status == Status.OPEN.value)
        if category is not None:
            found = found.where(cases.c.categories.contains([category.value]))
        with reading(self._engine, ENGINE) as connection:
            return int(connection.execute(found).scalar_one())
