"""Canaries: words that stand nowhere else, who keeps count of them, and how they are heard however they are spelled."""

import base64
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from casework.models.base import Sealed

SONG = "kenari"
"""What every word of ours begins with."""
MAILS = {"mails", "mails opened"}
"""Where mails are listened to."""


@dataclass
class Cage:
    """Makes canaries, remembers them, and remembers which sealed fields held one."""

    words: list[str] = field(default_factory=list)
    fields: set[tuple[str, str]] = field(default_factory=set)
    met: set[type[BaseModel]] = field(default_factory=set)
    mailed: list[str] = field(default_factory=list)

    def word(self) -> str:
        """A fresh one; letters only, so that no encoding changes it."""
        return self.keep(SONG + "".join(secrets.choice("bcdfghjklmnpqrstvwxz") for _ in range(12)))

    def number(self) -> str:
        """A fresh one in digits, as long as a national id."""
        return self.keep("16" + "".join(secrets.choice("0123456789") for _ in range(14)))

    def keep(self, text: str) -> str:
        """Something that must be nowhere: a date, or a secret that was given out."""
        self.words.append(text)
        return text

    def mail(self, text: str) -> str:
        """A secret that is sent by mail, and may be in that mail alone."""
        self.mailed.append(text)
        return text

    def look(self, model: BaseModel) -> None:
        """Remember which of the model's sealed fields were filled."""
        self.met.add(type(model))
        for name, value in model:
            parts = value if isinstance(value, tuple) else (value,)
            for part in parts:
                if isinstance(part, BaseModel):
                    self.look(part)
            if name in sealed_fields(type(model)) and value not in (None, ()):
                self.fields.add((type(model).__name__, name))

    def silent_fields(self) -> set[tuple[str, str]]:
        """Sealed fields of the models met that never held a canary."""
        return {(m.__name__, name) for m in self.met for name in sealed_fields(m)} - self.fields

    def singing(self, heard: Mapping[str, bytes]) -> dict[str, bytes]:
        """The places where one is heard, with what stands around the first of them."""
        others = (word.encode() for word in self.words if not word.startswith(SONG))
        spelled, mailed = [*spellings(SONG), *others], [word.encode() for word in self.mailed]
        everywhere = {place: [*spelled, *([] if place in MAILS else mailed)] for place in heard}
        return {place: around for place, found in heard.items() for around in _first(found, everywhere[place])}


def sealed_fields(model: type[BaseModel]) -> list[str]:
    """The fields whose annotation is marked sealed at any depth."""
    return [
        name
        for name, info in model.model_fields.items()
        if any(isinstance(part, Sealed) for part in info.metadata) or Sealed.__name__ in repr(info.annotation)
    ]


def spellings(word: str) -> Iterator[bytes]:
    """A word as it may stand somewhere: in other letters, in hexadecimal, within a text that is in base64."""
    for each in (word, word.upper(), word.title(), word[::-1]):
        yield each.encode()
    yield word.encode("utf-16-le")
    yield word.encode().hex().encode()
    for before in range(3):
        coded = base64.b64encode(b"\x00" * before + word.encode())
        # The first and last signs depend on what stands beside.
        yield coded[-(-before * 8 // 6) : (before + len(word)) * 8 // 6]


def _first(found: bytes, spelled: list[bytes]) -> Iterator[bytes]:
    for each in spelled:
        at = found.find(each)
        if at >= 0:
            yield found[max(0, at - 80) : at + 80]
            return
