"""Every page by who works on a case, who was asked for help, and who has nothing to do with it."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import product
from zoneinfo import ZoneInfo

from starlette.routing import BaseRoute

from casework.models.people import Actor, Role
from tests.canaries import SONG
from tests.canary_asking import Asking, Operation, operations
from tests.canary_walk import ELSEWHERE
from tests.stack import talk
from web.api.routing import V1
from web.sessions import COOKIE

WORD = re.compile(f"{SONG}[a-z]+|16[0-9]{{14}}")
NAMED = re.compile(r'<title>.*?</title>|(?:href|action|src|id|name|class)="[^"]*"', re.DOTALL)
"""What histories, screens and servers on the way keep of a page: its title, and what it leads to."""
LOCAL = "%Y-%m-%dT%H:%M"
FORMS = {"case": "record_follow_up", "referral": "report_progress", "notification": "receive_notification"}
Ids = Mapping[str, list[str]]


def pages(routes: list[BaseRoute], document: Mapping[str, Mapping[str, object]]) -> set[Operation]:
    """What is served and is not the API's, but for the files that pages load."""
    return {each for each in operations(routes) if each[1] not in document["paths"] and "/static/" not in each[1]}


def addresses(served: set[Operation], known: Ids) -> Iterator[tuple[str, dict[str, str]]]:
    """Every page that is shown, with all that its names may stand for; of forms, one for each kind of subject."""
    for template in sorted(path for method, path in served if method == "GET" and path != "/api/openapi.json"):
        asks = next((asks for kind, asks in FORMS.items() if f"{{{kind}_id}}/do" in template), "release_clock")
        names = re.findall(r"{(\w+)}", template)
        values = ([asks] if name == "asks" else known[name] for name in names)
        for filled in product(*values):
            yield template, dict(zip(names, filled, strict=True))


async def pages_read(asking: Asking, served: set[Operation], known: Ids) -> dict[str, bytes]:
    """What must be silent: titles and addresses for everybody, and all of what a page tells whom nobody told."""
    app = asking.stack
    stranger = app.actor("supervisor2", Role.SUPERVISOR, ELSEWHERE)
    coordinator = app.actor("coordinator", Role.COORDINATOR, "setda-asisten-1")
    named, told, shown = b"", b"", 0
    keepers = app.actor("auditor", Role.AUDITOR), app.actor("administrator", Role.ADMINISTRATOR)
    for by in (app.supervisor, app.hospital, app.police, stranger, coordinator, *keepers):
        learned = await disclosed(asking, by, known)
        for template, ids in addresses(served, known):
            page = await asking.visit(by, "GET", template, ids)
            named += "".join(NAMED.findall(page.text)).encode()
            shown += len(WORD.findall(page.text))
            if by != app.supervisor:
                told += " ".join(set(WORD.findall(page.text)) - learned).encode()
    assert shown, "pages show no text of a case: nothing was tried"
    return {"titles and addresses of pages": named, "pages of who was not told": told}


async def disclosed(asking: Asking, by: Actor, known: Ids) -> set[str]:
    """What the API tells an agency of its own referrals: a page may tell as much."""
    if by.role is not Role.AGENCY_OFFICER:
        return set()
    answers = [
        await asking.ask(by, "GET", f"{V1}/referrals/{{referral_id}}", {"referral_id": each})
        for each in known["referral_id"]
    ]
    return set(WORD.findall("".join(answer.text for answer in answers if answer.status_code < 300)))


async def forms_sent(asking: Asking, known: Ids) -> None:
    """A text by a form; and one that is refused, which is shown to who wrote it, and is in no header."""
    app, word = asking.stack, asking.cage.word
    where = {"case_id": known["case_id"][0], "asks": "record_follow_up"}
    path = "/cases/{case_id}/do/{asks}"
    form = {"at": datetime.now(ZoneInfo("Asia/Jakarta")).strftime(LOCAL), "reached": "yes", "note": word()}
    done = await asking.visit(app.caseworker, "POST", path, where, **form)
    assert done.status_code == 303, done.text
    refused = await asking.visit(app.caseworker, "POST", path, where, **form | {"at": word(), "note": word()})
    assert refused.status_code == 422
    assert asking.refusals.pop() == refused.content
    await at_once(asking, known["case_id"][0])
    await keepers_forms(asking)
    await outreach_forms(asking)


async def outreach_forms(asking: Asking) -> None:
    """An activity, and that a promise of it was kept: of no case, in the clear."""
    app = asking.stack
    today = datetime.now(ZoneInfo("Asia/Jakarta")).date().isoformat()
    fields = {"held_on": today, "subjects": "parenting", "subdistrict": "simpang", "place": "Balai desa"}
    rows = {"organiser": "dinas-pppappkb", "participants.0.count": "20"}
    promise = {"promises.0.what": "Poster", "promises.0.owner.role": "head", "promises.0.due_on": today}
    made = await asking.visit(app.caseworker, "POST", "/outreach/new", {}, **fields, **rows, **promise)
    assert made.status_code == 303, made.text
    ids = talk(app, app.supervisor, app.hospital.agency_id)
    kept = await asking.visit(
        app.hospital, "POST", "/outreach/{outreach_id}/promises/{promise_id}/kept", ids, kept_on=today
    )
    assert kept.status_code == 303, kept.text


async def keepers_forms(asking: Asking) -> None:
    """Of who keeps the office."""
    app = asking.stack
    keeper, left = app.actor("administrator", Role.ADMINISTRATOR), app.actor("left", Role.CASEWORKER)
    where, key = {"account_id": left.account_id}, asking.cage.word()
    done = await asking.visit(keeper, "POST", "/accounts/{account_id}/standing", where, to="disable", key=key)
    assert done.status_code == 303, done.text
    text = app.site.rulebook.in_force.texts()["trafficking.toml"].decode().replace("version = 1", "version = 2", 1)
    path, file = "/pathways/files/{file}", {"file": "trafficking"}
    kept = await asking.visit(keeper, "POST", path, file, content=text, key=asking.cage.word())
    assert kept.status_code == 303, kept.text
    made = {"version_id": kept.headers["location"].rpartition("/")[2]}
    activated = await asking.visit(keeper, "POST", "/pathways/versions/{version_id}", made, do="activate", after="0")
    assert activated.headers["location"] == "/pathways/versions?done=activated", activated.text


async def at_once(asking: Asking, case_id: str) -> None:
    """A file from its page, and a remedy of the board."""
    app, word, where = asking.stack, asking.cage.word, {"case_id": case_id}
    file = {"file": (word(), f"surat {word()}".encode())}
    path = "/cases/{case_id}/documents"
    kept = await asking.visit(app.caseworker, "POST", path, where, kind="letter", title=word(), files=file)
    assert kept.status_code == 303, kept.text
    standing = app.outside.reads.standing(app.supervisor, case_id)
    assert standing is not None
    clock = next(each.id for each in standing.deadlines if each.running)
    told = await asking.visit(app.supervisor, "POST", "/stalled", key=word(), remedy=f"send_reminder {case_id} {clock}")
    assert told.status_code == 303, told.text


async def through_the_page(asking: Asking, who: Mapping[str, str], otp: str) -> None:
    """Wrong and right at the door of the pages; out again."""
    word = asking.cage.word
    wrong = {**who, "password": word(), "otp": word()}
    assert (await asking.ask(None, "POST", "/sign-in", data=wrong)).status_code == 401
    begun = await asking.ask(None, "POST", "/sign-in", data={**who, "otp": otp})
    assert begun.status_code == 303, begun.text
    cookie = asking.cage.keep(begun.cookies[COOKIE])
    asking.client.cookies.clear()
    held = {"Cookie": f"{COOKIE}={cookie}"}
    page = await asking.ask(None, "GET", "/cases", headers=held)
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert csrf
    refused = await asking.ask(None, "POST", "/sign-out", headers=held, data={"csrf": word()})
    assert refused.status_code == 403
    assert asking.refusals.pop() == refused.content  # a page for who holds the session, with its token
    await asking.ask(None, "POST", "/sign-out", headers=held, data={"csrf": asking.cage.keep(csrf[1])})
    await asking.ask(None, "POST", "/language", data={"language": "en", "back": word()})
    asking.client.cookies.clear()
