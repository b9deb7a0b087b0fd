"""The outreach of a made-up year: the coordination meeting of 2024 as it was reported, then a talk a month."""

import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from importlib import resources
from random import Random
from typing import Any

from casework.models.outreach import OutreachEntry

FILE = "talks.toml"
MONTH = timedelta(days=30)
TALKS = 12
KEPT_AFTER, LEFT = timedelta(days=14), timedelta(days=20)
"""When the promises of past talks were kept, and how long those of the last one have left."""


def talks(ends: date, seed: int) -> Iterator[OutreachEntry]:
    """All of them, in order of time, the last one a few days before the end."""
    content = tomllib.loads(resources.files(__package__).joinpath(FILE).read_text("utf-8"))
    yield _entry(content["meeting"])
    dice, towns = Random(seed), content["subdistricts"]  # noqa: S311  nobody's secret
    dice.shuffle(towns)
    for number in range(TALKS):
        held_on = ends - (TALKS - 1 - number) * MONTH - timedelta(days=dice.randint(3, 9))
        yield _entry(_talk(content, dice, towns[number % len(towns)], held_on, last=number == TALKS - 1))


def _talk(content: dict[str, Any], dice: Random, town: str, held_on: date, *, last: bool) -> dict[str, Any]:
    promise = dice.choice(content["promises"])
    until = {"due_on": held_on + LEFT} if last else {"due_on": held_on + LEFT, "kept_on": held_on + KEPT_AFTER}
    came = [{**group, "count": dice.randint(4, 30)} for group in content["groups"]]
    said = {"subjects": dice.sample(content["subjects"], 2), "place": content["place"], "title": content["title"]}
    by = {"organiser": "dinas-pppappkb", "opened_by": "camat", "participants": came}
    return {"held_on": held_on, "subdistrict": town, **said, **by, "promises": [{**promise, **until}]}


def _entry(content: dict[str, Any]) -> OutreachEntry:
    return OutreachEntry.model_validate(content)
