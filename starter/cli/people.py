"""Commands for accounts: who may sign in at this office."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, get_args
from zoneinfo import ZoneInfo

import typer

from casework.models.notice import Contact, ContactMedium, Hours
from casework.models.people import Role
from starter.cli import screen
from starter.cli.demonstration import accounts_of
from starter.cli.environment import database, settings
from starter.cli.failures import BadUsage, Refused

if TYPE_CHECKING:
    from casework.db.accounts import SqlAccounts
    from casework.models.people import Account

app = typer.Typer(
    help="Accounts of people and systems: add, disable, enable, say who is away, give a token.", no_args_is_help=True
)
Username = Annotated[str, typer.Argument(metavar="USERNAME")]
HOUR = 3600
Medium = StrEnum("Medium", [(medium, medium) for medium in get_args(ContactMedium)])  # type: ignore[misc]


def register(commands: typer.Typer) -> None:
    """Add these commands."""
    commands.command()(seed)


@app.command()
def add(
    username: Username,
    role: Annotated[Role, typer.Option(help="What the account may do.")],
    agency: Annotated[str, typer.Option(metavar="AGENCY", help="Its office or agency, by id.")],
) -> None:
    """Add an account; the password is asked for, or read from TUNTAS_PASSWORD."""
    from casework.directory.agencies import load_agencies

    if agency not in load_agencies():
        raise Refused(f"unknown_agency: there is no agency {agency}.")
    with opened() as accounts:
        account = accounts.add(username, _new_password(username), role, agency)
    screen.say(account.id)


@app.command()
def password(username: Username) -> None:
    """Give an account another password, asked for or read from TUNTAS_PASSWORD; its tokens and sessions end at once."""
    with opened() as accounts:
        accounts.set_password(known(accounts, username).id, _new_password(username))
    screen.say(f"{username}: another password")


@app.command()
def disable(username: Username) -> None:
    """Let an account sign in no more, and end its tokens and sessions at once."""
    with opened() as accounts:
        accounts.disable(known(accounts, username).id)
    screen.say(f"{username}: disabled")


@app.command()
def enable(username: Username) -> None:
    """Let a disabled account sign in again, with the password it had."""
    with opened() as accounts:
        accounts.enable(known(accounts, username).id)
    screen.say(f"{username}: enabled")


@app.command()
def absence(
    username: Username,
    from_: Annotated[str, typer.Option("--from", metavar="WHEN", help="A day, from its start, or an RFC 3339 time.")],
    until: Annotated[str, typer.Option(metavar="WHEN", help="When the account is back, as --from.")],
    deputy: Annotated[str | None, typer.Option(metavar="USERNAME", help="Who is told meanwhile.")] = None,
) -> None:
    """Enter an absence; one with the same start is replaced."""
    zone = ZoneInfo(settings().timezone)
    starts_at, ends_at = _instant("--from", from_, zone), _instant("--until", until, zone)
    with opened() as accounts:
        stands_in = known(accounts, deputy).id if deputy else None
        accounts.set_absence(known(accounts, username).id, starts_at, ends_at, stands_in)
    screen.say(f"{username}: away from {starts_at.isoformat()} until {ends_at.isoformat()}")


@app.command()
def contact(
    username: Username,
    medium: Annotated[Medium, typer.Option(help="By what the account is told.")],
    address: Annotated[
        str, typer.Option(metavar="ADDRESS", help="A mailbox, a telephone number, a webhook, a gateway.")
    ],
    safe: Annotated[bool, typer.Option("--safe/--unsafe", help="Whether anything may be sent to it.")] = False,
    hours: Annotated[str | None, typer.Option(metavar="HH:MM-HH:MM", help="Only in these hours of a day.")] = None,
) -> None:
    """Enter a way to tell an account, or confirm one: nothing is sent to what was not confirmed for thirty days."""
    entered = Contact(medium=medium.value, address=address, safe=safe, hours=_hours(hours) if hours else None)
    with opened() as accounts:
        accounts.set_contact(known(accounts, username).id, entered)
    screen.say(f"{username}: told by {medium.value}" if safe else f"{username}: not told by {medium.value}")


def _hours(text: str) -> Hours:
    try:
        begins, ends = (time.fromisoformat(part) for part in text.split("-"))
    except ValueError:
        raise BadUsage("--hours is two times of a day, such as 08:00-16:00.") from None
    return Hours(begins=begins, ends=ends)


@app.command()
def token(username: Username, hours: Annotated[int, typer.Option(min=1, max=24 * 366)] = 12) -> None:
    """Print a new token of an account: for a system, or for who cannot sign in."""
    with opened() as accounts:
        account = known(accounts, username)
        if account.disabled:
            raise Refused(f"{username} is disabled.")
        made, _ = accounts.issue_token(account.id, hours * HOUR, accounts.scopes_of(account.id))
    screen.say(made)


def seed() -> None:
    """Make the demonstration accounts that are missing, and give all of them TUNTAS_DEMO_PASSWORD.

    What they are told goes to the console.
    """
    configured = settings()
    if configured.demo_password is None:
        raise BadUsage("TUNTAS_DEMO_PASSWORD is not set: demonstration accounts need one.")
    with opened() as accounts:
        made = _seed(accounts, configured.lead_unit, configured.demo_password.get_secret_value())
    screen.say(f"demonstration accounts: {made} made")


def _seed(accounts: "SqlAccounts", lead_unit: str, password: str) -> int:
    wanted = accounts_of(lead_unit)
    known = {username: accounts.by_username(username) for username in wanted}
    one = next(filter(None, known.values()), None)
    changed = one is not None and accounts.sign_in(one.username, password) is None
    for username, (role, agency_id) in wanted.items():
        account = known[username]
        if account is None:
            account = accounts.add(username, password, role, agency_id)
        elif changed:
            accounts.set_password(account.id, password)
        accounts.set_contact(account.id, Contact(medium="console", address=username, safe=True))
    return sum(account is None for account in known.values())


def _instant(option: str, text: str, zone: ZoneInfo) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadUsage(f"{option} is a day or a time, such as 2026-05-21 or 2026-05-21T10:00:00+07:00.") from None
    return at if at.tzinfo else at.replace(tzinfo=zone)


@contextmanager
def opened() -> "Iterator[SqlAccounts]":
    """The accounts of this machine's database."""
    from casework.db.accounts import SqlAccounts

    with database(settings().database_url.get_secret_value(), walled=True) as engine:
        yield SqlAccounts(engine)


def known(accounts: "SqlAccounts", username: str) -> "Account":
    """An account by its name; raises Refused where there is none."""
    account = accounts.by_username(username)
    if account is None:
        raise Refused(f"unknown_account: there is no account {username}.")
    return account


def _new_password(username: str) -> str:
    from casework.rules.passwords import check_password

    password = os.environ.get("TUNTAS_PASSWORD") or typer.prompt(
        "Password", hide_input=True, confirmation_prompt=True, err=True
    )
    check_password(str(password), username)
    return str(password)
