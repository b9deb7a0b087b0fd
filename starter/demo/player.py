"""Plays a scenario: moves the one clock from act to act, gives each step's commands, and looks at what it expects."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from pydantic import ValidationError

from casework.errors import CaseworkError
from casework.models.state import CaseState
from starter.demo import bodies
from starter.demo.acts import COMMANDS
from starter.demo.clock import Clock
from starter.demo.expectations import Check, Looked, checks
from starter.demo.scenario import Expectation, ScenarioError, ScenarioStep, first_problem
from starter.demo.scene import Scene

BETWEEN = timedelta(minutes=1)
"""Between the commands of one step."""
WRITING = timedelta(seconds=20)
"""From the time of a report to its opening, so that what is done an hour after it is done within the hour."""
PATIENCE = 30.0
"""Seconds, on the wall, for what fell due to be recorded."""


@dataclass(frozen=True)
class Act:
    """One thing that is played: what is done, or what is looked at."""

    at: datetime
    what: str
    play: Callable[[], Awaitable[None]]
    after: bool = False
    """Whether it comes after everything else of its instant."""


class Player:
    """One playing of a scenario."""

    def __init__(self, scene: Scene, clock: Clock) -> None:
        self.scene = scene
        self.clock = clock
        self.looked: list[Looked] = []

    async def play(self, advance: Callable[[str], None]) -> None:
        """All of it, in order of time; `advance` hears of each act done. Raises ScenarioError where one is refused."""
        for act in sorted(self._acts(), key=lambda act: (act.at, act.after)):
            await self.clock.move_to(act.at)
            await act.play()
            advance(act.what)

    def _acts(self) -> Iterator[Act]:
        instant = self.scene.scenario.instant
        for step in self.scene.scenario.steps:
            yield Act(instant(step.at), step.what, partial(self._do, step))
            if step.expect:
                look = partial(self._look, step, step.expect)
                yield Act(instant(step.expect.at or step.at), "expected", look, after=step.expect.at is not None)
            if step.answer:
                yield Act(instant(step.answer.at), "answer", partial(self._answer, step, step.answer.answer))

    async def _do(self, step: ScenarioStep) -> None:
        start = self.scene.scenario.instant(step.at)
        for index, command in enumerate(step.commands):
            await self.clock.move_to(start + index * BETWEEN + (WRITING if command == "open_case" else timedelta()))
            for letter in step.cases:
                await self._give(step, command, letter, bodies.fields_for(step, command, letter, self.scene.scenario))

    async def _answer(self, step: ScenarioStep, given: str) -> None:
        for letter in step.cases:
            for asked in bodies.referrals_of(bodies.fields_for(step, "refer_case", letter, self.scene.scenario)):
                await self._give(step, "answer_referral", letter, {"service": asked["service"], "answer": given})

    async def _give(self, step: ScenarioStep, command: str, letter: str, fields: dict[str, object]) -> None:
        where = f"{step.at:%Y-%m-%dT%H:%M}, {command}, case {letter}"
        if command not in COMMANDS:
            raise ScenarioError(f"{where}: there is no such command in scenarios")
        try:
            await COMMANDS[command](self.scene, step, letter, fields)
        except CaseworkError as error:
            raise ScenarioError(f"{where}: {error.code}: {error.detail}") from error
        except ValidationError as error:
            raise ScenarioError(f"{where}: {first_problem(error)}") from error

    async def _look(self, step: ScenarioStep, expect: Expectation) -> None:
        """See whether each case of the step is as it must be by now."""
        found = [check for letter in step.cases for check in await self._found(letter, expect)]
        at = self.clock.reads.astimezone(self.scene.scenario.zone)
        self.looked.append(Looked(at, step, expect, tuple(found)))

    async def _found(self, letter: str, expect: Expectation) -> Iterable[Check]:
        if letter not in self.scene.case_ids:
            return (Check(letter, "a case", "not opened yet", met=False),)
        state = await self._settled(letter)
        return checks(letter, expect, state, await self.scene.rungs(letter), self.clock.reads)

    async def _settled(self, letter: str) -> CaseState:
        """The state of a case once it has done what fell due: the clock may be ahead of the record by a moment."""
        async with asyncio.timeout(PATIENCE):
            while True:
                state = await self.scene.state(letter)
                if not state.next_at or state.next_at > self.clock.reads:
                    return state
