"""One-time links: made, opened and answered by. Of their addresses nothing is to be heard but in the mail."""

import re

import httpx
from sqlalchemy import select

from casework import commands as c
from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.db.tables import links
from casework.models.link import Link
from tests.canary_asking import Asking
from tests.canary_pages import NAMED, WORD
from tests.canary_walk import Walk
from web.api.routing import V1
from web.pages.bound import COOKIE
from web.sessions import token_of

AGENCY, BOX = "psikolog", {"address": "petugas@psikolog.example", "language": "id", "safe": True}
REFERRAL = "/referrals/{referral_id}"


async def by_links(asking: Asking, walk: Walk) -> None:
    """One is answered by and used up; one has ended; one waits, and will be in a mail."""
    app, cage, box = asking.stack, asking.cage, {"agency_id": AGENCY}
    await kept(asking.ask(app.supervisor, "PUT", f"{V1}/agencies/{{agency_id}}/mailbox", box, json=BOX))
    await kept(asking.visit(app.supervisor, "POST", "/mailboxes", None, **box, **BOX))
    asked = {"agency_id": AGENCY, "service": "psychosocial", "urgency": "emergency", "disclose": ["identity"]}
    body = c.ReferCase.model_validate({**asked, "reason": cage.word()})
    where = {"referral_id": await walk.give("refer", app.caseworker, body)}
    await kept(asking.visit(app.supervisor, "POST", f"{REFERRAL}/link", where, key=cage.word()))
    ended = token(asking)
    await kept(asking.ask(app.supervisor, "DELETE", f"{V1}{REFERRAL}/link", where))
    assert (await opened(asking, ended)).status_code == 404
    await kept(asking.ask(app.supervisor, "POST", f"{V1}{REFERRAL}/link", where))
    await answered(asking, token(asking))
    await kept(asking.visit(app.supervisor, "POST", f"{REFERRAL}/link/revocation", where))
    await kept(asking.visit(app.supervisor, "POST", f"{REFERRAL}/link", where, key=cage.word()))
    await looked_at(asking, token(asking))


async def answered(asking: Asking, opens: str) -> None:
    """Opened, read, answered by; used up."""
    await looked_at(asking, opens)
    entered = await opened(asking, opens)
    assert (entered.status_code, entered.headers["location"]) == (303, "/link")
    secret = asking.cage.keep(entered.cookies[COOKIE])
    asking.client.cookies.clear()
    held = {"Cookie": f"{COOKIE}={secret}"}
    page = await kept(asking.ask(None, "GET", "/link", headers=held))
    assert len(set(WORD.findall(page.text))) == 2, "a name and a national id are disclosed, and no more"
    assert WORD.findall("".join(NAMED.findall(page.text))) == []
    form, asks = "/link/do/{asks}", {"asks": "answer"}
    await kept(asking.ask(None, "GET", form, asks, headers=held))
    csrf = asking.cage.keep(token_of(secret))
    sent = {"csrf": csrf, "answer": "declined", "reason": asking.cage.word(), "key": asking.cage.word()}
    old = await asking.ask(None, "POST", form, asks, headers=held, data=sent | {"csrf": asking.cage.word()})
    assert old.status_code == 404
    wrong = await asking.ask(None, "POST", form, asks, headers=held, data=sent | {"answer": asking.cage.word()})
    assert wrong.status_code == 422
    assert asking.refusals.pop() == wrong.content  # it is shown again as typed, with the token of who typed it
    await kept(asking.ask(None, "POST", form, asks, headers=held, data=sent | {"answer": "accepted"}))
    await kept(asking.ask(None, "GET", "/link/done", headers=held))
    assert (await asking.ask(None, "GET", "/link", headers=held)).status_code == 404
    assert (await opened(asking, opens)).status_code == 404


async def looked_at(asking: Asking, opens: str) -> None:
    """By whoever follows an address, in either language; no page says it again."""
    where = {"token": opens}
    page = await kept(asking.ask(None, "GET", "/link/{token}", where))
    english = await kept(asking.ask(None, "POST", "/link/{token}", where, data={"language": "en"}))
    assert (opens in page.text + english.text, 'lang="en"' in english.text) == (False, True)
    asking.client.cookies.clear()


async def opened(asking: Asking, opens: str) -> httpx.Response:
    """The button is pressed."""
    return await asking.ask(None, "POST", "/link/{token}", {"token": opens})


def token(asking: Asking) -> str:
    """What the address of the link made last ends with."""
    newest = select(*(links.c[name] for name in Link.model_fields)).order_by(links.c.id.desc()).limit(1)
    with reading(asking.stack.outside.engine, ENGINE) as connection:
        made = Link.model_validate(dict(connection.execute(newest).mappings().one()))
    found = asking.stack.outside.links.token(made.id)
    assert re.fullmatch("[A-Za-z0-9_-]{43}", found)
    return asking.cage.mail(found)


async def kept(asked: object) -> httpx.Response:
    """An answer that is no refusal; a form leads on."""
    answer: httpx.Response = await asked  # type: ignore[misc]
    assert answer.status_code < 400, answer.text
    return answer
