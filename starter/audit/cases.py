"""Cases: their chains, their rows, what is sealed of them, what checkpoints and the engine's history say of them."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from casework.db.audit import Part, SqlAudit
from casework.errors import EngineUnavailableError
from casework.rules import auditing
from casework.rules.auditing import LATE, Paper, SignedHead
from casework.rules.chain import CASE_LOG, Break, first_break
from casework.temporal.histories import CaseHistories, History
from casework.vault.errors import KeyMissingError, VaultError
from casework.vault.vault import CaseVault
from starter.audit.findings import Uncovered, Verified

Row = Mapping[str, Any]
AT_A_TIME = 8
"""Histories that are asked for at once."""
WHY = {
    "erased": "what is sealed of {} cases: their keys are gone, and nobody can open it",
    "gone": "the engine's history of {} cases: nothing of it is kept any more",
    "begun": "the first rows of {} cases against the engine's history: it is kept from a later run on",
    "recent": "the last rows of {} cases against the engine's history: they are too new",
}


@dataclass
class CaseCheck:
    """Checks cases, part by part, and counts what could not be looked at."""

    audit: SqlAudit
    vault: CaseVault
    signed: Mapping[str, Sequence[SignedHead]]
    histories: CaseHistories | None
    now: datetime
    into: Verified
    uncovered: Uncovered
    not_seen: Counter[str] = field(default_factory=Counter)

    async def check(self, part: Part) -> None:
        """A part of them."""
        papers = self._papers(part)
        for start in range(0, len(part.cases), AT_A_TIME):
            batch = part.cases[start : start + AT_A_TIME]
            logs = [part.logs.get(case["id"], ()) for case in batch]
            told = await asyncio.gather(*map(self._of_history, batch, logs))
            for case, rows, of_history in zip(batch, logs, told, strict=True):
                self._settle(case, [*self._of_record(case, rows, papers.get(case["id"], {})), *of_history])
                self.into.rows += len(rows)
        self.into.cases += len(part.cases)

    def say_what_was_not_seen(self) -> None:
        """Once all parts are through."""
        self.into.unchecked += [WHY[why].format(count) for why, count in self.not_seen.items() if count]

    def _settle(self, case: Row, breaks: Sequence[Break]) -> None:
        """The first thing that is wrong stands first."""
        for broken in sorted(breaks, key=lambda each: each.sequence):
            self.into.found("case", broken, case["id"], case["number"])

    def _of_record(self, case: Row, rows: Sequence[Row], papers: Mapping[str, Paper]) -> list[Break]:
        broken = first_break(CASE_LOG, rows)
        signed = self.signed.get(case["id"], ())
        for row in rows[max((head.sequence for head in signed), default=0) :]:
            self.uncovered.add(row["at"])
        return [
            *([broken] if broken else []),
            *auditing.with_case(case, rows),
            *([] if broken else auditing.with_checkpoints(rows, signed)),
            *auditing.with_papers(rows, papers),
        ]

    def _papers(self, part: Part) -> Mapping[str, Mapping[str, Paper]]:
        found: dict[str, dict[str, Paper]] = defaultdict(dict)
        erased = set()
        for row in part.papers:
            holds, keyless = self._holds(row)
            file = None if keyless else self._file(row, part.files.get(row["id"]))
            found[row["case_id"]][row["id"]] = Paper(row["command_id"], row["digest"], holds, keyless, file)
            erased |= {row["case_id"]} if keyless else set()
        self.into.documents += len(part.papers)
        self.not_seen["erased"] += len(erased)
        return found

    def _holds(self, row: Row) -> tuple[str | None, bool]:
        digest_of = self.vault.digest_of_location if row["located"] else self.vault.digest_of
        try:
            return digest_of(row["case_id"], row["id"], row["sealed"]), False
        except KeyMissingError:
            return None, True
        except VaultError:
            return None, False

    def _file(self, row: Row, count: int | None) -> str | None:
        """The digest of the file beside a text, recomputed piece by piece."""
        if count is None:
            return None
        try:
            return self.vault.content_of(row["case_id"], row["id"], self.audit.pieces(row["id"], count))
        except VaultError:
            return None

    async def _of_history(self, case: Row, rows: Sequence[Row]) -> list[Break]:
        """What the engine's history has against the log, which was read before it."""
        try:
            history = await self._told(case["id"])
        except VaultError:
            return [Break(1, "the engine's history of this case is not what was sealed")]
        if history is None:
            return []
        last = max((step.sequence for step in history.told), default=history.begins_at)
        if last > len(rows):
            # What was recorded since; where it is still not there, it is not there.
            again = await asyncio.to_thread(self.audit.one, case["id"])
            rows = again.logs.get(case["id"], ())
        self.not_seen["begun"] += history.begins_at > 0
        self.not_seen["recent"] += any(row["sequence"] > last and self.now - row["at"] <= LATE for row in rows)
        return auditing.with_history(rows, history.told, history.begins_at, self.now)

    async def _told(self, case_id: str) -> History | None:
        if self.histories is None or self.into.away:
            return None
        try:
            history = await self.histories.of(case_id)
        except EngineUnavailableError:
            self.into.away = True
            return None
        except KeyMissingError:
            return None  # erased, which is said where its texts are
        self.not_seen["gone"] += history is None
        return history
