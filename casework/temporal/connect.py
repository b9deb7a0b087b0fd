"""The only place that connects to Temporal, so that nothing can forget the encryption."""

import os

from temporalio.client import Client
from temporalio.envconfig import ClientConfig

from casework.errors import EngineUnavailableError
from casework.settings import Settings
from casework.temporal.codec import data_converter
from casework.vault.keys import Derives
from casework.vault.keystore import KeyStore


async def connect(settings: Settings, keys: KeyStore, root: Derives, *, lazy: bool = False) -> Client:
    """A client that encrypts; raises EngineUnavailableError where the engine does not answer.

    `lazy` connects at the first call (for the web process; a worker needs the connection at once). Address
    and namespace are the settings'; TLS, API key and the like come from Temporal's own TEMPORAL_* variables,
    or from the file that TEMPORAL_CONFIG_FILE names.
    """
    # A file in somebody's home directory must not decide where a process connects; only one named on purpose.
    named = "TEMPORAL_CONFIG_FILE" in os.environ
    config = ClientConfig.load_client_connect_config(disable_file=not named, config_file_strict=named)
    config["target_host"] = settings.temporal_address
    config["namespace"] = settings.temporal_namespace
    try:
        return await Client.connect(**config, data_converter=data_converter(keys, root), lazy=lazy)
    except RuntimeError as error:
        raise EngineUnavailableError(f"Temporal does not answer at {settings.temporal_address}.") from error
