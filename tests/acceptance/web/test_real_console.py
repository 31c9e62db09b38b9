# SPDX-License-Identifier: Apache-2.0
"""The console over a real home: a simulated hospital taken in, sealed, judged and served, looked at in Chromium."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.commands import eventually, wardkeep
from tests.acceptance.web.browser import CHROMIUM, WIDTHS, chromium
from tests.acceptance.web.installation import Installation, installation
from tests.acceptance.web.test_in_chromium import STICKING_OUT
from tests.unit.web.hospital import LONG_NAME, PASSWORD

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("real")) as made:
        yield made


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def director(installed: Installation, browser: Any) -> Any:
    """A security director's page in English."""
    return installed.member(browser, "anna", "security_director", language="en", full_name="Anna Berg")


def visit(installed: Installation, page: Any, address: str) -> Any:
    response = page.goto(installed.served.address.rstrip("/") + address)
    assert response.status == 200, address
    return page


def links(page: Any, selector: str) -> list[str]:
    return [link.get_attribute("href") for link in page.query_selector_all(selector)]


def case_of(installed: Installation, page: Any, wanted: Any) -> str:
    """The address of the best open case that `wanted` holds for."""
    case = next(case for case in installed.cases if wanted(case))
    visit(installed, page, "/cases/?state=all")
    rows = page.query_selector_all("table.table-cases tbody tr")
    for row in rows:
        text = row.inner_text()
        if case["account"] in text and case["opened_on"][5:] in text:
            return str(row.query_selector("a.row-link").get_attribute("href"))
    raise AssertionError(case)


def found(case: dict[str, Any]) -> bool:
    return not case["random"] and bool(case["patients"]) and bool(case["reasons_missing"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_a_real_hospital_fits_both_widths(language: str, installed: Installation, browser: Any) -> None:
    page = installed.member(browser, f"looker-{language}", "security_director", language=language, full_name=LONG_NAME)
    visit(installed, page, "/cases/?state=all")
    cases = links(page, "a.row-link")
    assert len(cases) == len(installed.cases)
    visit(installed, page, case_of(installed, page, found))
    accesses, patients = links(page, "#accesses a.row-link"), links(page, 'a[href^="/patients/"]')
    accounts = links(page, 'a[href^="/accounts/"]')
    visit(installed, page, accounts[0])
    explained = links(page, "tbody tr:not(.row-flagged) a.row-link")
    visit(installed, page, "/runs/")
    runs = links(page, "a.row-link")
    addresses = ["/", "/cases/?state=all", *cases[:3], accesses[0], explained[0], patients[0], accounts[0]]
    addresses += ["/runs/", runs[0], "/ledger/", "/me/", "/own-records/"]
    for width, (wide, tall) in WIDTHS.items():
        page.set_viewport_size({"width": wide, "height": tall})
        for address in addresses:
            visit(installed, page, address)
            assert page.evaluate("document.documentElement.scrollWidth") <= wide, (width, address)
            assert page.evaluate(STICKING_OUT) == [], (width, address)


def test_today_says_what_arrived_and_what_was_explained(installed: Installation, director: Any) -> None:
    page = visit(installed, director, "/")
    figures = page.locator("section.figure .figure-value").all_inner_texts()
    assert int(figures[0].replace(",", "")) > 500
    assert 50 < float(figures[1].rstrip("%")) < 100
    assert int(figures[2]) == len(installed.cases)
    assert page.locator("#systems tbody tr").count() == int(figures[3])
    assert "all covered" in page.inner_text("main")
    assert page.locator("table.table-cases .badge-verify").count() == 10


def test_who_opened_the_own_record_stands_in_the_weekly_list(installed: Installation, director: Any) -> None:
    own = [case["account"] for case in installed.cases if "self_access" in case["detections"]]
    page = visit(installed, director, "/own-records/")
    listed = page.locator("table .sub").all_inner_texts()
    assert set(own) <= set(listed)
    assert (page.locator("section h2").count() > 0) == bool(listed)


def test_a_case_shows_what_was_looked_for_and_each_access_opens_its_row_and_proof(
    installed: Installation, director: Any, tmp_path: Path
) -> None:
    page = visit(installed, director, case_of(installed, director, found))
    assert "to be verified" in page.inner_text("#case-head")
    assert "not found" in page.inner_text("#findings")
    assert page.locator(".lanes svg rect.t-flag").count() > 0
    case = page.url
    visit(installed, page, links(page, "#accesses a.row-link")[0])
    text = page.inner_text("main")
    assert "events.csv" in text
    assert "No documented reason was found" in text
    files = {}
    for name, link in (
        ("proof", ".source a:has-text('.tlog-proof')"),
        ("entry", ".source a:text-is('entry')"),
        ("bundle", ".source a:text-is('proof')"),
        ("shown", "a:text-is('Proof that shows this access')"),
    ):
        with page.expect_download() as download:
            page.click(f"main {link}")
        files[name] = tmp_path / name
        download.value.save_as(files[name])
    key = ("--vkey", vkey(installed, page), "--json")
    pair = ("ledger", "check", files["proof"], "--entry", files["entry"], *key)
    assert wardkeep(*pair).said["ok"] is True
    files["entry"].write_bytes(files["entry"].read_bytes()[:-1] + b"?")
    wardkeep(*pair, status=1)
    assert wardkeep("ledger", "check", files["bundle"], *key).said["row"] is None
    assert "events.csv" in wardkeep("ledger", "check", files["shown"], *key).said["row"]
    for link in ("main a:text-is('Proof of this case')", "#history .source a >> nth=0"):
        page.goto(case)
        with page.expect_download() as download:
            page.click(link)
        download.value.save_as(tmp_path / "act")
        assert b'"judgement:run:stored"' in bytes.fromhex(json.loads((tmp_path / "act").read_text())["entry"])
        assert wardkeep("ledger", "check", tmp_path / "act", *key).said["ok"] is True


def vkey(installed: Installation, page: Any) -> str:
    text = visit(installed, page, "/ledger/").inner_text("main")
    return str(re.search(r"wardkeep\.local/\S+\+[0-9a-f]{8}\+\S+", text)[0])  # type: ignore[index]


def test_an_explained_access_names_the_hospitals_own_row(installed: Installation, director: Any) -> None:
    orders = {row["order_id"]: row for row in rows_of(installed, "orders")}
    accounts = {row["account"]: row["staff_id"] for row in rows_of(installed, "accounts")}
    technicians = {row["staff_id"] for row in rows_of(installed, "staff") if row["role"] == "technician"}
    for account in (account for account, staff in accounts.items() if staff in technicians):
        search(installed, director, account)
        director.goto(director.url + "?which=explained")
        row = director.locator("tbody tr:has(.badge-good:text-is('order that the department performs'))").first
        if row.count():
            break
    row.locator("a.row-link").click()
    director.wait_for_selector("p.because")
    said = director.inner_text("p.because")
    number = re.search(r"order (\S+)", said)
    assert number is not None, said
    order = orders[number[1]]
    assert re.search(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}", said)
    shown = director.inner_text("main")
    assert order["order_id"] in shown
    assert "The hospital's own row" in shown
    assert "order_id" in shown


def test_a_reason_that_was_found_and_did_not_suffice_opens_its_row(installed: Installation, director: Any) -> None:
    rows = sqlite3.connect(installed.home / "data/wardkeep.sqlite3")
    told = rows.execute(
        "SELECT c.key, f.looked_for FROM cases_finding f JOIN cases_case c ON c.id = f.case_id"
    ).fetchall()
    rows.close()
    keys = {key for key, said in told if any(one["state"] == "found" and one["source_id"] for one in json.loads(said))}
    if not keys:
        pytest.skip("in this hospital no case has a row that was found and does not cover it")
    visit(installed, director, case_of(installed, director, lambda case: case["case_id"] in keys))
    visit(installed, director, links(director, ".looked-found a")[0])
    assert "The hospital's own row" in director.inner_text("main")


def test_an_account_is_drawn_beside_its_peers(installed: Installation, director: Any) -> None:
    visit(installed, director, case_of(installed, director, lambda c: found(c) and c["account"].startswith("u")))
    visit(installed, director, links(director, '#case-head a[href^="/accounts/"]')[0])
    assert director.locator("svg rect.d-bar, svg .p-own, svg rect").count() > 3
    assert "of the same role and department" in director.inner_text("main")
    assert "Hours and shifts" in director.inner_text("main")


def test_a_reviewer_reads_notes_decides_and_reopens_by_keyboard(installed: Installation, browser: Any) -> None:
    page = installed.member(browser, "keys", "security_specialist", language="en")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#work")
    page.focus("textarea[name=text]")
    page.keyboard.type("Asked the ward; nobody knows.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#history .said")
    assert "Asked the ward" in page.inner_text("#history")
    page.focus("input[name=outcome]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("A lent account, said the head nurse.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#case-head.case-head-decided, .case-head-decided")
    assert "a rule was broken" in page.inner_text("#case-head")
    assert "to be verified" not in page.inner_text("#case-head")
    page.fill("#work input[name=reason], #work textarea[name=reason]", "The head nurse meant another account.")
    page.click("#work button:has-text('Open')")
    page.wait_for_selector(".case-head-open")
    history = page.inner_text("#history")
    assert history.index("a rule was broken") < history.index("another account")
    assert "to be verified" in page.inner_text("#case-head")


def test_a_director_puts_a_case_into_a_reviewers_hands(installed: Installation, browser: Any, director: Any) -> None:
    reviewer = installed.member(browser, "hands", "security_specialist", language="zh", full_name="周静")
    address = case_of(installed, director, found)
    visit(installed, director, address)
    director.select_option("select[name=to]", label="周静")
    director.click("#work button:has-text('Assign')")
    director.wait_for_selector("#history li:has-text('Assigned')")
    assert "周静" in director.inner_text("#case-head")
    visit(installed, reviewer, "/cases/?mine=1")
    assert links(reviewer, "a.row-link") == [address]


def test_a_patients_name_is_masked_until_it_is_asked_for(installed: Installation, browser: Any) -> None:
    page = installed.member(browser, "asker", "privacy_officer", language="zh", width="narrow")
    patients = {row["patient_id"]: row["name"] for row in rows_of(installed, "patients")}
    visit(installed, page, case_of(installed, page, found))
    visit(installed, page, links(page, '#patients a[href^="/patients/"]')[0])
    number = page.inner_text("h1").split()[0]
    name = patients[number]
    assert name
    assert name not in page.content()
    page.click("summary:has-text('姓名')")
    page.fill("input[name=reason]", "致电患者核实")
    page.locator("form button:visible", has_text="查看").last.click()
    page.wait_for_selector(f"text={name}")
    visit(installed, page, page.url.removeprefix(installed.served.address.rstrip("/")))
    assert name not in page.content(), "the next page does not keep it"


def test_nobody_sees_the_case_about_himself(installed: Installation, browser: Any, director: Any) -> None:
    case = next(c for c in installed.cases if found(c))
    address = case_of(installed, director, found)
    page = installed.member(browser, "self", "security_specialist", language="en", account=case["account"])
    visit(installed, page, "/cases/?state=all")
    assert address not in links(page, "a.row-link")
    response = page.goto(installed.served.address.rstrip("/") + address)
    assert response.status == 403
    # The refusal is expected; what Chromium's console says of it is no fault of a page.
    installed.wrong[:] = [said for said in installed.wrong if "403" not in said]


def test_signing_in_again_takes_both_factors(installed: Installation, browser: Any, director: Any) -> None:
    page = installed.page(browser, language="en")
    page.goto(installed.served.address + "sign-in/")
    page.fill("input[name=login]", "anna")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("input[name=code]")
    page.fill("input[name=code]", "000000")
    page.keyboard.press("Enter")
    page.wait_for_selector(".wrong, .errors, [role=alert]")
    assert page.locator("header.top").count() == 0
    page.fill("input[name=code]", director.recovery_codes[0])
    page.keyboard.press("Enter")
    page.wait_for_selector("header.top")


def test_what_reviewers_opened_is_itself_an_access_of_that_patient(installed: Installation, director: Any) -> None:
    visit(installed, director, case_of(installed, director, found))
    patient = links(director, '#patients a[href^="/patients/"]')[0]

    def fed() -> bool:
        visit(installed, director, patient)
        return "wardkeep" in director.inner_text("main")

    eventually(fed, within=100)
    row = director.locator("tbody tr:has-text('wardkeep')").first
    assert "not judged yet" in row.inner_text()


def test_a_mapping_that_was_confirmed_reads_what_was_set_aside_and_what_comes_later(
    installed: Installation, browser: Any, tmp_path: Path
) -> None:
    first, later = tmp_path / "pacs-access-20240301.csv", tmp_path / "pacs-access-20240302.csv"
    for path, day in ((first, 1), (later, 2)):
        rows = "".join(f"2024-03-0{day} 08:{n:02}:00|r{n}|9900{n}|调阅\n" for n in range(10, 40))
        path.write_bytes(("时间|用户|病历号|操作\n" + rows).encode("gb18030"))
    home = ("--home", installed.home, "--json")
    # The console runs: the command hands what it reads to the ledger's writer.
    assert wardkeep("ingest", first, *home).said["quarantined"] == 1
    page = installed.member(browser, "da", "data_administrator", language="zh")
    visit(installed, page, "/intake/")
    page.click("#set-aside form[action='/intake/mapping/new/'] button")
    page.wait_for_selector("#wizard")
    assert "30 个事件" in page.inner_text("#becomes")
    page.fill("#system", "PACS")
    page.fill("#name", "pacs")
    page.click("button[value=confirm]")
    page.wait_for_selector("#mappings table")
    page.click("#set-aside form[action='/intake/read-again/'] button")
    page.wait_for_selector("#set-aside .empty")
    done = wardkeep("ingest", later, *home).said
    assert (done["accepted"], done["quarantined"]) == (30, 0)
    read = wardkeep("intake", "read", later, *home).out.splitlines()
    assert {json.loads(line)["format"] for line in read} == {"delimited:pacs"}


def test_all_of_it_is_sealed(installed: Installation, director: Any) -> None:
    checks = {check["name"]: check for check in wardkeep("doctor", "--home", installed.home, "--json").said["checks"]}
    assert checks["rows"]["ok"], checks["rows"]
    assert wardkeep("ledger", "verify", "--home", installed.home, "--json").said["ok"] is True
    rows = sqlite3.connect(installed.home / "data/wardkeep.sqlite3")
    kinds = {kind for (kind,) in rows.execute("SELECT DISTINCT kind FROM cases_touch")}
    rows.close()
    assert {"case", "access", "patient", "account", "reveal", "search"} <= kinds
    again = [json.loads(line) for line in wardkeep("judge", "--home", installed.home, "--json").out.splitlines()]
    assert {case["case_id"] for case in installed.cases} <= {case["case_id"] for case in again}


def rows_of(installed: Installation, table: str) -> list[dict[str, str]]:
    with (installed.home.parent / "hospital" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def search(installed: Installation, page: Any, text: str) -> None:
    visit(installed, page, "/")
    page.fill("input[name=text]", text)
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/**")
