"""Signing in and out, and whatever else is asked beside a case, with canaries for passwords and secrets."""

from typing import Any

import httpx
import pyotp

from casework.models.people import Account, Role, Scope
from tests.canary_asking import Asking
from tests.canary_pages import through_the_page
from tests.stack import LEAD
from web.api.routing import V1
from web.sessions import COOKIE, CSRF_HEADER

TOKENS, SESSION, FACTOR = f"{V1}/tokens", "/session", f"{V1}/second-factor"


async def through_the_door(asking: Asking) -> None:
    """In with a password, a code and a secret, each wrong and right; what is given out is a canary from then on."""
    accounts, word = asking.stack.outside.accounts, asking.cage.word
    password = f"{word()} {word()}"
    account = accounts.add("penjaga", password, Role.CASEWORKER, LEAD)
    who = {"username": account.username, "password": password}
    unknown, wrong = {"username": word(), "password": password}, {**who, "password": word(), "otp": word()}
    for path, given in ((TOKENS, unknown), (TOKENS, wrong), (SESSION, wrong)):
        await asking.ask(None, "POST", path, json=given)
    codes = await second_factor(asking, account, who)
    await in_and_out(asking, {**who, "otp": codes[0]}, {**who, "otp": codes[1]})
    await through_the_page(asking, who, codes[3])
    await replaced(asking, {**who, "otp": codes[2]})
    await a_system(asking)


async def second_factor(asking: Asking, account: Account, who: dict[str, str]) -> list[str]:
    """Set up with a token; its recovery codes."""
    token = await ended_well(asking.ask(None, "POST", TOKENS, json=who))
    by = {"Authorization": f"Bearer {asking.cage.keep(token.json()['token'])}"}
    begun = await ended_well(asking.ask(None, "POST", FACTOR, headers=by, json={"password": who["password"]}))
    secret = asking.cage.keep(begun.json()["secret"])
    code = {"otp": pyotp.TOTP(secret).now()}
    confirmed = await ended_well(asking.ask(None, "POST", f"{FACTOR}/confirmation", headers=by, json=code))
    return [asking.cage.keep(each) for each in confirmed.json()["recovery_codes"]]


async def in_and_out(asking: Asking, first: dict[str, str], second: dict[str, str]) -> None:
    """A token and a session, each seen and ended."""
    token = (await ended_well(asking.ask(None, "POST", TOKENS, json=first))).json()["token"]
    by = {"Authorization": f"Bearer {asking.cage.keep(token)}"}
    await ended_well(asking.ask(None, "DELETE", f"{TOKENS}/current", headers=by))
    begun = await ended_well(asking.ask(None, "POST", SESSION, json=second))
    cookie = asking.cage.keep(begun.cookies[COOKIE])
    csrf = asking.cage.keep(begun.json()["csrf_token"])
    asking.client.cookies.clear()
    held = {"Cookie": f"{COOKIE}={cookie}"}
    await ended_well(asking.ask(None, "GET", SESSION, headers=held))
    refused = await asking.ask(None, "DELETE", SESSION, headers={**held, CSRF_HEADER: asking.cage.word()})
    assert refused.status_code == 403
    await ended_well(asking.ask(None, "DELETE", SESSION, headers={**held, CSRF_HEADER: csrf}))


async def replaced(asking: Asking, who: dict[str, str]) -> None:
    """Another password, another second factor begun, every token ended."""
    accounts = asking.stack.outside.accounts
    account = accounts.by_username(who["username"])
    assert account is not None
    by = {"Authorization": f"Bearer {asking.cage.keep(accounts.issue_token(account.id, 600)[0])}"}
    asked = {"password": who["password"], "otp": who["otp"]}
    begun = await ended_well(asking.ask(None, "POST", FACTOR, headers=by, json=asked))
    asking.cage.keep(begun.json()["secret"])
    new = {"current": who["password"], "new": f"{asking.cage.word()} {asking.cage.word()}"}
    await ended_well(asking.ask(None, "POST", f"{V1}/password", headers=by, json=new))
    by = {"Authorization": f"Bearer {asking.cage.keep(accounts.issue_token(account.id, 600)[0])}"}
    await ended_well(asking.ask(None, "DELETE", TOKENS, headers=by))


async def a_system(asking: Asking) -> None:
    """A client with its secret, in the form and in the header."""
    _, secret = asking.stack.outside.clients.add("sistem", LEAD, [Scope.CASES_READ])
    form = {"grant_type": "client_credentials", "client_id": "sistem", "client_secret": asking.cage.keep(secret)}
    given = await ended_well(asking.ask(None, "POST", "/oauth/token", data=form))
    asking.cage.keep(given.json()["access_token"])
    await asking.ask(None, "POST", "/oauth/token", data={**form, "client_secret": asking.cage.word()})


async def ended_well(asked: Any) -> httpx.Response:
    """An answer that is no refusal."""
    answer: httpx.Response = await asked
    assert answer.status_code < 300, answer.text
    return answer
