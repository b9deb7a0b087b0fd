"""A stand-in for the API: gives the answers it was told, and keeps what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class StubApi:
    """Answers by `METHOD /path?query`; everything else is 404."""

    url: str
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def stub_api() -> Iterator[StubApi]:
    """The stand-in on a port of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.api = StubApi(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.api  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Keeps and answers."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the library's
        """Nothing: the tests look at what was asked."""

    def do_PUT(self) -> None:
        self._answer()

    def _body(self, content: bytes) -> Any:
        """JSON as what it says; a form as it came."""
        form = self.headers.get("Content-Type", "").startswith("multipart/")
        return content if form else json.loads(content) if content else None

    def _answer(self) -> None:
        api: StubApi = self.server.api  # type: ignore[attr-defined]
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.removeprefix("/api/v1")
        api.asked.append(Asked(self.command, path, dict(self.headers), self._body(content)))
        missing = (404, {"code": "not_found", "detail": "There is no such case."})
        status, body = api.answers.get(f"{self.command} {path}", missing)
        sent = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)
