"""Commands for ways to sign in: clients of systems, second factors, identities at another provider."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from casework.models.people import CLIENT_SCOPES, Scope
from starter.cli import screen
from starter.cli.environment import database, settings
from starter.cli.failures import BadUsage, Refused
from starter.cli.people import Username, app, known, opened

__all__ = ["app"]

if TYPE_CHECKING:
    from casework.db.clients import SqlClients
    from casework.db.factors import SqlFactorRules
    from casework.db.identities import SqlIdentities


@app.command()
def add_client(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it signs in as: its client_id.")],
    agency: Annotated[str, typer.Option(metavar="AGENCY", help="Whose system it is, by id.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; may be given again.")],
) -> None:
    """Add a system that signs in at POST /oauth/token; prints its secret, which is not kept."""
    _check_agency(agency)
    if Scope.SECOND_FACTOR in scope:
        raise BadUsage(f"A system may have: {', '.join(CLIENT_SCOPES)}.")
    with _clients() as clients:
        _, secret = clients.add(name, agency, scope)
    screen.say(secret)


@app.command()
def rotate_client(
    name: Username,
    keep: Annotated[
        int, typer.Option(metavar="HOURS", min=0, max=24 * 30, help="How long the old one still opens.")
    ] = 24,
) -> None:
    """Print a new secret of a system. With --keep 0 the old one and every token end at once."""
    with opened() as accounts:
        account = known(accounts, name)
    with _clients() as clients:
        screen.say(clients.rotate(account.id, timedelta(hours=keep)))


@app.command()
def require_factor(
    agency: Annotated[str, typer.Argument(metavar="AGENCY", help="An office or agency, by id.")],
    required: Annotated[bool, typer.Option("--on/--off")] = True,
) -> None:
    """Ask all of an office for a second factor, or no longer. Who has none yet sets one up when signing in."""
    _check_agency(agency)
    with _factors() as factors:
        factors.require(agency, required=required)
    screen.say(f"{agency}: second factor {'required' if required else 'not required'}")


@app.command()
def reset_factor(username: Username) -> None:
    """Take away the second factor of who has lost it; ends tokens and sessions. Make sure who is asking."""
    with opened() as accounts:
        account = known(accounts, username)
    with _factors() as factors:
        factors.remove(account.id)
    screen.say(f"{username}: no second factor")


@app.command()
def link(
    username: Username,
    subject: Annotated[str, typer.Argument(help="Who it is at TUNTAS_OIDC_ISSUER: the `sub` it gives.")],
) -> None:
    """Let somebody sign in with the other provider as an account that there is."""
    issuer = settings().oidc_issuer
    if not issuer:
        raise BadUsage("TUNTAS_OIDC_ISSUER is not set.")
    with opened() as accounts, _identities() as identities:
        identities.link(issuer, subject, known(accounts, username).id)
    screen.say(f"{username}: linked")


@app.command()
def unlink(username: Username) -> None:
    """Let nobody sign in with another provider as this account; its tokens and sessions end at once."""
    with opened() as accounts, _identities() as identities:
        identities.unlink(known(accounts, username).id)
    screen.say(f"{username}: not linked")


def _check_agency(agency: str) -> None:
    from casework.directory.agencies import load_agencies

    if agency not in load_agencies():
        raise Refused(f"unknown_agency: there is no agency {agency}.")


@contextmanager
def _factors() -> "Iterator[SqlFactorRules]":
    from casework.db.factors import SqlFactorRules

    with database(settings().database_url.get_secret_value(), walled=True) as engine:
        yield SqlFactorRules(engine)


@contextmanager
def _clients() -> "Iterator[SqlClients]":
    from casework.db.clients import SqlClients

    with database(settings().database_url.get_secret_value(), walled=True) as engine:
        yield SqlClients(engine)


@contextmanager
def _identities() -> "Iterator[SqlIdentities]":
    from casework.db.identities import SqlIdentities

    with database(settings().database_url.get_secret_value(), walled=True) as engine:
        yield SqlIdentities(engine)
