# SPDX-License-Identifier: Apache-2.0
"""A real installation of a small simulated hospital, served by `wardkeep serve`, and people who sign in to it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.acceptance.commands import Served, environment, serving, wardkeep
from tests.acceptance.web.browser import WIDTHS, code_now
from tests.unit.web.hospital import PASSWORD

STAFF, PATIENTS, DAYS, SEED = 60, 1500, 6, 3


@dataclass
class Installation:
    """A home with a judged hospital in it, being served."""

    home: Path
    served: Served
    cases: list[dict[str, Any]]
    #: What went wrong in a page of any member: script errors, requests to elsewhere.
    wrong: list[str] = field(default_factory=list)

    def member(self, browser: Any, name: str, role: str, *, language: str, width: str = "wide", **more: str) -> Any:
        """Make an account by command, open it in the browser by its one-use link; gives the signed-in page."""
        words = [word for key, value in more.items() for word in (f"--{key.replace('_', '-')}", value)]
        made = wardkeep(
            *("user", "create", name, "--role", role, "--language", language, "--home", self.home, "--json", *words)
        ).said
        page = self.page(browser, language=language, width=width)
        page.goto(self.served.address.rstrip("/") + "/welcome/" + made["link"].rpartition("/welcome/")[2])
        secret = page.inner_text("code.secret").replace(" ", "")
        page.fill("input[name=password1]", PASSWORD)
        page.fill("input[name=password2]", PASSWORD)
        page.fill("input[name=code]", code_now(secret))
        page.click("button[type=submit].button-main")
        page.wait_for_selector("ul.codes")
        page.recovery_codes = page.locator("ul.codes li").all_inner_texts()
        page.click(".actions a.button-main")
        page.wait_for_selector("header.top")
        return page

    def page(self, browser: Any, *, language: str, width: str = "wide") -> Any:
        """A page in a context of its own."""
        size = dict(zip(("width", "height"), WIDTHS[width], strict=True))
        context = browser.new_context(
            viewport=size, locale="zh-CN" if language == "zh" else "en-GB", accept_downloads=True
        )
        page = context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: self.wrong.append(asked.url) if "127.0.0.1" not in asked.url else None)
        page.on("response", lambda got: self.wrong.append(f"{got.status} {got.url}") if got.status >= 500 else None)
        return page


@contextmanager
def installation(folder: Path) -> Iterator[Installation]:
    """Simulate, init, ingest, judge and serve."""
    hospital, home = folder / "hospital", folder / "home"
    simulate(hospital)
    wardkeep("init", "--home", home)
    wardkeep("ingest", hospital, "--home", home)
    import json

    cases = [json.loads(line) for line in wardkeep("judge", "--home", home, "--json").out.splitlines()]
    with serving(home) as served:
        made = Installation(home=home, served=served, cases=cases)
        yield made
        status, said = served.stop()
        assert status == 0, said
        # First what the server says of itself: a page that could not be made has its reason there.
        assert not re.search(r"ERROR|Traceback", said), said
        assert made.wrong == []


def simulate(hospital: Path) -> None:
    words = ["--out", hospital, "--staff", STAFF, "--patients", PATIENTS, "--days", DAYS, "--seed", SEED]
    root = Path(__file__).parents[3]
    subprocess.run(
        [sys.executable, "-m", "simulate", *map(str, words)],
        check=True,
        capture_output=True,
        env=environment(),
        cwd=root,
    )
