"""A provider of OpenID Connect for tests: a real server with real signatures, which can be made to misbehave."""

import base64
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID = "tuntas di kantor"
CLIENT_SECRET = "rahasia+dengan/tanda:baca"
REDIRECT_URI = "https://test/session/provider/callback"


@dataclass
class Misbehaviour:
    """What it does otherwise than it should."""

    claims: dict[str, Any] = field(default_factory=dict)
    """Of the identity token; None leaves one out."""
    metadata: dict[str, Any] = field(default_factory=dict)
    key: RSAKey | None = None
    """Signs instead of its own."""
    rewrite: Callable[[str], str] = lambda token: token
    """What becomes of the signed token."""
    status: int | None = None
    """Of every answer."""


class OpenIDProvider(ThreadingHTTPServer):
    """Signs in whoever is its `subject`, without asking."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.now = now
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.key = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
        self.subject = "248289761001"
        self.wrong = Misbehaviour()
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []

    def metadata(self) -> dict[str, Any]:
        """What it says of itself."""
        own = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return {**own, **self.wrong.metadata}

    def authorized(self, asked: dict[str, str]) -> str:
        """Where a browser is sent back to."""
        assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT_ID, REDIRECT_URI)
        assert (asked["response_type"], asked["scope"], asked["code_challenge_method"]) == ("code", "openid", "S256")
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**asked, "subject": self.subject}
        return f"{REDIRECT_URI}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    def token(self, form: dict[str, str], credentials: tuple[str, str]) -> dict[str, Any] | None:
        """The answer to a code, which is good once; None where something is not as it must be."""
        given = self.codes.pop(form.get("code", ""), None)
        if given is None or credentials != (CLIENT_ID, CLIENT_SECRET) or form["redirect_uri"] != REDIRECT_URI:
            return None
        if create_s256_code_challenge(form.get("code_verifier", "")) != given["code_challenge"]:
            return None
        now = int(self.now().timestamp())
        own = {"iss": self.issuer, "sub": given["subject"], "aud": CLIENT_ID, "iat": now, "exp": now + 300}
        claims = {**own, "nonce": given["nonce"], **self.wrong.claims}
        signed = jwt.encode(
            {"alg": "RS256", "kid": "one"},
            {name: value for name, value in claims.items() if value is not None},
            self.wrong.key or self.key,
        )
        return {"access_token": "at", "token_type": "Bearer", "id_token": self.wrong.rewrite(signed)}


class Answering(BaseHTTPRequestHandler):
    server: OpenIDProvider

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        self.server.asked.append(address.path)
        if address.path == "/authorize":
            self.send_response(302)
            self.send_header("Location", self.server.authorized(_flat(address.query)))
            self.end_headers()
        elif address.path == "/keys":
            self._json(KeySet([self.server.key]).as_dict(private=False))
        else:
            self._json(self.server.metadata())

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        form = _flat(self.rfile.read(int(self.headers["content-length"])).decode())
        basic = base64.b64decode(self.headers.get("authorization", "").removeprefix("Basic ")).decode()
        name, _, secret = basic.partition(":")
        answer = self.server.token(form, (unquote_plus(name), unquote_plus(secret)))
        self._json(answer or {"error": "invalid_grant"}, 200 if answer else 400)

    def _json(self, content: Any, status: int = 200) -> None:
        self.send_response(self.server.wrong.status or status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


@contextmanager
def provider(now: Callable[[], datetime]) -> Iterator[OpenIDProvider]:
    """A provider that runs."""
    with OpenIDProvider(now) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)
