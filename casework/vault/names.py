"""Comparing names of persons: without titles, by today's spelling, and by sound. Pure; the lists are data (names.toml).

Two offices write one name in two ways, and whoever searches has heard it on the telephone.
"""

import re
from functools import cache
from itertools import groupby
from unicodedata import combining, normalize

from pydantic import Field

from casework.datafile import built_in
from casework.models.base import Model

WORD = re.compile(r"[^\W\d_]+(?:\.[^\W\d_]+)*")
APOSTROPHES = re.compile("['\u2018\u2019\u02bc\u0060\u00b4]")


class Change(Model):
    """Letters, and what stands for them."""

    from_: str = Field(alias="from", min_length=1)
    to: str


class NameRules(Model):
    """The lists of names.toml."""

    titles: frozenset[str]
    short: dict[str, str]
    spelling: tuple[Change, ...]
    sound: tuple[Change, ...]


@cache
def rules() -> NameRules:
    """The lists, checked when they are first read."""
    return built_in("casework.vault", "names.toml", NameRules)


def words(name: str) -> tuple[str, ...]:
    """The words of a name by today's spelling, in their order, without titles, degrees and lone initials."""
    letters = normalize("NFKD", normalize("NFKD", name).casefold())
    plain = APOSTROPHES.sub("", "".join(letter for letter in letters if not combining(letter)))
    found = [word.replace(".", "") for word in WORD.findall(plain)]
    # Somebody may be called as others are addressed: what would leave no name is kept.
    named = [word for word in found if word not in rules().titles and len(word) > 1] or found
    return tuple(_changed(rules().short.get(word, word), rules().spelling) for word in named)


def sound(word: str) -> str:
    """How a word sounds, roughly; never empty."""
    changed = _changed(word, rules().sound)
    return "".join(letter for letter, _ in groupby(changed)) or word


def identity_number(number: str) -> str:
    """A national id or another number of a document, without what stands between its signs."""
    return "".join(sign for sign in normalize("NFKC", number).upper() if sign.isalnum())


def _changed(word: str, changes: tuple[Change, ...]) -> str:
    for change in changes:
        word = word.replace(change.from_, change.to)
    return word
