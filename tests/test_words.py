"""Both catalogues hold every word that a page may show, and no other."""

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message

from tests.vocabulary import Key, of_codes, of_fields, of_templates
from web.pages.languages import CODES, catalogue, language

BLANK = re.compile(r"%\((\w+)\)s")


def messages(of: Catalog) -> Iterator[Message]:
    """The messages of a catalogue, without its header."""
    return (message for message in of if message.id)


def held(code: str) -> set[Key]:
    """What a catalogue says, by context and message."""
    return {(message.context, str(message.id)) for message in messages(catalogue(code)) if message.string}


@pytest.mark.parametrize("code", CODES)
def test_every_sentence_and_every_code_has_its_word(code: str) -> None:
    """In both languages."""
    assert {*of_templates(), *of_codes()} - held(code) == set()


@pytest.mark.parametrize("code", CODES)
def test_every_field_has_its_label(code: str) -> None:
    """Of its own form, or of all forms."""
    words = held(code)

    assert [
        (model, name)
        for model, name in of_fields()
        if ("field", f"{model}.{name}") not in words and ("field", name) not in words
    ] == []


def test_both_say_the_same_things() -> None:
    """A word that one has the other has too, with the same blanks to fill in."""
    first, second = (catalogue(code) for code in CODES)

    assert held(CODES[0]) == held(CODES[1])
    for message in messages(first):
        other = second.get(str(message.id), message.context)
        assert other is not None
        assert set(BLANK.findall(str(message.string))) == set(BLANK.findall(str(message.id))) or message.context
        assert set(BLANK.findall(str(other.string))) == set(BLANK.findall(str(message.id))) or message.context


def test_a_code_nobody_knows_is_shown_as_it_is() -> None:
    """Never an empty place, never an error."""
    assert language("id").word("Service", "somewhere_new") == "somewhere_new"
