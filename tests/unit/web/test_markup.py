# SPDX-License-Identifier: Apache-2.0
"""Pages that everyone can use: labels, headings, contrast, no inline code, no other host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from tests.unit.web import hospital
from tests.unit.web.markup import faults

STATIC = Path(__file__).parents[3] / "src" / "wardkeep" / "web" / "static" / "wardkeep"


def _addresses(case: Any) -> dict[str, str]:
    order = next(row for row in hospital.ROWS if row[4] == hospital.DOCTOR)
    return {
        "today": "/",
        "cases": "/cases/?state=all",
        "empty list": "/cases/?detection=honey",
        "case": reverse("case", args=[case.key]),
        "patient": reverse("patient", args=[hospital.VICTIM]),
        "account": reverse("account", args=[hospital.NOSY]),
        "access": reverse("access", args=[f"2026-03-01|2026:{order[0]}"]),
        "own records": "/own-records/",
        "shared logins": "/shared-logins/",
        "runs": "/runs/",
        "run": reverse("run", args=[case.last_run_id]),
        "ledger": "/ledger/",
        "acts": "/acts/",
        "packages": "/packages/",
        "me": "/me/",
        "nothing": "/nothing/",
    }


def test_every_page_can_be_used_by_everyone(enter: Any, house: Any) -> None:
    client = enter("security_director")
    found = {name: faults(client.get(address).content.decode()) for name, address in _addresses(house).items()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_the_entrance_can_be_used_by_everyone(house: Any) -> None:
    from django.test import Client

    from tests.rows import a_user
    from wardkeep.govern.identity.actions import make_link
    from wardkeep.home import now

    client = Client(SERVER_NAME="localhost")
    token = make_link(a_user("fresh", "auditor"), by="cli", at=now())
    for address in ("/sign-in/", f"/welcome/{token}/", "/welcome/none/"):
        assert faults(client.get(address).content.decode()) == [], address


def test_the_first_page_of_a_new_home_says_the_next_step(rows: None, django_home: Any) -> None:
    from django.test import Client

    with hospital.furnished(django_home, store=hospital.Store([])):
        client = Client(SERVER_NAME="localhost")
        client.force_login(hospital.a_member("first", "security_director", "en"))
        page = client.get("/").content.decode()
    assert "Nothing has been judged yet" in page
    assert "wardkeep ingest FOLDER" in page
    assert faults(page) == []


def test_a_ledger_that_cannot_be_read_is_said_and_breaks_no_page(enter: Any, house: Any, django_home: Any) -> None:
    def broken() -> Any:
        raise OSError("gone")

    client = enter("security_director")
    django_home.ledger_reader = broken
    for address in ("/", "/ledger/"):
        page = client.get(address)
        assert page.status_code == 200
        assert "The ledger could not be read." in page.content.decode()


@pytest.mark.parametrize("name", ["today", "case", "patient"])
def test_a_page_is_kept_by_no_browser_and_loads_from_nowhere_else(name: str, enter: Any, house: Any) -> None:
    response = enter("security_director").get(_addresses(house)[name])
    assert response.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_no_style_sheet_or_script_names_another_host() -> None:
    for path in STATIC.iterdir():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text, path.name
        assert "@import" not in text, path.name


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "paper"),
        ("ink", "ground"),
        ("soft", "paper"),
        ("soft", "ground"),
        ("brand", "paper"),
        ("brand", "ground"),
        ("paper", "brand"),
        ("verify", "verify-wash"),
        ("good", "good-wash"),
        ("bad", "bad-wash"),
        ("bad", "paper"),
    ],
)
def test_text_stands_out_from_its_ground(ink: str, ground: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", (STATIC / "base.css").read_text(encoding="utf-8")))

    def light(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    one, other = sorted((light(colours[ink]), light(colours[ground])))
    assert (other + 0.05) / (one + 0.05) >= 4.5
