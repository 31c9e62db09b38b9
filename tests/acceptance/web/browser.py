# SPDX-License-Identifier: Apache-2.0
"""The console served from this process, and the distribution's own Chromium looking at it."""

from __future__ import annotations

import base64
import hmac
import shutil
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.unit.web.hospital import PASSWORD, SECRET

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
]
WIDTHS = {"wide": (1280, 900), "narrow": (390, 844)}


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server over Django as it is configured in this process."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.wsgi import get_wsgi_application
    from waitress.server import create_server

    server = create_server(StaticFilesHandler(get_wsgi_application()), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(5)


@contextmanager
def chromium(folder: Path) -> Iterator[Any]:
    """A browser of its own with an empty profile below `folder`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # A profile of its own is made and removed with the browser.
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=ARGUMENTS, env={"HOME": str(folder), "LANG": "C.UTF-8"}
        )
        try:
            yield browser
        finally:
            browser.close()


def code_now(secret: str = SECRET) -> str:
    """What an authenticator app shows now (RFC 6238: SHA-1, 30 seconds, six digits)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def sign_in(page: Any, address: str, name: str, password: str = PASSWORD) -> None:
    """Both steps, as a person takes them."""
    page.goto(address + "/sign-in/")
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_selector("input[name=code]")
    if (left := 30 - time.time() % 30) < 10:  # a busy machine may take as long, and by then it is another code
        time.sleep(left)
    page.fill("input[name=code]", code_now())
    page.keyboard.press("Enter")
    page.wait_for_selector("header.top")
