"""The API at TUNTAS_URL, asked as the account of TUNTAS_TOKEN."""

import os
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote

import httpx

from starter.cli.failures import Away, BadUsage, Failure, Refused, of_problem

BASE = "/api/v1"
HERE = frozenset({"127.0.0.1", "localhost", "::1"})


class Api:
    """One connection to the API; use it as a context manager."""

    def __init__(self, url: str, token: str | None) -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            parsed = httpx.URL("")
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise BadUsage(f"TUNTAS_URL is no http address: {url}")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # A proxy of the shell does not know this machine's own ports.
        trust = parsed.host not in HERE
        self._client = httpx.Client(base_url=parsed, headers=headers, timeout=30.0, trust_env=trust)
        self._url = url

    @classmethod
    def of_environment(cls, *, signed_in: bool = True) -> Self:
        """The API the environment names; without a token only signing in is possible."""
        token = os.environ.get("TUNTAS_TOKEN")
        if signed_in and not token:
            raise BadUsage("TUNTAS_TOKEN is not set.", ("export TUNTAS_TOKEN=$(tuntas login USERNAME)",))
        return cls(os.environ.get("TUNTAS_URL", "http://127.0.0.1:8000"), token if signed_in else None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, **query: str) -> Any:
        """The answer to a reading request."""
        return self.ask("GET", path, params=query)

    def save(self, path: str, file: IO[bytes], **query: str) -> None:
        """Write a file of the API, piece by piece; raises the failure that a refusal or a silent server is."""
        try:
            with self._client.stream("GET", f"{BASE}{path}", params=query) as answer:
                if not answer.is_success:
                    answer.read()
                    raise _failure(answer)
                for piece in answer.iter_bytes():
                    file.write(piece)
        except httpx.TransportError:
            raise self._silent() from None

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """The answer as JSON; raises the failure that a refusal or a silent server is."""
        try:
            answer = self._client.request(method, f"{BASE}{path}", **request)
        except httpx.TransportError:
            raise self._silent() from None
        if answer.is_success:
            return _json(answer) if answer.content else None
        raise _failure(answer)

    def _silent(self) -> Away:
        return Away(f"{self._url} does not answer. Is Tuntas running (`tuntas up`)?")

    def case_id(self, case: str) -> str:
        """The id of a case named by its id or its number."""
        if not _numberlike(case):
            return quote(case, safe="")
        found = self.get("/cases", number=case).get("items") or []
        if not found:
            raise Refused(f"not_found: there is no case {case} that you may see.")
        return str(found[0]["id"])


def _numberlike(case: str) -> bool:
    """Whether it is meant as a case number; one that cannot be right is bad usage."""
    from casework.ids import is_case_number

    if is_case_number(case):
        return True
    parts = case.rsplit("-", 3)
    if len(parts) == 4 and parts[0].isalpha() and all(part.isdecimal() for part in parts[1:]):
        raise BadUsage(f"{case} is no case number: its check digit is another.")
    return False


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise Away(f"{answer.request.url.host} answered with something else than JSON; is it Tuntas?") from None


def _failure(answer: httpx.Response) -> Failure:
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    failure = of_problem(answer.status_code, problem if isinstance(problem, dict) else {})
    if wait := answer.headers.get("Retry-After"):
        failure.lines = (*failure.lines, f"try again in {wait} s")
    return failure
