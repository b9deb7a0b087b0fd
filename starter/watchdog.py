"""The watch beside the worker: a thread that sees to it that nobody's silence stays unheard, be the engine away or not.

It reads what is late from the record and queues the notices that the case itself would write, under the same ids: of
two that tell, one is heard. It tells of late promises and of reports of the public, which no workflow does, looks for
who reads too much, and has it told. Where the engine does not answer, it delivers too. It changes no case and no log.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from casework.errors import CaseworkError

GRACE = timedelta(seconds=30)
"""How late a case may be before the watch tells for it."""
WAITS = timedelta(seconds=60)
"""How long a notice may wait to be taken before the watch takes it."""
BEFORE = timedelta(days=1)
"""How far back the first round looks for who looked at too much while no watch was there."""
CASES = 100
BATCHES = 10
"""Of so many cases each in one round, so that a round ends however many are late."""
ANSWERS_WITHIN = 2.0
ENDS_WITHIN = 10.0

log = structlog.get_logger()


class Record(Protocol):
    """What the watch asks of the database, on connections of its own."""

    def tell(self, until: datetime, now: datetime, limit: int) -> int:
        """Queue the untold notices of steps due by `until`, of at most so many cases; how many."""
        ...

    def notice_waits(self, since: datetime) -> bool:
        """Whether a notice that could have gone out then is still queued."""
        ...


class Ladder(Protocol):
    """What waits for somebody and is of no case: what was promised at outreach activities, what the public reported."""

    def tell(self, now: datetime, limit: int) -> int:
        """Queue the notices of every step that is due, of at most so many of them; how many."""
        ...


class Snooping(Protocol):
    """What looks through the access log."""

    def look(self, since: datetime, now: datetime) -> int:
        """Tell of who has looked at too much since then; how many notices are new."""
        ...


class Heartbeats(Protocol):
    """Where it is kept that the watch lives."""

    def beat(self, name: str, at: datetime, *, well: bool = True) -> None:
        """Say that a part did its round, and whether it found well what it depends on."""
        ...


@dataclass(frozen=True)
class Watch:
    """What the watch stands on."""

    record: Record
    ladders: tuple[Ladder, ...]
    snooping: Snooping
    heartbeats: Heartbeats
    deliver_batch: Callable[[], int]
    engine_answers: Callable[[], Awaitable[bool]]
    now: Callable[[], datetime]
    seconds: float


class Watchdog:
    """Does rounds on a thread of its own, the first at once, until it is stopped."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._delivery: threading.Thread | None = None
        self._looked: datetime | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the round and the delivery that are under way: what they use is closed next."""
        self._stopped.set()
        self._thread.join(ENDS_WITHIN)
        if self._delivery:
            self._delivery.join(ENDS_WITHIN)

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            while True:
                try:
                    self._round(runner)
                except CaseworkError as error:
                    log.warning("watch_waits", code=error.code)
                except Exception as error:  # noqa: BLE001  whatever it is, the next round may go well
                    log.error("watch_broken", error_type=type(error).__name__)
                if self._stopped.wait(self._watch.seconds):
                    return

    def _round(self, runner: asyncio.Runner) -> None:
        watch = self._watch
        told = self._tell()
        if told:
            log.warning("told_for_cases", notices=told)
        whole = self._remind()
        self._look()
        well = runner.run(_answers(watch.engine_answers))
        if whole:
            watch.heartbeats.beat("watch", watch.now(), well=well)
        if not well or watch.record.notice_waits(watch.now() - WAITS):
            self._deliver()

    def _tell(self) -> int:
        told = 0
        for _ in range(BATCHES):
            now = self._watch.now()
            queued = self._watch.record.tell(now - GRACE, now, CASES)
            told += queued
            if not queued:
                break
        return told

    def _remind(self) -> bool:
        """Tell of what is of no case. Where it fails there is no sign of life: nobody then says that nothing stands
        still."""
        whole = [self._climb(ladder) for ladder in self._watch.ladders]
        return all(whole)

    def _climb(self, ladder: Ladder) -> bool:
        try:
            for _ in range(BATCHES):
                if not ladder.tell(self._watch.now(), CASES):
                    break
        except Exception as error:  # noqa: BLE001  whatever it is, the rest of the round goes on
            log.error("ladder_not_told", ladder=type(ladder).__name__, error_type=type(error).__name__)
            return False
        return True

    def _look(self) -> None:
        """What fails here is looked at again in the next round, and keeps nobody else from being told."""
        now = self._watch.now()
        try:
            told = self._watch.snooping.look(self._looked or now - BEFORE, now)
        except Exception as error:  # noqa: BLE001  whatever it is, the rest of the round goes on
            log.error("snooping_not_looked_for", error_type=type(error).__name__)
            return
        self._looked = now
        if told:
            log.warning("snooping_told", notices=told)

    def _deliver(self) -> None:
        """Deliver what is queued, on yet another thread: a mail server may be slow, and the next round is not."""
        if self._delivery is None or not self._delivery.is_alive():
            self._delivery = threading.Thread(target=self._deliver_all, name="watch-delivery", daemon=True)
            self._delivery.start()

    def _deliver_all(self) -> None:
        try:
            while not self._stopped.is_set() and (count := self._watch.deliver_batch()):
                log.warning("delivered_for_engine", notices=count)
        except CaseworkError as error:
            log.warning("watch_waits", code=error.code)
        except Exception as error:  # noqa: BLE001  whatever it is, the next round begins anew
            log.error("watch_broken", error_type=type(error).__name__)


async def _answers(engine_answers: Callable[[], Awaitable[bool]]) -> bool:
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            return await engine_answers()
    except Exception:  # noqa: BLE001  whatever it raises, the engine does not answer
        return False
