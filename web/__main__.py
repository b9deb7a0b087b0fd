"""`python -m web`: one web process. It keeps nothing to itself, so any number of them may run."""

import asyncio
import sys
from socket import socket

import structlog
import uvicorn
from fastapi import FastAPI

from casework.datafile import DataFileError
from casework.errors import WallsMissingError
from casework.logging import configure
from casework.settings import Settings, load
from web.app import create_app
from web.assemble import site_of

GRACE_SECONDS = 8


class Server(uvicorn.Server):
    """Lets go of who only listens before it waits for what is under way."""

    def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
        super().__init__(config)
        self._closing = closing

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End: within the grace that is given."""
        self._closing.set()
        await super().shutdown(sockets)


async def serve(settings: Settings) -> None:
    """Answer until told to stop; what is under way is finished first."""
    site = await site_of(settings)
    await Server(config_of(create_app(site), settings), site.closing).serve()


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
    try:
        asyncio.run(serve(settings))
    except WallsMissingError as error:
        structlog.get_logger().error("web_refused", code=error.code, detail=error.detail)
        sys.exit(1)
    except DataFileError as error:
        structlog.get_logger().error("web_refused", detail=str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
