"""Signing in with another provider: OpenID Connect, authorization code with PKCE (RFC 7636).

One provider, named in the settings, is asked. What it says counts only where it is signed by its own keys, meant for
us, an answer to this browser's own request, and of now. Every method asks the provider and may block.
"""

import base64
import hmac
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx
import structlog
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from casework.errors import ProviderUnavailableError, UnauthenticatedError

log = structlog.get_logger()
ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]
"""Signatures of a provider's own key. One with a shared secret, or with none, is not a signature of anybody."""
LEEWAY = 60
SECONDS = 10.0
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Flow:
    """One way to the provider and back. All that others must not know follows from one secret of the browser's."""

    secret: str = field(repr=False)

    @cached_property
    def state(self) -> str:
        """Comes back with the answer: it was asked for by this browser."""
        return self._derive(b"state")

    @cached_property
    def nonce(self) -> str:
        """Stands in the provider's word: it was given for this time and no other."""
        return self._derive(b"nonce")

    @cached_property
    def verifier(self) -> str:
        """Shown for the code: whoever steals the code alone has nothing."""
        return self._derive(b"verifier")

    def _derive(self, purpose: bytes) -> str:
        return base64.urlsafe_b64encode(hmac.digest(self.secret.encode(), purpose, "sha256")).decode().rstrip("=")


@dataclass(frozen=True)
class Identity:
    """Who the provider says it is, and how it made sure."""

    issuer: str
    subject: str
    methods: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Provider:
    """The provider of the settings, by its issuer; raises ValueError for one that is not asked over TLS."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    now: Callable[[], datetime]

    def __post_init__(self) -> None:
        if not self._is_safe(self.issuer):
            raise ValueError("TUNTAS_OIDC_ISSUER is an https address")

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context(trust_env=False)  # slow to make

    def address(self, flow: Flow) -> str:
        """Where the browser is sent to."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": create_s256_code_challenge(flow.verifier),
            "code_challenge_method": "S256",
        }
        endpoint = self._endpoint(self._discovered(), "authorization_endpoint")
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    def identity(self, flow: Flow, code: str) -> Identity:
        """Who comes back with a code; raises UnauthenticatedError for anything that cannot be trusted whole."""
        metadata = self._discovered()
        answer = self._token(metadata, flow, code)
        keys = self._json("GET", self._endpoint(metadata, "jwks_uri"))
        try:
            claims = self._claims(str(answer["id_token"]), keys, flow, answer.get("access_token"))
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _refused(type(error).__name__) from None
        methods = claims.get("amr") or ()
        return Identity(self.issuer, str(claims["sub"]), frozenset(str(each) for each in methods))

    def _claims(self, id_token: str, keys: Any, flow: Flow, access_token: Any) -> dict[str, Any]:
        token = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=ALGORITHMS)
        wanted = {name: {"essential": True, "value": value} for name, value in self._expected(flow).items()}
        params = {"nonce": flow.nonce, "client_id": self.client_id, "access_token": access_token}
        claims = CodeIDToken(token.claims, token.header, wanted, params)
        claims.validate(int(self.now().timestamp()), LEEWAY)
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise ValueError("no subject")
        return dict(claims)

    def _expected(self, flow: Flow) -> dict[str, str]:
        return {"iss": self.issuer, "aud": self.client_id, "nonce": flow.nonce}

    def _token(self, metadata: dict[str, Any], flow: Flow, code: str) -> dict[str, Any]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri}
        auth = httpx.BasicAuth(quote_plus(self.client_id), quote_plus(self.client_secret))
        data = {**form, "code_verifier": flow.verifier}
        return self._json("POST", self._endpoint(metadata, "token_endpoint"), data=data, auth=auth)

    def _discovered(self) -> dict[str, Any]:
        metadata = self._json("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if metadata.get("issuer") != self.issuer:
            raise _refused("another_issuer")
        return metadata

    def _endpoint(self, metadata: dict[str, Any], name: str) -> str:
        endpoint = str(metadata.get(name))
        if not self._is_safe(endpoint):
            raise _refused("endpoint_not_https")
        return endpoint

    def _is_safe(self, address: str) -> bool:
        """Over TLS, or on this machine for who develops there."""
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL:
            return False
        return bool(url.host) and (url.scheme == "https" or (url.scheme == "http" and url.host in LOCAL))

    def _json(self, method: str, address: str, **request: Any) -> dict[str, Any]:
        try:
            with httpx.Client(verify=self._tls, timeout=SECONDS, trust_env=False, follow_redirects=False) as client:
                answer = client.request(method, address, **request)
            content = answer.json() if answer.is_success else None
        except (httpx.HTTPError, ValueError):
            content, answer = None, None
        if answer is None or answer.is_server_error:
            raise ProviderUnavailableError("The other provider does not answer. Try again, or sign in with a password.")
        if not isinstance(content, dict):
            raise _refused("no_answer")
        return content


def _refused(reason: str) -> UnauthenticatedError:
    log.warning("provider_refused", reason=reason)
    return UnauthenticatedError("The other provider's answer cannot be trusted. Begin again.")
