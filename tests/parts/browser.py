"""Headless Chromium, as a person without a network would see a page."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tests.parts.require import require


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that lives as long as the block; skips or fails the test where Chromium is missing."""
    program = require("chromium")
    # The sandbox needs user namespaces, which containers and root do not have; only pages of our own are opened.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def page(
    browser: Browser,
    *,
    width: int = 1280,
    height: int = 900,
    scheme: Literal["light", "dark"] = "light",
    network: bool = False,
) -> Iterator[Page]:
    """A page of this size and colour scheme; without `network` only `file:` and `data:` addresses load."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, offline=not network)
    try:
        yield context.new_page()
    finally:
        context.close()
