# SPDX-License-Identifier: Apache-2.0
"""A mapping made in the distribution's Chromium: by mouse, by keyboard alone, on a phone, in Chinese and English."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.web.browser import CHROMIUM, WIDTHS, chromium, serving
from tests.acceptance.web.test_in_chromium import STICKING_OUT, _page
from tests.unit.intake.test_proposing import CELLS, HIS
from tests.unit.intake.test_sheets import book
from tests.unit.web import hospital
from wardkeep.jobs.mappings import mapping_file, mappings_folder

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")
LONG = "肿瘤科电子病历与随访管理系统东院区访问日志导出-20260302.csv"
TORN = HIS.replace("结果\n", "执行结果说明以及失败时的原因代码与补充文字\n") + "torn,row\n"


@pytest.fixture
def site(house: Any, django_home: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    from wardkeep.web.intake.samples import SAMPLES

    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with serving() as address:
        yield address
    SAMPLES._held.clear()
    shutil.rmtree(mappings_folder(django_home), ignore_errors=True)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    with chromium(tmp_path) as opened:
        yield opened


def export(folder: Path, name: str = LONG, data: bytes = TORN.encode("gb18030")) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def enter_in(browser: Any, site: str, enter: Any, width: str = "wide", language: str = "en") -> tuple[Any, list[str]]:
    """The page of intake, signed in by a session of its own: what sign-in asks is tested elsewhere."""
    client = enter("data_administrator", language, full_name=hospital.LONG_NAME)
    page, wrong = _page(browser, width, language)
    session = client.cookies["wardkeep_session"].value
    page.context.add_cookies([{"name": "wardkeep_session", "value": session, "url": site}])
    page.set_default_timeout(120_000)
    page.goto(site + "/intake/")
    return page, wrong


def fits(page: Any, width: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0]
    assert page.evaluate(STICKING_OUT) == []


@pytest.mark.parametrize("width", list(WIDTHS))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_mapping_is_proposed_changed_confirmed_and_taken_back(
    width: str, language: str, site: str, browser: Any, enter: Any, django_home: Any, tmp_path: Path
) -> None:
    page, wrong = enter_in(browser, site, enter, width, language)
    fits(page, width)
    page.set_input_files("#sample", export(tmp_path))
    page.click(".sample button")
    page.wait_for_selector("#wizard")
    fits(page, width)
    assert re.fullmatch(r".*/intake/mapping/[0-9a-f-]{36}/", page.url)
    said = page.inner_text("#becomes")
    assert (
        ("28 events" in said and "1 left out" in said)
        if language == "en"
        else ("28 个事件" in said and "1 条未读入" in said)
    )
    # What the rows become follows each choice, without a button.
    page.select_option("#column-4", "")
    page.wait_for_selector("#becomes .scrolls th:nth-child(7)", state="detached")
    page.fill("#name", "No Good")
    page.press("#name", "Tab")
    page.wait_for_selector("#becomes .message-warning")
    assert page.input_value("#name") == "No Good"
    page.fill("#name", "oncology")
    page.press("#name", "Tab")
    page.wait_for_selector("#becomes .message-warning", state="detached")
    page.click("button[value=confirm]")
    page.wait_for_selector("#mappings table")
    fits(page, width)
    assert "oncology" in page.inner_text("#mappings") and mapping_file(django_home, "oncology").exists()
    page.click("#mappings form.inline button")
    page.wait_for_selector("#mappings .empty")
    assert not mapping_file(django_home, "oncology").exists()
    assert wrong == []


def test_the_keyboard_alone_makes_a_mapping(
    site: str, browser: Any, enter: Any, django_home: Any, tmp_path: Path
) -> None:
    page, wrong = enter_in(browser, site, enter)
    page.set_input_files("#sample", export(tmp_path, "his-0302.xlsx", book([["门诊日志"], *CELLS])))
    page.focus("#sample")
    # From the field over its own button to ours.
    _tab_to(page, ".sample button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#wizard")
    _tab_to(page, "#column-0")
    page.keyboard.press("Home")
    page.wait_for_selector("#becomes .message-warning")
    assert page.evaluate("document.activeElement.id") == "column-0" and page.input_value("#column-0") == ""
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("#becomes .message-warning", state="detached")
    assert page.input_value("#column-0") == "time"
    _tab_to(page, "button[value=confirm]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#mappings table")
    assert "skip_lines = 1" in mapping_file(django_home, "his").read_text(encoding="utf-8")
    assert wrong == []


def _tab_to(page: Any, selector: str) -> None:
    """Press Tab until the element has the focus; never more often than the page has stops."""
    for _ in range(60):
        if page.evaluate("s => document.activeElement === document.querySelector(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by Tab")


def test_of_a_large_text_only_the_begin_leaves_the_browser(site: str, browser: Any, enter: Any, tmp_path: Path) -> None:
    page, wrong = enter_in(browser, site, enter)
    rows = HIS[HIS.index("\n") + 1 :]
    page.set_input_files("#sample", export(tmp_path, "his.csv", (HIS + rows * 9000).encode()))
    assert page.evaluate("document.getElementById('sample').files[0].size") == 256 * 1024
    page.click(".sample button")
    page.wait_for_selector("#wizard")
    assert "200 events" in page.inner_text("#becomes") and wrong == []


def test_a_workbook_that_is_too_large_is_said_before_it_is_sent(
    site: str, browser: Any, enter: Any, tmp_path: Path
) -> None:
    page, wrong = enter_in(browser, site, enter, language="zh")
    page.set_input_files("#sample", export(tmp_path, "x.xlsx", book(CELLS) + bytes(5 << 20)))
    page.click(".sample button")
    assert "此工作簿作样本太大" in page.evaluate("document.getElementById('sample').validationMessage")
    assert page.url.endswith("/intake/") and wrong == []


def test_what_is_no_log_is_refused_in_words(site: str, browser: Any, enter: Any, tmp_path: Path) -> None:
    page, wrong = enter_in(browser, site, enter, "narrow", "zh")
    page.set_input_files("#sample", export(tmp_path, "x.csv", b"one line only"))
    page.click(".sample button")
    page.wait_for_selector("#messages .message-error")
    assert "无法建议映射：看不出表格" in page.inner_text("#messages")
    fits(page, "narrow")
    assert wrong == []
