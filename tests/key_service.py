"""A small key service on this machine that speaks the transit interface: it really seals, under versions of a key."""

import base64
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from casework.vault.errors import VaultError
from casework.vault.sealing import new_key, open_sealed, seal


class KeyService(ThreadingHTTPServer):
    """Named `tuntas`, with a token that it insists on; it can be made to be away."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.versions = [new_key()]
        self.token = secrets.token_hex(8)
        self.away = False
        self.seen: list[str] = []

    @property
    def address(self) -> str:
        """Where its key is."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1/transit/keys/tuntas"

    def answer(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        """What the interface answers."""
        aad = base64.b64decode(body.get("associated_data", ""))
        match path:
            case "/v1/transit/keys/tuntas":
                return {"latest_version": len(self.versions)}
            case "/v1/transit/encrypt/tuntas":
                sealed = seal(self.versions[-1], base64.b64decode(body["plaintext"]), aad)
                return {"ciphertext": f"vault:v{len(self.versions)}:{base64.b64encode(sealed).decode()}"}
            case "/v1/transit/decrypt/tuntas":
                _, version, sealed_text = body["ciphertext"].split(":")
                opened = open_sealed(self.versions[int(version[1:]) - 1], base64.b64decode(sealed_text), aad)
                return {"plaintext": base64.b64encode(opened).decode()}
        raise VaultError(path)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: KeyService

    def do_GET(self) -> None:
        self._reply({})

    def do_POST(self) -> None:
        self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the library's
        """Say nothing."""

    def _reply(self, body: dict[str, str]) -> None:
        self.server.seen.append(self.path)
        try:
            status, answer = 200, self.server.answer(self.path, body)
        except VaultError:
            status, answer = 400, {}
        if self.headers["X-Vault-Token"] != self.server.token:
            status, answer = 403, {}
        if self.server.away:
            status, answer = 503, {}
        content = json.dumps({"data": answer} if status == 200 else {"errors": []}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def key_service(folder: Path) -> Iterator[tuple[KeyService, Path]]:
    """A running one, and the file with its token."""
    service = KeyService()
    token = folder / "token"
    token.write_text(service.token + "\n")
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield service, token
    finally:
        service.shutdown()
        thread.join()
        service.server_close()
