"""The pathway files of this installation: as they are in force, as they might be, and how they come into force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from casework.datafile import Problem
from casework.errors import ForbiddenError, InvalidInputError, NotFoundError, StaleVersionError
from casework.ids import new_id
from casework.models.dry_run import DryRun
from casework.models.pathway import Category, PathwayVersion
from casework.models.people import Actor, Role
from casework.pathways.changes import Change, File, changes
from casework.pathways.in_force import Held, InForce
from casework.pathways.loader import COMMON, NAMES, PathwayFileError, file_of
from casework.ports import Keyed, PathwayVersions
from casework.rules.dry_run import Ground, told_to_others, tried
from starter.trying import PastCases


@dataclass(frozen=True)
class Preview:
    """What would be otherwise if a version were activated now. `after` says what `now` is."""

    version: PathwayVersion
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    open_cases: int
    after: int


@dataclass(frozen=True)
class Trial:
    """A version tried on the newest past cases, in counts that tell of nobody."""

    version: PathwayVersion
    run: DryRun


@dataclass(frozen=True)
class Rulebook:
    """Every method may block. Whoever is no administrator of the leading office is refused."""

    lead_agency_id: str
    in_force: InForce
    versions: PathwayVersions
    now: Callable[[], datetime]
    past: PastCases

    def check_keeps(self, actor: Actor) -> None:
        """Refuse who may not change the rules of this installation."""
        if actor.role is not Role.ADMINISTRATOR or actor.agency_id != self.lead_agency_id:
            raise ForbiddenError("An administrator of the leading office changes the pathways.")

    def files(self) -> Mapping[str, int]:
        """The version in force of each file."""
        return {name: self._version(name, text) for name, text in sorted(self.in_force.texts().items())}

    def propose(self, actor: Actor, name: str, content: bytes, command: Keyed) -> str:
        """Keep a version that waits, once for a command; refused with everything wrong in it, nothing is kept."""
        self.check_keeps(actor)
        if name not in NAMES:
            raise NotFoundError("There is no such pathway file.")
        problems = self._problems(self.in_force.held(), name, content)
        if problems:
            errors = [
                {"pointer": f"/content/{each.where}", "code": "invalid", "detail": str(each)} for each in problems
            ]
            raise InvalidInputError("The file cannot be used; nothing was kept.", errors=errors)
        version = PathwayVersion(
            id=new_id(),
            file=name,
            version=self._version(name, content),
            digest=sha256(content).hexdigest(),
            uploaded_by=actor.account_id,
            uploaded_at=self.now(),
        )
        return self.versions.keep(version, content, command)

    def preview(self, actor: Actor, version_id: str) -> Preview:
        """A version beside what is in force; of an activated one nothing differs that it changed."""
        version, content = self._found(actor, version_id)
        held = self.in_force.held()
        before = self.in_force.texts(held)[version.file]
        waits = version.activation is None
        return Preview(
            version=version,
            changes=changes(_read(version.file, before), _read(version.file, content)) if waits else (),
            problems=tuple(self._problems(held, version.file, content)) if waits else (),
            open_cases=self.versions.open_cases(_category(version.file)),
            after=held.mark,
        )

    def try_out(self, actor: Actor, version_id: str) -> Trial:
        """A version that waits, beside what is in force, on the newest cases of the last twelve months."""
        version, content = self._found(actor, version_id)
        if version.activation is not None:
            raise StaleVersionError("The version was activated: what it does shows in the cases that follow it.")
        held, now = self.in_force.held(), self.now()
        try:
            after = self.in_force.as_if(held, version.file, content)
        except PathwayFileError:
            raise InvalidInputError("The version does not fit what is in force; upload another.") from None
        run = tried(self.past.newest(now), held.pathways, after, Ground(self.past.calendar, now))
        return Trial(version, told_to_others(run))

    def activate(self, actor: Actor, version_id: str, after: int) -> None:
        """Let a version be in force for every case that is opened from now on.

        Raises StaleVersionError where something was activated since `after`, and InvalidInputError where the version
        cannot be used any more.
        """
        version, content = self._found(actor, version_id)
        if version.activation is not None:
            return
        if self._problems(self.in_force.held(), version.file, content):
            raise InvalidInputError("The version does not fit what is in force; upload another.")
        if not self.versions.activate(version_id, actor.account_id, self.now(), after):
            raise StaleVersionError("Something was activated meanwhile. Look at the differences again.")

    def discard(self, actor: Actor, version_id: str) -> None:
        """Take away a version that waits; one that was activated stays in the record."""
        version, _ = self._found(actor, version_id)
        if version.activation is not None:
            raise StaleVersionError("The version was activated; upload another one in its place.")
        self.versions.discard(version_id)

    def _found(self, actor: Actor, version_id: str) -> tuple[PathwayVersion, bytes]:
        self.check_keeps(actor)
        found = self.versions.get(version_id)
        if found is None:
            raise NotFoundError("There is no such version.")
        return found

    def _problems(self, held: Held, name: str, content: bytes) -> list[Problem]:
        """What is wrong in any file if this were one of them; last that its number is none."""
        problems = self.in_force.check(held, name, content)
        before = self._version(name, self.in_force.texts(held)[name])
        if not problems and self._version(name, content) <= before:
            problems = [Problem(file=name, where="version", reason=f"is not above {before}, which is in force")]
        return problems

    def _version(self, name: str, content: bytes) -> int:
        file = file_of(name, content)
        return file.version if file else 0


def _read(name: str, content: bytes) -> File:
    file = file_of(name, content)
    if file is None:
        raise InvalidInputError("The version does not fit this version of Tuntas; upload another.")
    return file


def _category(name: str) -> Category | None:
    return None if name == COMMON else Category(name.removesuffix(".toml"))
