"""Asking over HTTP with canaries in every header, and asking wrongly on every route that there is."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.routing import BaseRoute, Route

from casework.models.people import Actor
from casework.signin.ports import Session
from tests.canaries import Cage
from tests.stack import Stack
from web.sessions import COOKIE, csrf_of

Operation = tuple[str, str]
"""A method and an address as the routes have it."""

CLEAR = {"reference", "subdistrict", "scope", "client_id", "username"}
"""Texts that are no person's: numbers of letters, what figures are counted by, names of accounts."""
TOO_SHORT = {("POST", "/api/v1/second-factor/confirmation", "/otp")}
"""Six digits stand anywhere."""
PUBLIC = {("POST", "/api/v1/outreach", at) for at in ("/title", "/place", "/promises/-/what")}
"""What is said of an activity that everybody could come to, and of no case."""


@dataclass
class Asking:
    """Asks the served API; keeps which texts of which bodies were marked, and what refusals and headers say."""

    stack: Stack
    cage: Cage
    client: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    answered: set[Operation] = field(default_factory=set)
    marked: set[tuple[str, str, str]] = field(default_factory=set)
    refusals: list[bytes] = field(default_factory=list)
    headers: list[bytes] = field(default_factory=list)

    def bearer(self, actor: Actor) -> dict[str, str]:
        """A token of an account, made once."""
        if actor.account_id not in self.tokens:
            token, _ = self.stack.outside.accounts.issue_token(actor.account_id, 600)
            self.tokens[actor.account_id] = self.cage.keep(token)
        return {"Authorization": f"Bearer {self.tokens[actor.account_id]}"}

    async def ask(
        self,
        by: Actor | None,
        method: str,
        template: str,
        ids: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **request: Any,
    ) -> httpx.Response:
        """One request, its headers marked."""
        word, given = self.cage.word, self.bearer(by) if by else {}
        marked = {name: word() for name in ("User-Agent", "Referer", "X-Request-Id", "X-Forwarded-For", "Forwarded")}
        marked |= {"Idempotency-Key": word(), "Cookie": f"{word()}={word()}", **given, **(headers or {})}
        answer = await self.client.request(method, filled(template, ids or {}), headers=marked, **request)
        self.headers.append(header_bytes(answer))
        if answer.status_code >= 400:
            self.refusals.append(answer.content)
        else:
            self.answered.add((method, template))
            body = request.get("json") or request.get("data") or {}
            self.marked |= {(method, template, at) for at in self._pointers(body)}
        return answer

    async def visit(
        self, by: Actor, method: str, template: str, ids: Mapping[str, str] | None = None, **form: Any
    ) -> httpx.Response:
        """One page, or one form of ours that is sent from it, by somebody at a browser."""
        session = self.sessions.get(by.account_id) or self._begun(by)
        files, fields = form.pop("files", None), {"csrf": csrf_of(session), **form}
        sent = {"data": fields, "files": files} if method == "POST" else {}
        return await self.ask(None, method, template, ids, headers={"Cookie": f"{COOKIE}={session.secret}"}, **sent)

    def _begun(self, by: Actor) -> Session:
        outside = self.stack.outside
        account = outside.accounts.get(by.account_id)
        assert account is not None
        session = self.sessions[by.account_id] = self.stack.site.signin.sessions.begin(account, None)
        self.cage.keep(session.secret)
        return session

    def _pointers(self, body: Any, at: str = "") -> Iterator[str]:
        if isinstance(body, str) and any(word in body for word in self.cage.words):
            yield at
        for name, value in body.items() if isinstance(body, dict) else []:
            yield from self._pointers(value, f"{at}/{name}")
        for value in body if isinstance(body, list) else []:
            yield from self._pointers(value, f"{at}/-")


def filled(template: str, ids: Mapping[str, str]) -> str:
    """An address with its names filled."""
    return re.sub(r"{(\w+)(:\w+)?}", lambda found: ids[found[1]], template)


def header_bytes(answer: httpx.Response) -> bytes:
    """The headers of an answer, but for the cookie that it gives out."""
    return b"\n".join(name + b": " + value for name, value in answer.headers.raw if name.lower() != b"set-cookie")


# ---- what there is to ask


def texts_of(document: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    """Every free text that the API takes, by method, address and pointer: what is no code, no id and no time."""
    schemas = document["components"]["schemas"]
    return (
        {
            (method.upper(), path, at)
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
            for content in operation.get("requestBody", {}).get("content", {}).values()
            for at in _texts(schemas, content["schema"], "")
            if at.rpartition("/")[2] not in CLEAR
        }
        - TOO_SHORT
        - PUBLIC
    )


def _texts(schemas: Mapping[str, Any], schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    for name in ("anyOf", "allOf", "oneOf"):
        for each in schema.get(name, ()):
            yield from _texts(schemas, each, at)
    for name, each in schema.get("properties", {}).items():
        yield from _texts(schemas, each, f"{at}/{name}")
    if schema.get("type") == "array":
        yield from _texts(schemas, schema["items"], f"{at}/-")
    bound = {"enum", "const", "format"} & schema.keys() or schema.get("pattern", "").startswith("^")
    if schema.get("type") == "string" and not bound:
        yield at


def operations(routes: list[BaseRoute]) -> set[Operation]:
    """Every method and address that is served."""
    served = {(method, each.path) for each in routes if isinstance(each, Route) for method in each.methods or ()}
    return {(method, path) for method, path in served if method != "HEAD"}


# ---- asking wrongly


async def ask_wrongly(asking: Asking, by: Actor, asked: Operation, known: Mapping[str, str]) -> None:
    """With a canary in the address, behind it, and as, in and around the body: as who may and as nobody.

    What a field is called is shown to who sent it, if it can be one of ours; so these cannot.
    """
    method, template = asked
    word = asking.cage.word
    names = re.findall(r"{(\w+)", template)
    queried = {f"{word()} nama": word(), "number": word()}
    ids = {name: known.get(name, "nowhere") for name in names}
    await asking.ask(by, method, template, {name: word() for name in names}, params=queried)
    await asking.ask(None, method, template, ids, headers={"Authorization": f"Bearer {word()}", "If-Match": word()})
    if method in ("GET", "DELETE"):
        if names:
            await asking.ask(by, method, template, ids, params=queried)
        return
    for body in wrong_json(asking.cage) if template.startswith("/api") else wrong_forms(asking.cage):
        await asking.ask(by, method, template, ids, **body)
    if template.endswith("/documents"):
        await asking.ask(by, method, template, ids, **wrong_forms(asking.cage)[0])


def wrong_json(cage: Cage) -> list[dict[str, Any]]:
    """Of other fields, and none at all."""
    word = cage.word
    fields = {f"{word()} nama": word(), "kind": word(), "reason": {f"{word()} nama": word()}, "note": [word()]}
    broken = f'{{"{word()}": {word()}'.encode()
    return [{"json": fields}, {"content": broken, "headers": {"Content-Type": "application/json"}}]


def wrong_forms(cage: Cage) -> list[dict[str, Any]]:
    """With a file and without."""
    word = cage.word
    file = (word(), word().encode(), f"text/{word()}")
    fields = {f"{word()} nama": word(), "csrf": word(), "grant_type": word(), "client_secret": word()}
    return [{"files": {"file": file}, "data": {"kind": word(), word(): word()}}, {"data": fields}]
