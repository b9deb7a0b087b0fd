"""A real browser, as people use the pages: Debian's Chromium, driven from the suite."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from starter.cli.demonstration import accounts_of
from tests.stack import LEAD, PASSWORD, Stack
from web.app import create_app

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TELEPHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}


def chromium() -> str:
    """Where Debian's browser is. Without one these tests say loudly that they did not run; in CI they fail."""
    found = shutil.which("chromium")
    if found is None and os.environ.get("CI"):
        raise RuntimeError("there is no chromium: apt-get install chromium")
    if found is None:
        pytest.skip("NO BROWSER: install Debian's chromium; none of the pages was tested")
    return found


@asynccontextmanager
async def served(app: Stack) -> AsyncIterator[str]:
    """The pages of a stack on a port of their own, with the demonstration accounts; what changes is seen at once."""
    site = replace(app.site, looks_every=timedelta(seconds=0.2))
    for username, (role, agency_id) in accounts_of(LEAD).items():
        app.actor(username, role, agency_id)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(site), log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        site.closing.set()
        server.should_exit = True
        await serving


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """One Chromium."""
    async with async_playwright() as playwright:
        one = await playwright.chromium.launch(executable_path=chromium(), args=list(QUIET))
        yield one
        await one.close()


class Person:
    """Somebody at a browser of their own. Whatever the browser complains of is kept."""

    def __init__(self, context: BrowserContext, page: Page, address: str) -> None:
        self.context = context
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, kind: str, text: str) -> None:
        # A form that is refused is answered with the status of its refusal, which the browser tells of.
        if kind == "error" and "status of 4" not in text:
            self.complaints.append(text)

    @classmethod
    async def signed_in(cls, one: Browser, address: str, username: str, **options: object) -> "Person":
        """A person who has signed in."""
        person = await cls.arrived(one, address, **options)
        await person.sign_in(username)
        return person

    @classmethod
    async def arrived(cls, one: Browser, address: str, **options: object) -> "Person":
        """A person before the door."""
        given: dict[str, object] = {"viewport": DESKTOP, "base_url": address, "timezone_id": "Asia/Jakarta"}
        context = await one.new_context(**{**given, **options})  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        return cls(context, await context.new_page(), address)

    async def sign_in(self, username: str, password: str = PASSWORD) -> None:
        """Fill in the form at the door."""
        await self.page.goto("/")
        await self.page.fill("#username", username)
        await self.page.fill("#password", password)
        await self.clicks("main button")

    async def opens(self, path: str) -> None:
        """Follow an address."""
        await self.page.goto(path)

    async def fills(self, **fields: str) -> None:
        """Fill in fields by their names, `__` for a dot; choices are chosen, ticks are ticked."""
        for name, value in fields.items():
            await self._fill(name.replace("__", "."), value)

    async def _fill(self, name: str, value: str) -> None:
        found = self.page.locator(f'[name="{name}"]')
        kind = await found.first.evaluate("field => field.type || field.tagName")
        if kind in ("radio", "checkbox"):
            await self.page.locator(f'[name="{name}"][value="{value}"]').check()
        elif kind.startswith("select"):
            await found.select_option(value)
        else:
            await found.fill(value)

    async def sends(self) -> None:
        """Press the button of the form."""
        await self.clicks("main form[method=post] > .buttons button")

    async def clicks(self, selector: str) -> None:
        """Click what leads to another page, and wait until that is there."""
        async with self.page.expect_navigation():
            await self.page.locator(selector).last.click()

    async def tabs_to(self, selector: str, most: int = 60) -> None:
        """Press Tab until the focus, which is seen, is on something; it fails where that is nowhere to be reached."""
        focused = "wanted => document.activeElement.matches(wanted)"
        for _ in range(most):
            await self.page.keyboard.press("Tab")
            if await self.page.evaluate(focused, selector):
                outline = await self.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", selector
                return
        raise AssertionError(f"{most} times Tab do not lead to {selector}")

    async def enters(self, selector: str) -> None:
        """Follow a link or press a button by the keyboard alone, and wait for the page it leads to."""
        await self.tabs_to(selector)
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")

    async def does(self, case_id: str, asks: str, **fields: str) -> None:
        """Give a command about a case, from its page."""
        await self.opens(f"/cases/{case_id}")
        await self.clicks(f'a[href="/cases/{case_id}/do/{asks}"]')
        await self.fills(**fields)
        await self.sends()

    async def is_told(self) -> str:
        """What the page says of what was just sent: that it is recorded, or why not."""
        return await self.page.locator(".done, .summary").first.inner_text()
