"""`tuntas keys`: turning the master key, and the keys of what crosses the engine. No document is touched."""

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from starter.cli import screen
from starter.cli.environment import failures, settings
from starter.cli.failures import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casework.assembly import Adapters
    from casework.vault.rotation import Rotation
    from casework.vault.wrapping import MasterKeys

app = typer.Typer(help="Keys: what they are wrapped under, and turning them.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="The outcome as JSON.")]


@app.callback()
def group() -> None:
    """Keys: what they are wrapped under, and turning them."""


@app.command()
def status(json: AsJson = False) -> None:
    """How many keys each master key wraps; exits with 1 where one is not among those of the settings."""
    with _rotation() as (rotation, masters):
        current, wrapped = masters.current(), rotation.wrapped()
        version = rotation.version()
        unknown = [by for by in wrapped if not masters.knows(by)]
    if json:
        screen.as_json({"current": current, "wrapped": wrapped, "unknown": unknown, "payload_version": version})
    else:
        rows = [(by, count, "current" if by == current else "") for by, count in wrapped.items()]
        screen.table("master keys", ("master key", "keys", ""), rows)
    if unknown:
        raise Refused("keys are wrapped under master keys that the settings do not name", tuple(unknown))


@app.command()
def rotate(json: AsJson = False) -> None:
    """Wrap every key anew under the present master key. Repeating it goes on where it stopped."""
    with _rotation() as (rotation, masters):
        current = masters.current()
        left = sum(count for by, count in rotation.wrapped().items() if by != current)
        done = _all("wrapping keys", left, rotation.rewrap)
        remain = [by for by in rotation.wrapped() if by != current]
    if json:
        screen.as_json({"current": current, "rewrapped": done, "others": remain})
    if remain:
        raise Refused("a process still wraps under another master key: start it anew, then repeat", tuple(remain))
    if not json:
        screen.say(f"{done} keys wrapped anew; all are under {current}, no other master key is needed")


@app.command()
def renew(
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the last one that was cut short.")] = False,
    json: AsJson = False,
) -> None:
    """Make new keys for what crosses the engine from now on; what it keeps stays open under the earlier ones."""
    with _rotation() as (rotation, _):
        version = rotation.version() if resume else rotation.next_version()
        done = _all("making payload keys", rotation.behind(version), lambda: rotation.renew(version))
    if json:
        screen.as_json({"version": version, "cases": done})
    else:
        screen.say(f"version {version}: {done} cases")


@app.command()
def reindex(
    new_key: Annotated[bool, typer.Option("--new-key", help="Under a new key; the earlier one is destroyed.")] = False,
    json: AsJson = False,
) -> None:
    """Make the index over clients anew where it is not whole. Repeating it goes on where it stopped."""
    with _rotation() as (rotation, _):
        versions = rotation.index_versions()
        version = rotation.new_index_key() if new_key or not versions else versions[-1]
        with _adapters() as outside:  # afterwards: what it remembers of keys begins with the new one
            done = _reindex(outside, version)
            unused = {each for each in rotation.index_versions() if each < version} - outside.client_index.versions()
        dropped = rotation.drop_index_keys(unused)
        left = rotation.index_versions()[:-1]
    if json:
        screen.as_json({"version": version, "cases": done, "destroyed": dropped, "earlier": left})
        return
    screen.say(f"{done} cases indexed under key {version}; {dropped} earlier keys destroyed")
    if left:
        screen.say("Earlier keys are left; repeat this in five minutes, when no process can still be using them.")


def _reindex(outside: "Adapters", version: int) -> int:
    from starter.reindexing import Reindexing

    ports = (outside.reads, outside.documents, outside.vault, outside.index, outside.client_index)
    reindexing, after = Reindexing(*ports), ""

    def step() -> int:
        nonlocal after
        count, after_ = reindexing.page(after, version)
        after = after_ or after
        return count

    return _all("indexing clients", outside.client_index.behind(version), step)


@contextmanager
def _adapters() -> "Iterator[Adapters]":
    from casework.assembly import adapters

    outside = adapters(settings())
    try:
        yield outside
    finally:
        outside.close()


def _all(what: str, count: int, step: Callable[[], int]) -> int:
    """Step until nothing is left, with a bar on terminals where there is much; how many there were."""
    console, done = Console(stderr=True), 0
    with Progress(console=console, transient=True, disable=not (console.is_terminal and count > 1000)) as progress:
        task = progress.add_task(what, total=count)
        while stepped := step():
            done += stepped
            progress.update(task, completed=done)
    return done


@contextmanager
def _rotation() -> "Iterator[tuple[Rotation, MasterKeys]]":
    from casework.db.session import engine_for
    from casework.vault.masters import masters_of
    from casework.vault.rotation import Rotation

    configured = settings()
    engine = engine_for(configured.keystore_url.get_secret_value(), size=2, name="tuntas-keys")
    try:
        with failures():
            masters = masters_of(configured)
            yield Rotation(engine, masters), masters
    finally:
        engine.dispose()
