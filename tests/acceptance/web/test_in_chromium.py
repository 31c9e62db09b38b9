# SPDX-License-Identifier: Apache-2.0
"""The console as people meet it: the distribution's Chromium, both widths, both languages, mouse and keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from tests.acceptance.web.browser import CHROMIUM, WIDTHS, chromium, code_now, serving, sign_in
from tests.unit.web import hospital
from tests.unit.web.alerted import alert, kept
from tests.unit.web.standing import stand

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")

#: Pieces that are seen and stick out of the window to the right, unless they lie in a box that scrolls by itself.
STICKING_OUT = """() => [...document.querySelectorAll('body *')].filter(e => {
  if (e.getBoundingClientRect().right <= window.innerWidth + 1 || e.closest('.nav, .sr, .skip, svg')) return false;
  if (e.closest('details:not([open])') && e.tagName !== 'SUMMARY') return false;
  const head = e.closest('thead');
  return !(head && getComputedStyle(head).position === 'absolute');
}).slice(0, 5).map(e => e.tagName + '.' + e.className + ': ' + e.textContent.trim().slice(0, 40))"""


@pytest.fixture
def site(house: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    # The browser's own loop runs in this thread; the rows of a test are asked for from it too.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with serving() as address:
        yield address


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    with chromium(tmp_path) as opened:
        yield opened


def _page(browser: Any, width: str = "wide", language: str = "en") -> tuple[Any, list[str]]:
    """A page in a context of its own, and what went wrong in it."""
    size = dict(zip(("width", "height"), WIDTHS[width], strict=True))
    context = browser.new_context(viewport=size, locale="zh-CN" if language == "zh" else "en-GB")
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("request", lambda asked: wrong.append(asked.url) if "127.0.0.1" not in asked.url else None)
    return page, wrong


def _addresses(case: Any) -> list[str]:
    order = next(row for row in hospital.ROWS if row[4] == hospital.DOCTOR)
    decided = case.__class__.objects.filter(state="decided").first()
    return [
        "/",
        "/cases/?state=all",
        reverse("case", args=[case.key]),
        reverse("case", args=[decided.key]),
        reverse("patient", args=[hospital.VICTIM]),
        reverse("account", args=[hospital.NOSY]),
        reverse("account", args=["registrar-east-outpatient-0007"]),
        reverse("access", args=[f"2026-03-01|2026:{order[0]}"]),
        reverse("access", args=[f"2026-03-19|2026:{hospital.ROWS[-2][0]}"]),
        "/own-records/",
        "/shared-logins/",
        "/runs/",
        reverse("run", args=[case.last_run_id]),
        "/ledger/",
        "/acts/",
        "/me/",
    ]


@pytest.mark.parametrize("width", list(WIDTHS))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_sticks_out_or_reports_an_error(width: str, language: str, site: str, browser: Any, house: Any) -> None:
    from wardkeep.seal import outbox

    hospital.a_member("looker", "security_director", language, full_name=hospital.LONG_NAME)
    outbox.drain(hospital.Reader())
    page, wrong = _page(browser, width, language)
    sign_in(page, site, "looker")
    for address in _addresses(house):
        response = page.goto(site + address)
        assert response.status == 200, address
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0], address
        assert page.evaluate(STICKING_OUT) == [], address
    assert wrong == []


@pytest.mark.parametrize("width", list(WIDTHS))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_witness_that_contradicts_is_the_first_thing_that_is_seen(
    width: str, language: str, site: str, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.home import now
    from wardkeep.ledger.witness.asking import Outcome
    from wardkeep.ledger.witness.memory import Conflict
    from wardkeep.web.ledger import read

    conflict = Conflict(kind=Outcome.FORK, first_seen=now(), witness_size=60_000_000, our_size=60_000_001)
    monkeypatch.setattr(read, "standing", lambda home, reader: stand(timedelta(hours=30), conflict=conflict))
    hospital.a_member("looker", "security_director", language, full_name=hospital.LONG_NAME)
    page, wrong = _page(browser, width, language)
    sign_in(page, site, "looker")
    for address in ("/", "/ledger/"):
        page.goto(site + address)
        assert page.evaluate(STICKING_OUT) == [], address
        alarm = page.locator("[role=alert]")
        assert alarm.count() == 1 and alarm.bounding_box()["y"] < WIDTHS[width][1] / 2
        assert "60000000" in alarm.inner_text()
    assert page.locator("#witnesses .badge-bad").count() == 1
    assert wrong == []


def test_mark_sections_and_search_have_room_on_every_screen(site: str, browser: Any) -> None:
    kept([alert()])
    hospital.a_member("looker", "security_director", "en", full_name=hospital.LONG_NAME)
    page, wrong = _page(browser)
    sign_in(page, site, "looker")
    for width in (1366, 1280, 1181, 1024, 768, 320):
        page.set_viewport_size({"width": width, "height": 700})
        page.goto(f"{site}/ledger/")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        boxes = {
            name: page.locator(name).first.bounding_box()
            for name in (".brand .mark", "#search-text", ".nav [aria-current]")
        }
        assert boxes[".brand .mark"]["width"] >= 26 and boxes["#search-text"]["width"] >= 100, width
        # The section that is open is seen, also where the others are scrolled out of the window.
        here = boxes[".nav [aria-current]"]
        assert here["x"] >= 0 and here["x"] + here["width"] <= width, width
    assert wrong == []


@pytest.mark.parametrize("width", list(WIDTHS))
def test_an_administrators_pages_do_not_stick_out(width: str, site: str, browser: Any, house: Any) -> None:
    hospital.a_member("chief", "system_administrator", "zh", full_name=hospital.LONG_NAME)
    page, wrong = _page(browser, width, "zh")
    sign_in(page, site, "chief")
    for address in ("/", "/people/", "/me/"):
        page.goto(site + address)
        assert page.evaluate(STICKING_OUT) == [], address
    assert wrong == []


def test_a_new_person_opens_an_account_by_keyboard_alone(site: str, browser: Any) -> None:
    from tests.rows import a_user
    from wardkeep.govern.identity.actions import make_link
    from wardkeep.home import now

    token = make_link(a_user("neu", "security_specialist", language="en"), by="cli", at=now())
    page, wrong = _page(browser, "narrow")
    page.goto(f"{site}/welcome/{token}/")
    secret = page.inner_text("code.secret").replace(" ", "")
    page.focus("input[name=password1]")
    for text in (hospital.PASSWORD, hospital.PASSWORD, code_now(secret)):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("ul.codes")
    assert page.locator("ul.codes li").count() == 10
    page.click("text=I have kept them")
    page.wait_for_selector("header.top")
    assert wrong == []


def test_a_reviewer_reads_and_decides_the_first_case_by_keyboard(site: str, browser: Any, house: Any) -> None:
    hospital.a_member("keys", "security_specialist", "en")
    page, wrong = _page(browser)
    sign_in(page, site, "keys")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "李娜"
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_selector("#work")
    page.focus("input[name=outcome]")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("She lives in the same house; the ward knew of no reason.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".message-success")
    assert "misuse confirmed" in page.inner_text("#case-head")
    assert page.locator("header.top").count() == 1
    house.refresh_from_db()
    assert house.outcome == "misuse"
    assert wrong == []


def test_an_outcome_without_a_reason_says_so_beside_the_field(site: str, browser: Any, house: Any) -> None:
    hospital.a_member("hasty", "security_specialist", "zh")
    page, _ = _page(browser, language="zh")
    sign_in(page, site, "hasty")
    page.goto(site + reverse("case", args=[house.key]))
    page.check("input[name=outcome][value=misuse]")
    page.click("#work button.button-main")
    page.wait_for_selector("#work .wrong")
    assert page.inner_text("#work .wrong") == "请写明理由。"
    assert page.evaluate("document.activeElement.name") == "reason"
    assert page.is_checked("input[name=outcome][value=misuse]")
    assert page.locator("header.top").count() == 1


def test_a_name_is_shown_in_its_place_once_asked_for(site: str, browser: Any, house: Any) -> None:
    hospital.a_member("asker", "security_specialist", "en")
    page, wrong = _page(browser, "narrow")
    sign_in(page, site, "asker")
    page.goto(site + reverse("case", args=[house.key]))
    first = page.locator("#patients li").first
    first.locator("summary").click()
    first.locator("input[name=reason]").fill("to ask the patient")
    first.locator("button").click()
    page.wait_for_selector("#patients strong")
    assert hospital.VICTIM_NAME in first.inner_text()
    assert "/name/" not in page.url
    assert wrong == []


def test_every_control_is_reached_by_tab_and_is_seen_to_be(site: str, browser: Any, house: Any) -> None:
    hospital.a_member("tabber", "security_director", "en")
    page, _ = _page(browser)
    sign_in(page, site, "tabber")
    page.goto(site + reverse("case", args=[house.key]))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = []
    for _number in range(25):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "() => { const e = document.activeElement, s = getComputedStyle(e);"
                " return [e.tagName, s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2]; }"
            )
        )
    assert all(seen for _, seen in reached)
    # The brand, six sections, then the search box.
    assert [tag for tag, _ in reached][:8] == [*["A"] * 7, "INPUT"]


def test_the_console_works_without_scripts(site: str, browser: Any, house: Any) -> None:
    hospital.a_member("plain", "security_specialist", "en")
    page = browser.new_context(java_script_enabled=False, locale="en-GB").new_page()
    sign_in(page, site, "plain")
    page.goto(site + reverse("case", args=[house.key]))
    page.fill("textarea[name=text]", "written without a script")
    page.click("text=Add the note")
    assert "written without a script" in page.inner_text("#history")
    page.goto(site + reverse("patient", args=[hospital.VICTIM]))
    page.click("summary:has-text('Show the name')")
    page.fill("input[name=reason]", "to call the patient")
    page.click("button:has-text('Show'):visible")
    assert hospital.VICTIM_NAME in page.inner_text("main")


def test_a_case_prints_without_its_forms(site: str, browser: Any, house: Any) -> None:
    hospital.a_member("printer", "security_director", "en")
    page, _ = _page(browser)
    sign_in(page, site, "printer")
    page.goto(site + reverse("case", args=[house.key]))
    page.emulate_media(media="print")
    assert not page.is_visible("#work")
    assert not page.is_visible("header.top")
    assert page.is_visible("#findings")
    assert page.pdf()[:4] == b"%PDF"


def test_a_proof_from_the_console_holds_in_the_page_that_the_console_serves(
    site: str, browser: Any, house: Any, tmp_path: Path
) -> None:
    hospital.a_member("prover", "security_specialist", "en")
    page, wrong = _page(browser)
    sign_in(page, site, "prover")
    page.goto(site + reverse("access", args=[f"2026-03-19|2026:{hospital.ROWS[-2][0]}"]))
    saved = []
    for link in ("Proof that shows this access", "The page that checks it"):
        with page.expect_download() as download:
            page.click(f"text={link}")
        saved.append(tmp_path / download.value.suggested_filename)
        download.value.save_as(saved[-1])
    assert saved[1].name == "wardkeep-verifier.html"
    for address in (saved[1].as_uri(), site + reverse("verifier")):
        page.goto(address)
        page.fill("#keys", hospital.VERIFIER.vkey())
        page.set_input_files("#files", saved[0])
        page.wait_for_selector(".verdict-good")
        assert hospital.ROWS[-2][5] in page.inner_text("#answer")
    assert [one for one in wrong if not one.startswith("file:")] == []
