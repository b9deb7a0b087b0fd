"""What letters say: data, judged when it is read. What is wrong in it stops the process, never a letter."""

import tomllib
from functools import cache
from importlib import resources
from string import Formatter
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from casework.models.base import Model
from casework.models.codes import LetterKind
from casework.models.notice import Language

BLANKS = frozenset({"case_number", "to", "service", "urgency", "due", "reference"})
OF_PAGES = frozenset({"page", "pages"})
NEVER = ("izin", "persetujuan", "mengizinkan", "menyetujui", "permit", "permission", "consent", "approv")
"""A recommendation to a court is none of these, and must not read as one."""

Written = Annotated[str, Field(min_length=1)]


class Frame(Model):
    """What every letter of a language says around its own text."""

    number: Written
    date: Written
    to: Written
    subject: Written
    case: Written
    confidential: Written
    shown: Written
    nothing: Written
    signed: Written
    page: Written
    and_: Annotated[str, Field(alias="and")]

    @model_validator(mode="after")
    def _blanks(self) -> Self:
        _check_blanks(self.page, OF_PAGES)
        return self


class LetterText(Model):
    """What one letter says in one language."""

    title: Written
    subject: Written
    opens: Annotated[tuple[Written, ...], Field(min_length=1)]
    closes: tuple[Written, ...]

    @model_validator(mode="after")
    def _blanks(self) -> Self:
        _check_blanks(self.title, frozenset())  # it stands in lists of files
        for text in (self.subject, *self.opens, *self.closes):
            _check_blanks(text, BLANKS)
        return self


class LetterTexts(Model):
    """One letter in every language, and what stands for it in its number."""

    code: Annotated[str, Field(pattern=r"^[A-Z]{2,4}$")]
    id: LetterText
    en: LetterText


class Texts(Model):
    """Every letter there is."""

    frame: dict[Language, Frame]
    letter: dict[LetterKind, LetterTexts]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if set(self.letter) != set(LetterKind) or set(self.frame) != {"id", "en"}:
            raise ValueError("every letter needs its text, in both languages")
        if len({each.code for each in self.letter.values()}) != len(self.letter):
            raise ValueError("two letters share a code")
        recommended = self.letter[LetterKind.COURT_RECOMMENDATION].model_dump_json().lower()
        if any(word in recommended for word in NEVER):
            raise ValueError("a recommendation to a court is no permit and no consent")
        return self


def read(content: str) -> Texts:
    """The texts of a file; raises ValueError for what they must not be."""
    data: dict[str, Any] = tomllib.loads(content)
    return Texts.model_validate(data)


@cache
def texts() -> Texts:
    """Ours."""
    return read(resources.files("web").joinpath("letters", "texts.toml").read_text(encoding="utf-8"))


def _check_blanks(text: str, allowed: frozenset[str]) -> None:
    unknown = {name for _, name, _, _ in Formatter().parse(text) if name is not None} - allowed
    if unknown:
        raise ValueError(f"unknown blanks: {sorted(unknown)}")
