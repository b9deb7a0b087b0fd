"""Telephone numbers wherever they stand in a text, in E.164: the one form in which two can be compared."""

from collections.abc import Iterator

import phonenumbers

REGION = "ID"
"""Where a number that names no country is taken to be from."""


def numbers_in(*texts: str | None) -> frozenset[str]:
    """Every telephone number that texts hold, however it is spelled; in an address of a messenger too."""
    found = (number for text in texts if text for number in (*_within(text), *_as_a_whole(text)))
    return frozenset(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) for number in found)


def _within(text: str) -> Iterator[phonenumbers.PhoneNumber]:
    matches = phonenumbers.PhoneNumberMatcher(text, REGION, leniency=phonenumbers.Leniency.POSSIBLE)
    return (match.number for match in matches)


def _as_a_whole(text: str) -> Iterator[phonenumbers.PhoneNumber]:
    """A text that is nothing but one number, with whatever between its digits."""
    digits = "".join(str(int(sign)) for sign in text if sign.isdecimal())
    try:
        number = phonenumbers.parse(f"+{digits}" if text.lstrip().startswith("+") else digits, REGION)
    except phonenumbers.NumberParseException:
        return
    if phonenumbers.is_possible_number(number):
        yield number
