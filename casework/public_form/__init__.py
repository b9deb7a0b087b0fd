"""The public form of an office: the text that comes with Tuntas, or the office's own file in its place."""

from functools import cache
from pathlib import Path

from casework.datafile import DataFileError, Problem, built_in, parse
from casework.models.public_form import PublicForm

FILE = "form.toml"


@cache
def load(own: Path | None = None) -> PublicForm:
    """The form; raises DataFileError, naming what is wrong, where the file is not as it must be."""
    if own is None:
        return built_in(__name__, FILE, PublicForm)
    try:
        content = own.read_bytes()
    except OSError as error:
        raise DataFileError([Problem(file=own.name, where="", reason=f"cannot be read: {error.strerror}")]) from None
    form, problems = parse(own.name, content, PublicForm)
    if form is None:
        raise DataFileError(problems)
    return form
