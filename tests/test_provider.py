"""Signing in with another provider: a real one, and everything that must not get anybody in."""

import base64
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from structlog.testing import capture_logs

from casework.models.people import Account, Role
from casework.signin.provider import Flow, Provider
from tests.entrance import PASSWORD, Entrance, entrance
from tests.provider import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, Misbehaviour, OpenIDProvider, provider
from tests.test_api_errors import is_problem
from web.app import create_app
from web.provider import BACK, FLOW_COOKIE, START
from web.sessions import COOKIE

BROWSER = httpx.Client(trust_env=False)
STRANGER = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)


@dataclass
class Office:
    """A way in with a provider beside it."""

    door: Entrance
    at: OpenIDProvider

    def __post_init__(self) -> None:
        asked = Provider(self.at.issuer, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, self.door.time)
        self.door.app = create_app(replace(self.door.site, provider=asked))

    def linked(self, role: Role = Role.SUPERVISOR, agency_id: str = "dinas-pppappkb") -> Account:
        """An account that the provider's next subject is."""
        account = self.door.account(role, agency_id)
        self.at.subject = account.username[::-1]
        self.door.identities.link(self.at.issuer, self.at.subject, account.id)
        return account


@pytest.fixture(scope="module")
def shared() -> Iterator[Office]:
    with entrance() as door, provider(door.time) as at:
        yield Office(door, at)


@pytest.fixture
def office(shared: Office) -> Office:
    """A day later than for the test before, with a provider that behaves."""
    shared.door.time.on(days=2)
    shared.at.wrong = Misbehaviour()
    return shared


def at_provider(address: str) -> str:
    """What the browser does there: where it is sent back to."""
    answer = BROWSER.get(address)
    assert answer.status_code == 302
    return answer.headers["location"]


async def there(client: httpx.AsyncClient) -> str:
    """To the provider, and where that sends the browser back to."""
    away = await client.get(START)
    assert away.status_code == 303
    return at_provider(away.headers["location"])


async def test_who_is_linked_gets_a_session(office: Office) -> None:
    """Under a new id; the cookie of the way is gone, and neither code nor secret is logged."""
    mine = office.linked()
    before = office.door.signin.sessions.begin(mine)
    with capture_logs() as lines:
        async with office.door.browser() as client:
            back = await there(client)
            answer = await client.get(back, headers=cookies(client, {COOKIE: before.secret}))
            shown = await client.get("/session")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert shown.json()["account"]["id"] == mine.id
    assert office.door.signin.sessions.of(before.secret) is None
    assert FLOW_COOKIE not in client.cookies
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert code not in str(lines)
    assert [line["account_id"] for line in lines if line["event"] == "signed_in"] == [mine.id]


def cookies(client: httpx.AsyncClient, more: dict[str, str] | None = None) -> dict[str, str]:
    """The cookies of a browser now, and others that it was given."""
    kept = {**dict(client.cookies), **(more or {})}
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in kept.items())}


async def test_what_is_sent_away_tells_nothing_and_the_cookie_is_the_browsers(office: Office) -> None:
    """The verifier stays here; state and nonce are of this way alone."""
    async with office.door.browser() as client, office.door.browser() as other:
        away, others = await client.get(START), await other.get(START)
        secret = client.cookies[FLOW_COOKIE]

    asked = parse_qs(urlsplit(away.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert Flow(secret).verifier not in away.headers["location"]
    assert secret not in away.headers["location"]
    theirs = parse_qs(urlsplit(others.headers["location"]).query)
    assert all(asked[name] != theirs[name] for name in ("state", "nonce", "code_challenge"))
    attributes = {each.lower() for each in away.headers["set-cookie"].split("; ")[1:]}
    assert attributes == {"path=/", "secure", "httponly", "samesite=lax", "max-age=600"}


async def refused(office: Office, code: str = "unauthenticated", status: int = 401) -> dict[str, Any]:
    """The whole way, at whose end nobody is signed in."""
    async with office.door.browser() as client:
        answer = await client.get(await there(client))

        told = is_problem(answer, status, code)
        assert COOKIE not in client.cookies
        assert (await client.get("/session")).status_code == 401
    return told


@pytest.mark.parametrize(
    "claims",
    [
        *({"iss": "https://evil.example"}, {"iss": None}, {"aud": "another client"}, {"aud": None}),
        *({"aud": [CLIENT_ID, "another"]}, {"aud": [CLIENT_ID, "another"], "azp": "another"}),
        *({"nonce": "of another time"}, {"nonce": None}, {"nonce": ""}),
        *({"exp": 1}, {"exp": None}, {"iat": 10**10}, {"nbf": 10**10}, {"iat": None}),
        *({"sub": None}, {"sub": ""}, {"sub": 7}, {"at_hash": "AAAA"}, {"amr": "mfa"}),
    ],
    ids=str,
)
async def test_a_word_that_is_not_for_us_and_not_of_now_gets_nobody_in(office: Office, claims: dict[str, Any]) -> None:
    """Although it is signed."""
    office.linked()
    office.at.wrong = Misbehaviour(claims=claims)

    await refused(office)


def unsigned(token: str) -> str:
    """The same claims, by nobody."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    return f"{head}.{token.split('.')[1]}."


def shared_secret(token: str) -> str:
    """The same claims, signed with what client and provider both know."""
    claims = jwt.decode(token, KEYS["one"]).claims
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET))


def public_key_as_secret(token: str) -> str:
    """The same claims, signed with the public key as if it were a secret."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "one"}).encode()).decode().rstrip("=")
    signed = f"{head}.{token.split('.')[1]}"
    mac = hmac.digest(KEYS["one"].as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def tampered(token: str) -> str:
    """Another subject under the same signature."""
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "admin"}).encode()).decode().rstrip("=")
    return f"{head}.{changed}.{signature}"


KEYS: dict[str, RSAKey] = {}


@pytest.mark.filterwarnings("ignore:::joserfc")
@pytest.mark.parametrize(
    "rewrite", [unsigned, shared_secret, public_key_as_secret, tampered, lambda _: "x.y.z", lambda _: ""]
)
async def test_a_word_that_the_provider_did_not_sign_gets_nobody_in(office: Office, rewrite: Any) -> None:
    """However it is made to look like one."""
    office.linked()
    KEYS["one"] = office.at.key
    office.at.wrong = Misbehaviour(rewrite=rewrite)

    await refused(office)


async def test_a_word_signed_by_somebody_else_gets_nobody_in(office: Office) -> None:
    """With a key that calls itself the same."""
    office.linked()
    office.at.wrong = Misbehaviour(key=STRANGER)

    await refused(office)


@pytest.mark.parametrize("metadata", [{"issuer": "https://evil.example"}, {"issuer": None}])
async def test_another_issuer_than_the_settings_name_is_not_asked(office: Office, metadata: dict[str, Any]) -> None:
    """Whatever answers at its address."""
    office.linked()
    office.at.wrong = Misbehaviour(metadata=metadata)

    async with office.door.browser() as client:
        is_problem(await client.get(START), 401, "unauthenticated")


async def test_an_endpoint_in_the_clear_is_not_asked(office: Office) -> None:
    """The code and our secret would be sent there."""
    office.linked()
    async with office.door.browser() as client:
        back = await there(client)
        office.at.wrong = Misbehaviour(metadata={"token_endpoint": "http://provider.example/token"})
        is_problem(await client.get(back), 401, "unauthenticated")


async def test_an_answer_that_this_browser_did_not_ask_for_gets_nobody_in(office: Office) -> None:
    """Sent to a victim, it would sign them in as the thief; stolen from one, the thief as them."""
    office.linked()
    async with office.door.browser() as thief, office.door.browser() as victim, office.door.browser() as nobody:
        back = await there(thief)
        await victim.get(START)
        count = len(office.at.asked)

        for client in (victim, nobody):
            is_problem(await client.get(back), 401, "unauthenticated")
        assert office.at.asked[count:] == []
        assert (await thief.get(back)).status_code == 303


@pytest.mark.parametrize("change", [{"state": ""}, {"state": "x"}, {"code": ""}, {"iss": "https://evil.example"}])
async def test_an_answer_that_was_changed_gets_nobody_in(office: Office, change: dict[str, str]) -> None:
    """Nor does one in which the provider refuses."""
    office.linked()
    async with office.door.browser() as client:
        told = {name: values[0] for name, values in parse_qs(urlsplit(await there(client)).query).items()}
        for query in ({**told, **change}, {"error": "access_denied", "state": told["state"]}):
            is_problem(await client.get(BACK, params=query), 401, "unauthenticated")


async def test_a_code_opens_once_and_to_who_asked_for_it(office: Office) -> None:
    """A stolen code needs the verifier, which never left the browser's cookie."""
    office.linked()
    async with office.door.browser() as client:
        back = await there(client)
        stolen = parse_qs(urlsplit(back).query)["code"][0]
        async with office.door.browser() as thief:
            own = parse_qs(urlsplit(await there(thief)).query)
            answer = await thief.get(BACK, params={"code": stolen, "state": own["state"][0]})
            is_problem(answer, 401, "unauthenticated")

    async with office.door.browser() as client:
        back = await there(client)
        kept = cookies(client)
        assert (await client.get(back)).status_code == 303
        is_problem(await client.get(back, headers=kept), 401, "unauthenticated")


async def test_nobody_gets_an_account_by_having_an_identity(office: Office) -> None:
    """Nor by a name that is an account's."""
    mine = office.door.account()
    for subject in ("unknown", mine.username, mine.id):
        office.at.subject = subject
        await refused(office)


@pytest.mark.parametrize("end", ["disabled", "unlinked", "system"])
async def test_an_account_that_may_not_come_in_does_not_come_in_by_here(office: Office, end: str) -> None:
    """And what was open is closed."""
    mine = office.linked(Role.SYSTEM if end == "system" else Role.SUPERVISOR)
    session = office.door.signin.sessions.begin(mine)
    if end == "disabled":
        office.door.accounts.disable(mine.id)
    if end == "unlinked":
        office.door.identities.unlink(mine.id)

    await refused(office)

    assert end == "system" or office.door.signin.sessions.of(session.secret) is None


async def test_an_identity_is_one_accounts(office: Office) -> None:
    """Linking it again changes nothing; to another account it is refused. Another issuer's is another identity."""
    mine, other = office.linked(), office.door.account()
    office.door.identities.link(office.at.issuer, office.at.subject, mine.id)

    with pytest.raises(Exception, match="another account"):
        office.door.identities.link(office.at.issuer, office.at.subject, other.id)
    assert office.door.identities.account_of(office.at.issuer, office.at.subject) == mine
    assert office.door.identities.account_of("https://another.example", office.at.subject) is None


async def test_an_office_that_asks_for_two_factors_gets_two(office: Office) -> None:
    """The provider must say that it asked for them."""
    office.door.factors.require("bapas", required=True)
    office.linked(Role.AGENCY_OFFICER, "bapas")
    office.at.wrong = Misbehaviour(claims={"amr": ["pwd"]})
    await refused(office, "second_factor_required")

    office.at.wrong = Misbehaviour(claims={"amr": ["pwd", "otp", "mfa"]})
    async with office.door.browser() as client:
        assert (await client.get(await there(client))).status_code == 303


@pytest.mark.parametrize("status", [500, 503])
async def test_a_provider_that_is_away_is_told_as_such(office: Office, status: int) -> None:
    """On the way there and on the way back; signing in with a password goes on."""
    mine = office.linked()
    async with office.door.browser() as client:
        back = await there(client)
        office.at.wrong = Misbehaviour(status=status)
        for path in (START, back):
            assert is_problem(await client.get(path), 503, "provider_unavailable")

    assert (await office.door.sign_in(mine.username, PASSWORD)).status_code == 200


@pytest.mark.parametrize("issuer", ["http://provider.example", "ftp://127.0.0.1", "provider.example", ""])
def test_a_provider_in_the_clear_is_not_set_up(issuer: str) -> None:
    """A process that names one does not start."""
    with pytest.raises(ValueError, match="https"):
        Provider(issuer, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, lambda: NotImplemented)


async def test_without_a_provider_the_way_is_not_there() -> None:
    """404."""
    from tests.api_fakes import web

    for path in (START, BACK):
        is_problem(await web().get(None, path), 404, "not_found")
