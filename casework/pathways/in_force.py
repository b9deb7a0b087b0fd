"""The pathways that cases are opened under now: this installation's files, and in their place what was activated."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import structlog

from casework.datafile import Problem
from casework.models.pathway import Category, Pathway
from casework.pathways.loader import NONE, Files, PathwayFileError, check, load, texts
from casework.ports import Activations

log = structlog.get_logger()


class Held(NamedTuple):
    """What a process knows, and after how many activations."""

    mark: int
    pathways: Mapping[Category, Pathway]
    activated: Files = NONE
    problems: tuple[Problem, ...] = ()


class InForce:
    """Asks at each use whether something was activated, so that every process follows at once and none goes back.

    What was activated under another version of Tuntas may not fit this one. Then cases are opened under this
    installation's files, since a report is always taken; it is logged, and `problems` says why.
    """

    def __init__(self, directory: Path | None, activations: Activations | None = None) -> None:
        """Raises PathwayFileError where the installation's own files cannot be used."""
        self._directory = directory
        self._activations = activations
        self._own = load(directory)
        self._held = Held(0, self._own)

    def __call__(self) -> Mapping[Category, Pathway]:
        """All of them."""
        return self.held().pathways

    def held(self) -> Held:
        """As of now."""
        mark = self._activations.mark() if self._activations else 0
        if self._activations and mark != self._held.mark:
            self._held = self._loaded(mark, self._activations.files())
        return self._held

    def texts(self, held: Held | None = None) -> Mapping[str, bytes]:
        """What is in force of each file, as it was written: now, or as of then."""
        held = held or self.held()
        return texts(self._directory, NONE if held.problems else held.activated)

    def check(self, held: Held, name: str, content: bytes) -> list[Problem]:
        """Everything that would be wrong if a file were replaced by this."""
        return check(self._directory, activated={**held.activated, name: content})

    def as_if(self, held: Held, name: str, content: bytes) -> Mapping[Category, Pathway]:
        """All pathways if a file were replaced by this; raises PathwayFileError where it does not fit."""
        return load(self._directory, activated={**held.activated, name: content})

    def _loaded(self, mark: int, activated: Files) -> Held:
        try:
            return Held(mark, load(self._directory, activated=activated), activated)
        except PathwayFileError as error:
            log.error("activated_pathways_unfit", activation=mark, problems=list(map(str, error.problems)))
            return Held(mark, self._own, activated, error.problems)
