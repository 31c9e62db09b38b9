# SPDX-License-Identifier: Apache-2.0
"""The week of a department on paper: one sheet of A4, whatever came, in both languages; and on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.web.browser import CHROMIUM, WIDTHS, chromium, serving
from tests.acceptance.web.test_in_chromium import STICKING_OUT, _page
from tests.rows import a_case
from wardkeep.watch.cases.case import OutcomeCode
from wardkeep.watch.detect.finding import Detection

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")
#: As long as an account's department may be.
LONG = "血液净化与肾脏替代治疗中心（东院区住院部三号楼七层及日间病房）/ Haemodialysis and Renal Replacement"[:80]
ACCOUNT = "registrar-east-outpatient-0007"
KINDS = [kind.value for kind in Detection if kind != Detection.RANDOM]
OUTCOMES = [code.value for code in OutcomeCode]


@pytest.fixture
def site(house: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with serving() as address:
        yield address


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    with chromium(tmp_path) as opened:
        yield opened


def fill(house: Any, *, of_week: int, earlier: int, department: str = LONG) -> None:
    """So many cases of the week of 2026-03-16, with every outcome and every kind of finding, and open ones before."""
    for n in range(of_week + earlier):
        decided = {"state": "decided", "outcome": OUTCOMES[n // 2 % len(OUTCOMES)]} if n < of_week and n % 2 else {}
        a_case(
            house.last_run, f"w{n}", account=ACCOUNT, department=department, rank=n,
            opened_on=date(2026, 3, 18) if n < of_week else date(2026, 3, 9),
            detections=[KINDS[(n + k) % len(KINDS)] for k in range(4)], **decided,
        )  # fmt: skip


def opened(
    browser: Any, site: str, enter: Any, language: str, width: str = "wide", **more: Any
) -> tuple[Any, list[str]]:
    """The page of that week, signed in by a session of its own as the head of the department."""
    client = enter("department_head", language, **{"department": LONG, **more})
    page, wrong = _page(browser, width, language)
    session = client.cookies["wardkeep_session"].value
    page.context.add_cookies([{"name": "wardkeep_session", "value": session, "url": site}])
    page.set_default_timeout(120_000)
    page.goto(site + "/week/2026-03-18/")
    return page, wrong


def sheets(page: Any, kept: Path, **more: Any) -> int:
    """How many pages a print has."""
    page.pdf(path=kept, **{"prefer_css_page_size": True, **more})
    return len(re.findall(rb"/Type\s*/Page\b", kept.read_bytes()))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("of_week", "earlier"), [(60, 40), (3, 60), (0, 0)])
def test_a_week_prints_on_one_sheet_of_a4(
    language: str, of_week: int, earlier: int, site: str, browser: Any, house: Any, enter: Any, tmp_path: Path
) -> None:
    fill(house, of_week=of_week, earlier=earlier)
    page, wrong = opened(browser, site, enter, language)
    pdf = tmp_path / f"week-{language}-{of_week}.pdf"
    assert sheets(page, pdf) == 1
    (box,) = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf.read_bytes()))
    assert [round(float(side)) for side in box] == [595, 842]
    assert wrong == []


def test_a_printer_with_shorter_paper_and_its_own_margins_takes_one_sheet_too(
    site: str, browser: Any, house: Any, enter: Any, tmp_path: Path
) -> None:
    fill(house, of_week=60, earlier=40)
    page, _ = opened(browser, site, enter, "en")
    margin = dict.fromkeys(("top", "right", "bottom", "left"), "16mm")
    assert sheets(page, tmp_path / "letter.pdf", prefer_css_page_size=False, format="Letter", margin=margin) == 1


def test_what_has_no_room_on_paper_is_counted_with_the_address_of_the_page(
    site: str, browser: Any, house: Any, enter: Any
) -> None:
    fill(house, of_week=60, earlier=40)
    page, _ = opened(browser, site, enter, "en")
    rows = page.locator("tbody tr")
    assert rows.count() == 100 and all(rows.nth(n).is_visible() for n in (0, 59, 99))
    assert not page.locator(".paper-only").first.is_visible()
    page.emulate_media(media="print")
    seen = [n for n in range(100) if rows.nth(n).is_visible()]
    assert seen == [*range(14), *range(60, 66)]
    said = page.locator(".more-on-page").all_inner_texts()
    assert [one.split(",")[0] for one in said] == ["and 46 more", "and 34 more"]
    assert all(f"{site}/week/2026-03-16/" in one for one in said)


def test_a_few_earlier_ones_leave_their_room_to_the_week(site: str, browser: Any, house: Any, enter: Any) -> None:
    fill(house, of_week=30, earlier=2)
    page, _ = opened(browser, site, enter, "en")
    page.emulate_media(media="print")
    assert [n for n in range(32) if page.locator("tbody tr").nth(n).is_visible()] == [*range(18), 30, 31]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_week_fits_a_phone(language: str, site: str, browser: Any, house: Any, enter: Any, tmp_path: Path) -> None:
    fill(house, of_week=6, earlier=3)
    page, wrong = opened(browser, site, enter, language, "narrow")
    page.screenshot(path=tmp_path / f"phone-{language}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS["narrow"][0]
    assert page.evaluate(STICKING_OUT) == []
    assert wrong == []
