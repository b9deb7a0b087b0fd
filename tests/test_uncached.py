"""The same promises with a worker that remembers nothing: every turn of a case replays its whole history."""

from collections.abc import AsyncIterator

import pytest

from tests.stack import Stack, running
from tests.test_once import (
    test_continue_as_new_loses_and_doubles_nothing,
    test_of_two_writers_on_one_revision_one_wins,
    test_repeats_in_flight_are_applied_once,
)
from tests.test_walk import test_walk_from_report_to_closure

__all__ = [
    "test_continue_as_new_loses_and_doubles_nothing",
    "test_of_two_writers_on_one_revision_one_wins",
    "test_repeats_in_flight_are_applied_once",
    "test_walk_from_report_to_closure",
]


@pytest.fixture(scope="module")
async def app(idle: Stack) -> AsyncIterator[Stack]:
    """The whole stack with a worker that keeps no case in memory."""
    async with running(idle, max_cached_workflows=0):
        yield idle
