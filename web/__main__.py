"""`python -m web`: one web process. It keeps nothing to itself, so any number of them may run."""

import asyncio

import uvicorn
from fastapi import FastAPI

from casework.logging import configure
from casework.settings import Settings, load
from web.app import create_app
from web.assemble import site_of

GRACE_SECONDS = 8


async def serve(settings: Settings) -> None:
    """Answer until told to stop; what is under way is finished first."""
    site = await site_of(settings)
    await uvicorn.Server(config_of(create_app(site), settings)).serve()


def config_of(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How the application is served."""
    return uvicorn.Config(
        app,
        host=settings.web_host,
        port=settings.web_port,
        log_config=None,
        access_log=False,  # it would write addresses with ids; `web.requests` logs without them
        server_header=False,
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def main() -> None:
    """Run one web process."""
    settings = load()
    configure(settings.log_level)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
