"""Rounds on a thread of its own: what a process does beside its tasks even where these have not begun or hang."""

import threading
from collections.abc import Callable

import structlog

from casework.errors import CaseworkError

ENDS_WITHIN = 10.0

log = structlog.get_logger()


class Rounds:
    """Does a step again and again, the first time at once, until it is stopped; one that fails is done again."""

    def __init__(self, name: str, seconds: float, step: Callable[[], object]) -> None:
        self._name = name
        self._seconds = seconds
        self._step = step
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the round that is under way."""
        self._stopped.set()
        self._thread.join(ENDS_WITHIN)

    def _run(self) -> None:
        while True:
            try:
                self._step()
            except CaseworkError as error:
                log.warning("rounds_wait", name=self._name, code=error.code)
            except Exception as error:  # noqa: BLE001  whatever it is, the next round may go well
                log.error("rounds_broken", name=self._name, error_type=type(error).__name__)
            if self._stopped.wait(self._seconds):
                return
