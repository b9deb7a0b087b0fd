"""Every setting, in one table. Read from the environment; `docs/operations.md` lists them, held by a test."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What a process needs to know. A process without a master key does not start."""

    model_config = SettingsConfigDict(env_file=None, frozen=True, extra="ignore", populate_by_name=True)

    database_url: SecretStr = Field(alias="DATABASE_URL", description="Case database, as the application's own role")
    database_owner_url: SecretStr | None = Field(
        None, alias="DATABASE_OWNER_URL", description="Case database as its owner; only `tuntas migrate` uses it"
    )
    keystore_url: SecretStr = Field(alias="KEYSTORE_URL", description="The key store: a database of its own")
    master_key_file: Path | None = Field(
        None, alias="TUNTAS_MASTER_KEY_FILE", description="File with the master key; or name one of the next two"
    )
    master_key: SecretStr | None = Field(
        None, alias="TUNTAS_MASTER_KEY", description="The master key itself, in base64"
    )
    kms_url: str = Field(
        "", alias="TUNTAS_KMS_URL", description="The key of a key service: `https://HOST:PORT/v1/transit/keys/NAME`"
    )
    kms_token_file: Path | None = Field(
        None, alias="TUNTAS_KMS_TOKEN_FILE", description="File with the token for the key service"
    )
    other_master_keys: str = Field(
        "",
        alias="TUNTAS_OTHER_MASTER_KEYS",
        description="Master keys that may still be opened with, by file or key service, with commas between",
    )
    checkpoints_url: SecretStr | None = Field(
        None,
        alias="CHECKPOINTS_URL",
        description="Signed checkpoints: a database of their own, which the application's role cannot reach",
    )
    signing_key_file: Path | None = Field(
        None, alias="TUNTAS_SIGNING_KEY_FILE", description="File with the key that signs checkpoints; workers need it"
    )
    checkpoint_keys: str = Field(
        "",
        alias="TUNTAS_CHECKPOINT_KEYS",
        description="Public keys by which checkpoints are believed, with commas between; empty: the signing key's own",
    )
    temporal_address: str = Field("127.0.0.1:7233", alias="TEMPORAL_ADDRESS", description="Temporal frontend")
    temporal_namespace: str = Field("default", alias="TEMPORAL_NAMESPACE", description="Temporal namespace")
    temporal_ui: str = Field(
        "",
        alias="TUNTAS_TEMPORAL_UI",
        pattern=r"^(https?://[A-Za-z0-9.:\[\]-]+)?$",
        description="Origin of the Temporal UI whose pages may ask for payloads to be opened; empty: none",
    )
    web_host: str = Field("127.0.0.1", alias="TUNTAS_HOST", description="Where the web process listens")
    web_port: int = Field(8000, alias="TUNTAS_PORT", description="Port of the web process")
    proxies: str = Field(
        "127.0.0.1",
        alias="TUNTAS_PROXIES",
        description="Addresses of proxies that are believed about who asks, separated by commas",
    )
    district: str = Field("OKUS", alias="TUNTAS_DISTRICT", description="District code of case numbers")
    timezone: str = Field("Asia/Jakarta", alias="TUNTAS_TIMEZONE", description="Zone of the office")
    lead_unit: Literal["dinas-pppappkb", "uptd-ppa-oku-selatan"] = Field(
        "dinas-pppappkb", alias="TUNTAS_LEAD_UNIT", description="The lead office: the Dinas itself or its UPTD"
    )
    pathways_dir: Path | None = Field(None, alias="TUNTAS_PATHWAYS", description="Pathways of the district's own")
    public_form: Path | None = Field(
        None, alias="TUNTAS_PUBLIC_FORM", description="The office's own text of the form for the public, as a file"
    )
    demo_password: SecretStr | None = Field(
        None, alias="TUNTAS_DEMO_PASSWORD", description="Shared password of the demonstration accounts"
    )
    notify_urls: str = Field(
        "", alias="TUNTAS_NOTIFY_URLS", description="Apprise URLs of the channel notices go out by; empty: console"
    )
    smtp_url: SecretStr | None = Field(
        None, alias="TUNTAS_SMTP_URL", description="smtp://user:password@host:port for mail"
    )
    webhooks: bool = Field(
        False, alias="TUNTAS_WEBHOOKS", description="Whether signed webhooks go to contacts that ask for them"
    )
    webhook_hosts: str = Field(
        "",
        alias="TUNTAS_WEBHOOK_HOSTS",
        description="Hosts that webhooks may reach although their address is not public, by name, separated by spaces",
    )
    base_url: str = Field(
        "", alias="TUNTAS_BASE_URL", description="Address of the pages in notices; empty: host and port"
    )
    oidc_issuer: str = Field(
        "", alias="TUNTAS_OIDC_ISSUER", description="OpenID Connect provider people may sign in with, by its issuer"
    )
    oidc_client_id: str = Field("", alias="TUNTAS_OIDC_CLIENT_ID", description="What Tuntas is called there")
    oidc_client_secret: SecretStr | None = Field(
        None, alias="TUNTAS_OIDC_CLIENT_SECRET", description="The secret Tuntas shows there"
    )
    mail_from: str = Field("tuntas@localhost", alias="TUNTAS_MAIL_FROM", description="Sender of mail")
    log_level: str = Field("INFO", alias="TUNTAS_LOG_LEVEL", description="Log level")
    rollover_events: int = Field(
        2000, alias="TUNTAS_ROLLOVER_EVENTS", description="Events after which a case continues as new"
    )
    rpc_seconds: float = Field(5.0, alias="TUNTAS_RPC_SECONDS", description="How long a caller waits for the engine")
    watch_seconds: float = Field(
        15.0,
        alias="TUNTAS_WATCH_SECONDS",
        gt=0,
        le=20,
        description="How often the watch beside the worker does its round",
    )

    @model_validator(mode="after")
    def one_master_key(self) -> Self:
        """A process has one master key to wrap with, and none by default."""
        named = [self.master_key_file, self.master_key, self.kms_url]
        if sum(map(bool, named)) != 1:
            raise ValueError("name one of TUNTAS_MASTER_KEY_FILE, TUNTAS_MASTER_KEY and TUNTAS_KMS_URL")
        return self

    @property
    def pages(self) -> str:
        """Where people reach the pages."""
        return self.base_url or f"http://{self.web_host}:{self.web_port}"


def load(unless_set: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process; raises pydantic's ValidationError naming what is missing.

    `unless_set` holds, by variable, what is taken where the environment says nothing.
    """
    taken: dict[str, Any] = {name: value for name, value in (unless_set or {}).items() if name not in os.environ}
    return Settings(**taken)
