"""A master key that stays in a key service: the transit interface of HashiCorp Vault, which OpenBao speaks too.

The service wraps and unwraps; its key is never here. Rotating it there makes a new version, known by its number.
"""

import base64
from pathlib import Path
from typing import Any

import httpx

from casework.errors import DatabaseUnavailableError
from casework.vault.errors import VaultError
from casework.vault.wrapping import Wrapped

HERE = frozenset({"127.0.0.1", "localhost", "::1"})
SECONDS = 3.0


class TransitKey:
    """One named key of a key service, at `https://HOST:PORT/v1/transit/keys/NAME`; it must be of a type with AEAD."""

    def __init__(self, address: str, token_file: Path) -> None:
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL:
            url = httpx.URL("")
        mount, _, self._name = url.path.rpartition("/keys/")
        if url.scheme not in ("http", "https") or not url.host or not mount or not self._name:
            raise VaultError("the key service is named as https://HOST:PORT/v1/transit/keys/NAME")
        if url.scheme == "http" and url.host not in HERE:
            raise VaultError("keys do not cross a network in the clear: name the key service with https")
        self._mount = url.copy_with(raw_path=mount.encode())
        self._token_file = token_file
        # A proxy of the shell does not know this machine's own ports.
        self._client = httpx.Client(timeout=SECONDS, trust_env=url.host not in HERE)

    def current(self) -> str:
        """The newest version of the key."""
        return self._id(self._ask("GET", "keys")["latest_version"])

    def knows(self, by: str) -> bool:
        """Whether an id is that of one of its versions."""
        return by.startswith(f"transit:{self._name}:v")

    def wrap(self, secret: bytes, aad: bytes) -> Wrapped:
        """Have a key sealed by the service, under its newest version."""
        body = {"plaintext": _text(secret), "associated_data": _text(aad)}
        sealed = str(self._ask("POST", "encrypt", body)["ciphertext"])
        _, version, _ = sealed.split(":", 2)
        return Wrapped(self._id(version.removeprefix("v")), sealed.encode())

    def unwrap(self, wrapped: Wrapped, aad: bytes) -> bytes:
        """Have a key opened by the service; raises VaultError where it refuses."""
        body = {"ciphertext": wrapped.key.decode(), "associated_data": _text(aad)}
        return base64.b64decode(self._ask("POST", "decrypt", body)["plaintext"])

    def _id(self, version: object) -> str:
        return f"transit:{self._name}:v{version}"

    def _ask(self, method: str, what: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        url = f"{self._mount}/{what}/{self._name}"
        try:
            # Read each time: an agent beside the process renews it.
            token = self._token_file.read_text(encoding="ascii").strip()
            answer = self._client.request(method, url, json=body, headers={"X-Vault-Token": token})
            if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                answer.raise_for_status()
        except (httpx.HTTPError, OSError) as error:
            raise DatabaseUnavailableError("The key service does not answer. Try again with the same key.") from error
        try:
            data: dict[str, Any] = answer.raise_for_status().json()["data"]
        except (httpx.HTTPStatusError, ValueError, LookupError, TypeError):
            raise VaultError(f"the key service refused to {what} with its key: {answer.status_code}") from None
        return data


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
