"""A few lived cases with everything that speaks of them, taken as it stood, so that anything in it can be changed."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from casework import commands as c
from casework.db.access_chain import SqlAccessChain
from casework.db.audit import Part, SqlAudit
from casework.db.checkpoints import SqlCheckpoints
from casework.db.heads import SqlHeads
from casework.db.session import engine_for
from casework.errors import EngineUnavailableError
from casework.ids import workflow_id
from casework.models.checkpoint import Checkpoint, Signed
from casework.rules.chain import ACCESS_LOG, CASE_LOG, FIRST, Chain
from casework.temporal.histories import CaseHistories, History
from casework.vault.errors import KeyMissingError
from casework.vault.files import PIECE_BYTES
from casework.vault.signing import SigningKey, TrustedKeys
from casework.vault.vault import CaseVault
from starter.audit.findings import Finding, Verified
from starter.audit.verify import Sources, verify
from starter.notary import Notary, Tools, signed_by
from tests.attesting import signing_key_in
from tests.postgres import scratch_checkpoints
from tests.real_site import RealSite
from tests.short_pathways import Short, left_alone, shortened
from tests.stack import Stack
from tests.test_access_log import sight
from tests.test_files import PDF
from tests.test_once import service
from tests.test_walk import completed, opened, planned, refer
from workflows.case import CaseWorkflow

Row = dict[str, Any]
SOON = Short(runs=1.0, reminds=0.5, apart=0.25)


@dataclass(repr=False)
class Snapshot(SqlAudit):
    """What a verification reads, in memory; `copy` gives one that may be changed."""

    cases: list[Row]
    rows: list[Row]
    papers: list[Row]
    files: list[Row]
    """Pieces of files."""
    chained: list[Row]
    loose: list[Row]
    signed: list[Signed]
    histories: Mapping[str, History | None]
    extra: dict[str, History | None] = field(default_factory=dict)

    def copy(self) -> "Snapshot":
        """Rows that may be given other values, the same histories."""
        own = ("cases", "rows", "papers", "files", "chained", "loose")
        rows: dict[str, Any] = {name: [dict(row) for row in getattr(self, name)] for name in own}
        return replace(self, **rows, signed=[*self.signed], extra={})

    def count(self) -> int:
        return len(self.cases)

    def readings(self) -> int:
        return len(self.chained)

    def part(self, after: str, limit: int) -> Part:
        return self._of(
            [case for case in sorted(self.cases, key=lambda case: str(case["id"])) if case["id"] > after][:limit]
        )

    def one(self, case: str) -> Part:
        return self._of([each for each in self.cases if case in (each["id"], each["number"])])

    def _of(self, cases: Sequence[Row]) -> Part:
        ids = {case["id"] for case in cases}
        logs: dict[str, list[Row]] = {}
        for row in sorted(self.rows, key=lambda row: (row["case_id"], row["sequence"])):
            if row["case_id"] in ids:
                logs.setdefault(row["case_id"], []).append(row)
        papers = [paper for paper in self.papers if paper["case_id"] in ids]
        return Part(cases, logs, papers, Counter(str(piece["document_id"]) for piece in self.files))

    def pieces(self, document_id: str, count: int) -> Iterator[bytes]:
        mine = (piece for piece in self.files if piece["document_id"] == document_id)
        yield from (piece["sealed"] for piece in sorted(mine, key=lambda piece: int(piece["number"])))

    def chain(self, after: int, limit: int) -> list[Any]:
        rows = sorted((row for row in self.chained if row["sequence"] > after), key=lambda row: int(row["sequence"]))
        return rows[:limit]

    def unchained(self) -> tuple[int, datetime | None]:
        return len(self.loose), min((row["at"] for row in self.loose), default=None)


class Told(CaseHistories):
    """Histories as they were read once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    async def of(self, case_id: str) -> History | None:
        return self._snapshot.extra.get(case_id, self._snapshot.histories.get(case_id))


class Away(CaseHistories):
    """An engine that does not answer."""

    def __init__(self) -> None:
        pass

    async def of(self, case_id: str) -> History | None:
        raise EngineUnavailableError("away")


class Erased(Told):
    """An engine whose history of a case nobody can open any more."""

    def __init__(self, snapshot: Snapshot, case_id: str) -> None:
        super().__init__(snapshot)
        self._case_id = case_id

    async def of(self, case_id: str) -> History | None:
        if case_id == self._case_id:
            raise KeyMissingError("gone")
        return await super().of(case_id)


class Without(CaseVault):
    """The vault after the keys of a case were destroyed."""

    def __init__(self, vault: CaseVault, case_id: str) -> None:
        self._vault = vault
        self._case_id = case_id

    def digest_of(self, case_id: str, document_id: str, sealed: bytes) -> str:
        return self._of(case_id).digest_of(case_id, document_id, sealed)

    def digest_of_location(self, case_id: str, document_id: str, sealed: bytes) -> str:
        return self._of(case_id).digest_of_location(case_id, document_id, sealed)

    def content_of(self, case_id: str, document_id: str, pieces: Iterable[bytes]) -> str:
        return self._of(case_id).content_of(case_id, document_id, pieces)

    def _of(self, case_id: str) -> CaseVault:
        if case_id == self._case_id:
            raise KeyMissingError("gone")
        return self._vault


@dataclass(repr=False)
class World:
    """The cases: `walked` to its end, `alone` until all its rungs were told, `rolled` over several runs."""

    app: Stack
    key: SigningKey
    walked: str
    alone: str
    rolled: str
    as_it_was: Snapshot
    now: datetime

    def __repr__(self) -> str:
        return "World()"  # or a property that fails would print all of it

    def verify(
        self,
        changed: Snapshot | None = None,
        *,
        case: str | None = None,
        root: str | None = None,
        histories: CaseHistories | None = None,
        vault: CaseVault | None = None,
        engine: bool = True,
        now: datetime | None = None,
    ) -> Verified:
        """A verification of what was changed, a quarter of an hour after everything."""
        read = changed or self.as_it_was
        sources = Sources(
            audit=read,
            vault=vault or self.app.outside.vault,
            checkpoints=lambda: sorted(read.signed, key=lambda each: each.number),
            verify=TrustedKeys([self.key.public]).verify,
            histories=(histories or Told(read)) if engine else None,
            now=lambda: now or self.now,
        )
        with closing(asyncio.new_event_loop()) as loop:
            return loop.run_until_complete(verify(sources, case, root))

    def first(self, changed: Snapshot, **how: Any) -> Finding:
        """The first thing that is wrong, of which there must be one."""
        found = self.verify(changed, **how).findings
        assert found, "nothing was found"
        return found[0]

    def rewritten(self, changed: Snapshot, case_id: str) -> None:
        """Chain a case's log anew, as who can write the whole database would."""
        rewrite(CASE_LOG, [row for row in changed.rows if row["case_id"] == case_id])

    def resigned(self, changed: Snapshot) -> None:
        """Sign every checkpoint anew over what the logs are now, as who has the key as well would."""
        digests = {(row["case_id"], row["sequence"]): row["digest"] for row in changed.rows}
        root = FIRST
        for place, signed in enumerate(changed.signed):
            old = Checkpoint.model_validate_json(signed.content)
            known = ((head, digests.get((head.case_id, head.sequence))) for head in old.heads)
            heads = tuple(head.model_copy(update={"digest": digest}) for head, digest in known if digest)
            changed.signed[place] = signed_by(self.key, old.model_copy(update={"previous": root, "heads": heads}))
            root = changed.signed[place].root


def rewrite(chain: Chain, rows: Iterable[Row]) -> None:
    """Chain rows anew."""
    previous = FIRST
    for row in sorted(rows, key=lambda row: int(row["sequence"])):
        row["previous"] = previous
        row["digest"] = previous = chain.digest(row)


async def world(app: Stack, home: Path) -> World:
    """Live the cases, with checkpoints in between, and take everything as it stands."""
    key = SigningKey.from_file(signing_key_in(home))
    with scratch_checkpoints() as place:
        kept_in = engine_for(place.url, size=1)
        kept = SqlCheckpoints(kept_in)
        clock = [datetime.now(UTC)]
        tools = Tools(key, lambda *_: None, lambda: clock[0], ZoneInfo("Asia/Jakarta"))
        notary = Notary(SqlAccessChain(app.outside.engine), SqlHeads(app.outside.engine), kept, tools)

        def sign() -> None:
            app.outside.access_log.write([sight(minute) for minute in range(3)])
            clock[0] += timedelta(minutes=1)
            notary.round()

        try:
            alone = await left_alone(app, shortened(app, SOON))
            sign()
            walked = await _walked(app)
            sign()
            rolled = await _rolled(app)
            await _settled(app, alone)
            sign()
            signed = [*kept.after(0)]
        finally:
            kept_in.dispose()
    return World(app, key, walked, alone, rolled, await _taken(app, signed), datetime.now(UTC) + timedelta(minutes=15))


async def _walked(app: Stack) -> str:
    case_id = await planned(app)
    sent = await app.cases.refer(app.ask(app.caseworker, case_id), refer("rsud-muaradua", "health"))
    await completed(app, case_id, str(sent.subject_id), "hospital", "rsud-muaradua")
    where = c.SetLocation.model_validate({"address": "Rumah aman"})
    await app.cases.set_location(app.ask(app.caseworker, case_id), where)
    answer = await RealSite(app).ask(
        app.caseworker,
        "POST",
        f"/cases/{case_id}/documents",
        data={"kind": "letter", "title": "Surat"},
        files={"file": ("surat.pdf", PDF[:9] + bytes(3 * PIECE_BYTES) + PDF[9:])},
    )
    assert answer.status_code in (200, 201), answer.text
    return case_id


async def _rolled(app: Stack) -> str:
    cases = app.asking(rollover_events=40)
    case_id = await opened(app)
    for _ in range(6):
        await cases.record_service(app.ask(app.caseworker, case_id), service())
    return case_id


async def _settled(app: Stack, case_id: str) -> None:
    """Until nothing more will happen by itself, and the engine's history tells of all of it."""
    end = time.monotonic() + 60
    handle, histories = app.client.get_workflow_handle(workflow_id(case_id)), CaseHistories(app.client)
    while True:
        state, history = await handle.query(CaseWorkflow.state), await histories.of(case_id)
        if state and history and state.next_at is None and len(history.told) == state.revision:
            return
        assert time.monotonic() < end, state
        await asyncio.sleep(0.1)


async def _taken(app: Stack, signed: list[Signed]) -> Snapshot:
    audit, histories = SqlAudit(app.outside.engine), CaseHistories(app.client)
    part = audit.part("", 100)
    return Snapshot(
        cases=[dict(case) for case in part.cases],
        rows=[dict(row) for log in part.logs.values() for row in log],
        papers=[dict(paper) for paper in part.papers],
        files=[
            {"document_id": name, "number": number, "sealed": sealed}
            for name, count in part.files.items()
            for number, sealed in enumerate(audit.pieces(name, count))
        ],
        chained=[dict(row) for row in audit.chain(0, 100)],
        loose=[],
        signed=signed,
        histories={case["id"]: await histories.of(case["id"]) for case in part.cases},
    )


Change = Callable[[Snapshot], None]
__all__ = ["ACCESS_LOG", "Away", "Change", "Erased", "Snapshot", "Told", "Without", "World", "rewrite", "world"]
