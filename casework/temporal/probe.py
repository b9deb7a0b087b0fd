"""Whether the engine answers, asked on a connection of its own."""

from datetime import timedelta

from temporalio.client import Client

from casework.settings import Settings
from casework.temporal.connect import connect
from casework.vault.keys import Derives
from casework.vault.keystore import KeyStore

WITHIN = timedelta(seconds=2)


class EngineProbe:
    """Asks the engine how it is; for one event loop, that of its first question."""

    def __init__(self, settings: Settings, keys: KeyStore, root: Derives) -> None:
        self._settings = settings
        self._keys = keys
        self._root = root
        self._client: Client | None = None

    async def answers(self) -> bool:
        """Whether it says that it serves; raises whatever kept it from answering."""
        if self._client is None:
            self._client = await connect(self._settings, self._keys, self._root, lazy=True)
        return await self._client.service_client.check_health(timeout=WITHIN)
