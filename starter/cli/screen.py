"""What a person reads: tables and colour on terminals, tab-separated lines everywhere else."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from starter.cli.failures import Failure

INSTANT = re.compile(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})(?!\w)")


def complain(failure: Failure) -> None:
    """A failure on the error stream."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text(_plain(failure.summary), style="bold red"))
    for line in failure.lines:
        console.print(Text(f"  {_plain(line)}"))


def as_json(answer: Any) -> None:
    """An answer as it came."""
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))


def say(text: str) -> None:
    """One line; its instants as this machine's clock shows them, on terminals."""
    typer.echo(_plain(_local(text) if Console().is_terminal else text))


def warn(text: str) -> None:
    """One line that must not be overlooked."""
    Console(highlight=False, soft_wrap=True).print(Text(_plain(f"WARNING: {text}"), style="bold yellow"))


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], styles: Mapping[str, str] | None = None
) -> None:
    """Rows under their columns; `styles` colours cells by what they hold, on terminals."""
    lines = [[_plain(_shown(value)) for value in row] for row in rows]
    console = Console(highlight=False)
    if not console.is_terminal:
        for line in (list(columns), *lines):
            typer.echo("\t".join(line))
        return
    drawn = Table(title=Text(_plain(title)), title_justify="left", header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for line in lines:
        drawn.add_row(*(Text(_local(cell), style=(styles or {}).get(cell, "")) for cell in line))
    console.print(drawn)


def fields(title: str, answer: Mapping[str, Any]) -> None:
    """What is known of one thing, name by name; what is not known is left out."""
    table(title, ("what", "value"), list(_flattened(answer)))


def _flattened(answer: Mapping[str, Any], at: str = "") -> Iterable[tuple[str, str]]:
    for name, value in answer.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{at}{name}.")
        elif value not in (None, "", []):
            yield f"{at}{name}", _shown(value)


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return ", ".join(f"{name} {_shown(item)}" for name, item in value.items() if item is not None)
        case list() | tuple():
            return "; ".join(_shown(item) for item in value)
    return str(value)


def _local(text: str) -> str:
    """A text with its instants as the clock on this machine's wall shows them."""
    return INSTANT.sub(lambda found: instant(found[0]).astimezone().strftime("%Y-%m-%d %H:%M"), text)


def instant(text: str) -> datetime:
    """An instant of an answer."""
    return datetime.fromisoformat(text)


def _plain(text: str) -> str:
    """Without control characters: what a case holds must not steer a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
