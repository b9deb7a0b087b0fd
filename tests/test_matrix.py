"""The access matrix: everybody asks every route and every page, and gets what `tests/matrix.py` says, or nothing."""

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route

from casework.models.people import Role
from tests import matrix_page
from tests.api_fakes import web, web_at
from tests.matrix import BY_LINK, EVERYBODY, FORMS, OFFERED, PAGES, READS, ROUTES, STANDS, SYSTEMS, Access, Names
from tests.matrix_bodies import form_of, sent
from tests.matrix_world import NAME, Subject, World, world_of
from tests.stack import Stack
from web.pages.bound import COOKIE as LINK_COOKIE
from web.pages.commanding import BY_ASKING
from web.pages.fields import fields_of
from web.sessions import COOKIE, csrf_of

Key = tuple[str, str]
DOCUMENT = ("GET", "/api/openapi.json")
WRITES = ("POST", "PUT", "DELETE", "PATCH")
UNSEEN = (401, 403, 404)
FORBIDDEN = ("forbidden", "four_eyes")
DISCLOSED = {"receiver", "told"}
"""Who is shown who the client is, by what was sent to them."""
ABOUT_A_CASE = ("case_id", "referral_id", "notification_id", "glass_id")
IN_THE_BODY = ("/api/v1/break-glass", "/codec/decode")
"""What names its case elsewhere than in the address."""
ENDS = (("DELETE", "/api/v1/tokens/current"), ("DELETE", "/api/v1/tokens"), ("DELETE", "/session"))


@dataclass
class There:
    """Everybody, and the cases they are asked about."""

    world: World
    case: Subject
    shut: Subject
    third: Subject

    def subject(self, key: Key) -> Subject:
        """What a route is asked about: glass is broken on a case that nothing else is said of."""
        return self.third if key == ("POST", "/api/v1/break-glass") else self.case


@pytest.fixture(scope="module")
async def there(app: Stack) -> There:
    world, case, shut, third = await world_of(app)
    return There(world, case, shut, third)


# ---- every route has its entry


def routes_of(app: FastAPI) -> set[Key]:
    """Every route of the application, whatever kind it is of; a HEAD is its GET."""
    found = set()
    for route in app.routes:
        assert isinstance(route, Route | APIRoute), f"{route} is of a kind that nobody has thought of"
        found |= {(method, route.path) for method in route.methods or () if method != "HEAD"}
    return found


def entered() -> set[Key]:
    """Every route that the matrix knows."""
    forms = {(method, path) for path in FORMS for method in ("GET", "POST")}
    return {*ROUTES, *PAGES, *forms, DOCUMENT}


def test_every_route_and_page_has_an_entry_and_every_entry_is_there() -> None:
    """Add a new route to `tests/matrix.py`, with who may use it: whatever is not named there is to be refused."""
    assert routes_of(web().app) == entered()


def test_the_routes_of_the_document_are_those_that_are_asked() -> None:
    """Nothing is served that the document does not tell of."""
    paths = web().app.openapi()["paths"]

    assert {(method.upper(), path) for path, methods in paths.items() for method in methods} == set(ROUTES)


def test_a_route_without_an_entry_is_found() -> None:
    """Of the API and of the pages, of another method too."""
    app = web_at(lambda: datetime.now(UTC)).app  # of its own: every other test asks the one that is there
    app.add_api_route("/api/v1/cases/{case_id}/secrets", lambda: None, methods=["GET"])
    app.add_route("/cases/{case_id}", lambda request: httpx.Response(200), methods=["DELETE"])  # type: ignore[arg-type,return-value]

    assert routes_of(app) - entered() == {("GET", "/api/v1/cases/{case_id}/secrets"), ("DELETE", "/cases/{case_id}")}


def test_the_page_in_docs_is_made_of_the_matrix() -> None:
    """`python -m tests.matrix_page` writes it."""
    assert matrix_page.PATH.read_text() == matrix_page.page()


# ---- asking


def address(path: str, subject: Subject, who: str) -> str:
    """The address of a route, about a case."""
    return re.sub(r"{(\w+)}", lambda found: subject.named(found[1], who), path)


async def asked(
    there: There, key: Key, subject: Subject, names: Iterable[str], by_session: bool = False
) -> Mapping[str, httpx.Response]:
    """The answers to some who ask the same at once."""
    method, path = key

    async def one(who: str) -> httpx.Response:
        request = sent(there.world, subject, path)
        signed = there.world.cookie(who) if by_session else there.world.headers(who)
        if key in ENDS:
            signed = await asyncio.to_thread(ending, there.world, who, by_session)
        headers = {**signed, **request.pop("headers", {})}
        return await there.world.client.request(method, address(path, subject, who), headers=headers, **request)

    found = list(names)
    return dict(zip(found, await asyncio.gather(*map(one, found)), strict=True))


def ending(world: World, who: str, by_session: bool) -> dict[str, str]:
    """What is good for once: a token or session of somebody else of the same kind, whom nothing else is asked of."""
    stand = STANDS[who]
    actor = world.account(stand.role, stand.agency_id)
    if not by_session:
        return {"Authorization": f"Bearer {world.token(actor)}"}
    account = world.accounts.get(actor.account_id)
    assert account is not None
    session = world.stack.site.signin.sessions.begin(account, None)
    return {"Cookie": f"__Host-tuntas={session.secret}", "X-CSRF-Token": csrf_of(session)}


def check_refused(key: Key, who: str, answer: httpx.Response, knows: bool) -> None:
    """403 to who knows that it is there, else 404; as a problem with its code."""
    status, codes = (403, FORBIDDEN) if knows else (404, ("not_found",))
    assert answer.status_code == status, (key, who, answer.status_code, answer.text)
    assert answer.json()["code"] in codes, (key, who, answer.text)


def check_served(key: Key, who: str, answer: httpx.Response) -> None:
    """A reading is shown; a command is taken, or refused for another reason than who gives it."""
    if key[0] == "GET":
        assert answer.status_code == 200, (key, who, answer.status_code, answer.text)
    else:
        assert answer.status_code < 500, (key, who, answer.text)
        assert answer.status_code not in UNSEEN, (key, who, answer.status_code, answer.text)


def check_silent(there: There, key: Key, access: Access, answers: Mapping[str, httpx.Response]) -> None:
    """No answer names a case to who does not know of it, its client to who does not read it, or a referral to who may
    take the case over."""
    of_log = key == ("GET", "/api/v1/access-log")
    for who, answer in answers.items():
        # What one asked oneself is told back: a page leads to itself, and refusals are in the access log.
        text = answer.text.replace(answer.request.url.path, "")
        unsaid = [there.shut.case_id, there.shut.number, *([] if of_log else there.shut.referrals.values())]
        unsaid += [there.case.case_id, there.case.number] if who not in access.names else []
        unsaid += there.case.referrals.values() if who in OFFERED and not of_log else []
        unsaid += [NAME] if who not in READS | DISCLOSED else []
        assert [mark for mark in unsaid if mark in text] == [], (key, who)


def ids(keys: Collection[Key]) -> list[str]:
    """Names of tests that are the same in every run."""
    return [f"{method} {path}" for method, path in keys]


SIGNED_IN = {key: access for key, access in ROUTES.items() if not access.public}


@pytest.mark.parametrize("key", SIGNED_IN, ids=ids(SIGNED_IN))
async def test_everybody_gets_what_the_matrix_says(there: There, key: Key) -> None:
    """Who may not is told so before anything else, and leaves nothing; then who may."""
    access = ROUTES[key]
    people = EVERYBODY - SYSTEMS if access.session else EVERYBODY
    before = there.world.rows() if key[0] in WRITES else {}
    refused = await asked(there, key, there.subject(key), people - access.may, access.session)
    after = there.world.rows() if key[0] in WRITES else {}
    served = await asked(there, key, there.subject(key), people & access.may, access.session)

    for who, answer in refused.items():
        check_refused(key, who, answer, who in access.knows)
    for who, answer in served.items():
        check_served(key, who, answer)
    check_silent(there, key, access, {**refused, **served})
    assert after == before


ABOUT = {
    key: access
    for key, access in SIGNED_IN.items()
    if key[0] + key[1] in [f"POST{path}" for path in IN_THE_BODY]
    or any(f"{{{name}}}" in key[1] for name in ABOUT_A_CASE)
}


@pytest.mark.parametrize("key", ABOUT, ids=ids(ABOUT))
async def test_an_exclusion_beats_every_stand(there: There, key: Key) -> None:
    """Whoever would be served otherwise is told that there is no such thing."""
    before = there.world.rows() if key[0] in WRITES else {}
    answers = await asked(there, key, there.shut, ABOUT[key].may)

    for who, answer in answers.items():
        check_refused(key, who, answer, knows=False)
        assert there.shut.number not in answer.text, (key, who)
        assert NAME not in answer.text, (key, who)
    assert (there.world.rows() if key[0] in WRITES else {}) == before


OVER = [("POST", f"/api/v1/referrals/{{referral_id}}/{step}") for step in ("answer", "progress", "result")]


@pytest.mark.parametrize("key", OVER, ids=ids(OVER))
async def test_a_referral_that_is_over_takes_no_answer(there: There, key: Key) -> None:
    """Its receiver still knows of it, and moves it no more."""
    before = there.world.rows()
    for who in ("expired", "revoked"):
        request = sent(there.world, there.case, key[1])
        body = {**request["json"], **({"kind": "police_report"} if key[1].endswith("progress") else {})}
        where = address(key[1], there.case, who)
        answer = await there.world.client.post(where, json=body, headers=there.world.headers(who))
        assert answer.status_code in (409, 422), (key, who, answer.text)
    assert there.world.rows() == before


@pytest.mark.parametrize(
    "path", sorted(path for method, path in ROUTES if method == "GET" and path.count("{") > 1), ids=lambda path: path
)
async def test_a_part_of_another_case_is_no_part_of_ones_own(there: There, path: str) -> None:
    """Each id is good only within the case that it is of."""
    own = {name: there.case.ids[name] for name in ("case_id", "notification_id")}
    mixed = Subject(there.case.case_id, ids={**there.shut.ids, **own}, referrals=there.case.referrals)
    answer = await there.world.client.get(address(path, mixed, "supervisor"), headers=there.world.headers("supervisor"))

    check_refused(("GET", path), "supervisor", answer, knows=False)


# ---- nobody


def doors(there: There) -> dict[str, dict[str, str]]:
    """What opens nothing: no token, one that was never given, one that was revoked, one of a disabled account."""
    world = there.world
    account = world.account(Role.SUPERVISOR, STANDS["supervisor"].agency_id)
    revoked, disabled = world.token(account), world.token(account)
    world.accounts.revoke_token(revoked)
    world.accounts.disable(account.account_id)
    given = {"never given": "a" * 43, "revoked": revoked, "disabled": disabled}
    return {"none": {}, **{name: {"Authorization": f"Bearer {token}"} for name, token in given.items()}}


BY_TOKEN = {key: access for key, access in SIGNED_IN.items() if not access.session}
ANY_TOKEN = (*ENDS, ("GET", "/api/v1/agencies"), ("GET", "/api/v1/pathways"), ("GET", "/api/v1/pathways/{category}"))


async def test_without_a_live_token_nothing_is_answered_on_any_route(there: There) -> None:
    """In the same words, whatever is asked of whichever case; nor with a token that is limited to something else."""
    before = there.world.rows()
    shut = doors(there)
    limited = {"Authorization": f"Bearer {there.world.token(there.world.people['supervisor'], ('reference:read',))}"}
    added = {**before, "accounts": before["accounts"] + 1, "tokens": before["tokens"] + 3}
    for key in BY_TOKEN:
        request = sent(there.world, there.case, key[1])
        own = request.pop("headers", {})
        where = address(key[1], there.case, "supervisor")
        for name, headers in shut.items():
            answer = await there.world.client.request(key[0], where, headers={**own, **headers}, **request)
            assert answer.status_code == 401, (key, name, answer.text)
            assert answer.json()["code"] == "unauthenticated"
        if key not in ANY_TOKEN:
            answer = await there.world.client.request(key[0], where, headers={**own, **limited}, **request)
            check_refused(key, "limited", answer, knows=True)
    assert there.world.rows() == added


NOT_ASKED = frozenset({"actor", "role", "opened_by", "reported_by_agency", "revision", "excluded_by", "subject_id"})
"""What a body would have to hold for its sender to become somebody else, or to make the case something else."""


async def test_no_body_says_more_than_it_is_asked(there: There) -> None:
    """On every route that takes one, a field beside those of its model is refused by name, and nothing is done."""
    before = there.world.rows()
    for key in BY_TOKEN:
        request = sent(there.world, there.case, key[1]) if key[0] in WRITES else {}
        for name in sorted(NOT_ASKED - request["json"].keys()) if "json" in request else ():
            body = {**request["json"], name: "supervisor"}
            headers = {**there.world.headers("supervisor"), **request.get("headers", {})}
            where = address(key[1], there.case, "supervisor")
            answer = await there.world.client.request(key[0], where, json=body, headers=headers)
            assert answer.status_code == 422, (key, name, answer.text)
            assert ("/" + name, "unknown_field") in [(e["pointer"], e["code"]) for e in answer.json()["errors"]], key
    assert there.world.rows() == before


# ---- pages


LOOKED_AT: Any = ()
"""The form of a page that is only looked at."""


@dataclass(frozen=True)
class Page:
    """A page of the matrix, with the form that it takes."""

    method: str
    path: str
    access: Access
    form: Any = None

    @property
    def about(self) -> bool:
        """Whether its address names something of a case."""
        return any(f"{{{name}}}" in self.path for name in ABOUT_A_CASE)


def pages() -> dict[str, Page]:
    """Every page, and of each form its own."""
    found = {f"{method} {path}": Page(method, path, access) for (method, path), access in PAGES.items()}
    for asks, row in BY_ASKING.items():
        access, fields = ROUTES[row.method, f"/api/v1{row.path}"], fields_of(row.body)
        place = next(each for each in FORMS if each.startswith(FORM_AT[row.subject]))
        path = place.replace("{asks}", asks)
        body = sent_as_form(fields, row.path)
        found[f"GET {path}"] = Page("GET", path, access, LOOKED_AT)
        found[f"POST {path}"] = Page("POST", path, access, body)
    return {name: page for name, page in found.items() if not page.access.public}


FORM_AT = {
    "case": "/cases/{case_id}/do",
    "hold": "/cases/{case_id}/holds",
    "referral": "/referrals/",
    "notification": "/notifications/",
}


def sent_as_form(fields: Any, path: str) -> list[tuple[str, str]]:
    """The body of a command, as a browser sends it."""
    nowhere: Any = None
    return form_of(fields, sent(nowhere, nowhere, f"/api/v1{path}")["json"]).multi_items()


EVERY_PAGE = pages()
BROWSING = EVERYBODY - SYSTEMS
BY_STATE = {("POST", "/referrals/{referral_id}/link"): (409,)}
"""What is refused to who may send it, for what is asked of here: the receiver of the referral has accounts."""
ASK_MORE = [("more", "x")]
"""A form that asks for one more row is shown again: whoever may send it is served, and nothing is done."""


async def browsed(there: There, page: Page, subject: Subject, names: Iterable[str], form: Any) -> dict[str, Any]:
    """The answers to some who open a page at once, or send its form."""

    async def one(who: str) -> httpx.Response:
        headers = there.world.cookie(who)
        where = address(page.path, subject, who)
        if page.method == "GET":
            return await there.world.client.get(where, headers=headers)
        fields = [("csrf", csrf_of(there.world.sessions[who])), *form]
        if page.path == "/sign-out":
            headers = await asyncio.to_thread(ending, there.world, who, True)
            fields = [("csrf", headers.pop("X-CSRF-Token"))]
        typed = {"Content-Type": "application/x-www-form-urlencoded"}
        return await there.world.client.post(where, content=urlencode(fields), headers={**headers, **typed})

    found = list(names)
    return dict(zip(found, await asyncio.gather(*map(one, found)), strict=True))


def check_page(page: Page, who: str, answer: httpx.Response) -> None:
    """The page, a form that is shown again, or the way to where one's work is; else a refusal."""
    told = (page.method, page.path, who, answer.status_code)
    if who in page.access.may:
        assert answer.status_code in BY_STATE.get((page.method, page.path), (200, 303, 422)), told
        assert page.path == "/sign-out" or answer.headers.get("location") != "/sign-in", told
    else:
        assert answer.status_code == (403 if who in page.access.knows else 404), told


@pytest.mark.parametrize("name", EVERY_PAGE, ids=list(EVERY_PAGE))
async def test_every_page_shows_what_the_matrix_says(there: There, name: str) -> None:
    """A form that may not be sent is not shown either, and sent all the same it leaves nothing."""
    page, access = EVERY_PAGE[name], EVERY_PAGE[name].access
    writes = page.method == "POST"
    before = there.world.rows() if writes else {}
    refused = await browsed(there, page, there.case, who_is_refused(page), page.form or [])
    closed = await browsed(there, page, there.shut, BROWSING & access.may if page.about else (), page.form or [])
    after = there.world.rows() if writes else {}
    served = await browsed(there, page, there.case, who_is_served(page), ASK_MORE if page.form is not None else [])

    for who, answer in {**refused, **served}.items():
        check_page(page, who, answer)
    assert {who: answer.status_code for who, answer in closed.items() if answer.status_code != 404} == {}
    check_silent(there, (page.method, page.path), access, {**refused, **served})
    assert after == before


def who_is_refused(page: Page) -> Names:
    """All of them; of those who ask for a form, one of each role and knowledge, for its command is the one that the API
    refuses to all. Who does not even know of a case sends its forms, which says more than to look at them."""
    asking = page.access.knows if page.form is LOOKED_AT else EVERYBODY
    refused = (BROWSING & asking) - page.access.may
    alike = {(STANDS[who].role, who in page.access.knows): who for who in sorted(refused)}
    return refused if page.form is None else frozenset(alike.values())


def who_is_served(page: Page) -> Names:
    """All of them; of who sends a form one of each role, for it is the form that they all have looked at."""
    may = BROWSING & page.access.may
    return frozenset({STANDS[who].role: who for who in sorted(may)}.values()) if page.form else may


async def test_without_a_session_every_page_leads_to_the_door(there: There) -> None:
    """Without one, with one that has ended, and with a token of the API in its place."""
    ended = await asyncio.to_thread(ending, there.world, "supervisor", True)
    there.world.stack.site.signin.sessions.end(ended["Cookie"].partition("=")[2])
    token = {"Cookie": f"__Host-tuntas={there.world.tokens['supervisor']}"}
    for page in EVERY_PAGE.values():
        for headers in ({}, {"Cookie": ended["Cookie"]}, token, there.world.headers("supervisor")):
            where = address(page.path, there.case, "supervisor")
            answer = await there.world.client.request(page.method, where, headers=headers)
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), page
    for method, path in (("GET", "/session"), ("DELETE", "/session")):
        assert (await there.world.client.request(method, path, headers=token)).status_code == 401


BY_A_LINK = [key for key, access in PAGES.items() if access is BY_LINK]


@pytest.mark.parametrize("key", BY_A_LINK, ids=ids(BY_A_LINK))
async def test_nobody_who_signs_in_gets_what_a_link_opens(there: There, key: Key) -> None:
    """Neither by a session, nor by one in the place of what a link gives, nor by a token."""
    before, bodies = there.world.rows(), set()
    where = key[1].replace("{asks}", "answer")
    for who in BROWSING:
        session = there.world.cookie(who)
        instead = {"Cookie": session["Cookie"].replace(COOKIE, LINK_COOKIE)}
        for headers in (session, instead, there.world.headers(who)):
            answer = await there.world.client.request(key[0], where, headers=headers)
            assert answer.status_code == 404, (key, who)
            bodies.add(answer.text)
    assert (len(bodies), there.world.rows()) == (1, before)


async def test_without_the_token_of_its_session_no_form_is_taken(there: There) -> None:
    """Nor with that of somebody else's."""
    before = there.world.rows()
    where = there.world.cookie("supervisor")
    for page in EVERY_PAGE.values():
        if page.method == "POST":
            for csrf in ("", csrf_of(there.world.sessions["head"])):
                file = {"files": {"file": ("catatan.txt", b"x")}} if page.path.endswith("/documents") else {}
                form: Any = {"data": {"csrf": csrf}, **file}
                at = address(page.path, there.case, "supervisor")
                answer = await there.world.client.post(at, headers=where, **form)
                assert answer.status_code == 403, page
    assert there.world.rows() == before
