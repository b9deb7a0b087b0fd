"""Refusing a file."""

from casework.errors import InvalidInputError

TAKEN = "PDF, JPEG, PNG and plain text in UTF-8 are taken; what is in a file decides, not its name."


def not_taken(detail: str = TAKEN) -> InvalidInputError:
    """The refusal of a file; `detail` is ours and never repeats what was in it."""
    errors = [{"pointer": "/file", "code": "not_taken", "detail": detail}]
    return InvalidInputError("This file cannot be taken.", errors=errors)
