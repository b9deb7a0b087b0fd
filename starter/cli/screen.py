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
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    styles: Mapping[str, str] | None = None,
    machines: Sequence[str] = (),
) -> None:
    """Rows under their columns; on terminals `styles` colours cells by what they hold, and `machines` are left out."""
    lines = [[_plain(_shown(value)) for value in row] for row in rows]
    console = Console(highlight=False)
    if not console.is_terminal:
        for line in (list(columns), *lines):
            typer.echo("\t".join(line))
        return
    for_people = [at for at, column in enumerate(columns) if column not in machines]
    names = [columns[at] for at in for_people]
    cells = [[Text(_local(line[at]), style=(styles or {}).get(line[at], "")) for at in for_people] for line in lines]
    timed = any(INSTANT.search(cell) for line in lines for cell in line)
    heading = Text(_plain(f"{title} ({_zone()})" if timed else title))
    drawings = (draw(heading, names, cells) for draw in (_side_by_side, _one_below_the_other))
    console.print(_fitting(console, *drawings))


def _fitting(console: Console, wide: Table, narrow: Table) -> Table:
    """The wide one, unless it would break words or be longer than the narrow one."""
    unbounded = console.options.update(max_width=10_000)
    if console.measure(wide, options=unbounded).minimum > console.width:
        return narrow
    return min(wide, narrow, key=lambda drawn: len(console.render_lines(drawn)))


def _side_by_side(heading: Text, columns: Sequence[str], rows: Iterable[Sequence[Text]]) -> Table:
    drawn = Table(title=heading, title_justify="left", header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    return drawn


def _one_below_the_other(heading: Text, columns: Sequence[str], rows: Iterable[Sequence[Text]]) -> Table:
    """A block for each row: the first cell, and below it the others that hold something, each after its name."""
    drawn = Table.grid("name", "value", padding=(0, 2, 0, 0))
    drawn.title, drawn.title_justify = heading, "left"
    drawn.columns[1].overflow = "fold"
    for row in rows:
        drawn.add_row(columns[0], row[0], style="bold")
        for column, cell in zip(columns[1:], row[1:], strict=True):
            if cell.plain:
                drawn.add_row(f"  {column}", cell)
    return drawn


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


def _zone() -> str:
    """What the clock on this machine's wall is called."""
    return datetime.now().astimezone().tzname() or "local time"


def instant(text: str) -> datetime:
    """An instant of an answer."""
    return datetime.fromisoformat(text)


def _plain(text: str) -> str:
    """Without control characters: what a case holds must not steer a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
