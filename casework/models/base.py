"""What every model shares."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field


class Model(BaseModel):
    """Frozen, closed to unknown fields; equal when its values are."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Sealed:
    """Marks a field whose text goes to the vault and never travels in the clear."""


def _clean(text: str) -> str:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("holds a character that cannot be kept")
    return text


Text = Annotated[str, Field(max_length=20_000), AfterValidator(_clean)]
SealedText = Annotated[Text | None, Sealed()]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Reference = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_clean)]
Instant = AwareDatetime


class Codes(StrEnum):
    """A closed code list."""

    @classmethod
    def has(cls, value: Any) -> bool:
        """Whether the value is one of the codes."""
        return value in cls._value2member_map_
