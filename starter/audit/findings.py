"""What a verification comes to."""

from dataclasses import dataclass, field
from datetime import datetime

from casework.rules.chain import Break


@dataclass(frozen=True)
class Finding:
    """Something that is not what was written. Holds no content of a case."""

    where: str
    """`case`, `access_log` or `checkpoints`."""
    sequence: int
    what: str
    case_id: str | None = None
    number: str | None = None

    def __str__(self) -> str:
        place = {"access_log": "access log", "checkpoints": "checkpoints"}.get(self.where, self.number or self.case_id)
        return f"{place} at {self.sequence}: {self.what}"


@dataclass
class Uncovered:
    """Rows that no checkpoint saw."""

    count: int = 0
    since: datetime | None = None

    def add(self, at: datetime) -> None:
        """One more."""
        self.count += 1
        self.since = min(self.since or at, at)


@dataclass
class Verified:
    """All that was found, and what could not be looked at."""

    cases: int = 0
    rows: int = 0
    documents: int = 0
    readings: int = 0
    checkpoints: int = 0
    findings: list[Finding] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    away: bool = False
    """Whether a service was away that should have been asked."""

    @property
    def looked(self) -> str:
        """How much was looked at."""
        return (
            f"{self.cases} cases, {self.rows} rows, {self.documents} sealed texts, "
            f"{self.readings} readings, {self.checkpoints} checkpoints"
        )

    def found(self, where: str, broken: Break, case_id: str | None = None, number: str | None = None) -> None:
        """Keep what is wrong."""
        self.findings.append(Finding(where, broken.sequence, broken.what, case_id, number))
