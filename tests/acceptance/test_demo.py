# SPDX-License-Identifier: Apache-2.0
"""`wardkeep demo`: the whole main job on an invented hospital, in a home that is nobody else's."""

from __future__ import annotations

import contextlib
import hashlib
import http.cookiejar
import json
import re
import shutil
import signal
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import Program, stored

#: The head of every page that only somebody signed in sees.
TOP = '<header class="top"'
SMALL = ("--staff", "60", "--patients", "600", "--days", "3", "--seed", "5")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, dict[str, object], str]]:
    """A small demo, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    program = Program(folder / "home", folder)
    said = program.call("demo", *SMALL, "--no-serve", "--json")
    yield program, said.one, said.err
    shutil.rmtree(folder)


def copy(program: Program, folder: Path) -> Program:
    shutil.copytree(program.home, folder / "home")
    return Program(folder / "home", folder)


def test_the_demo_seals_judges_and_says_what_it_does(made: tuple[Program, dict[str, object], str]) -> None:
    program, said, talk = made
    ingest = said["ingest"]
    assert ingest["read"] == ingest["accepted"] > 2000 and ingest["quarantined"] == 0  # type: ignore[index]
    assert ingest["unresolved"]["patients"] < 5 and ingest["tables"]["patients"] == 600  # type: ignore[index]
    assert 0.6 < said["explained"] / said["accesses"] < 1 and said["cases"] > 0  # type: ignore[operator]
    assert set(said["phases"]) == {"simulate", "write", "init", "ingest", "judge"}  # type: ignore[call-overload]
    assert "Boxwala" in talk and "no hospital" not in talk and "proves a method" in talk
    systems = {row[0] for row in stored(program.home, "SELECT DISTINCT system FROM all_events")}
    assert {"EMR", "HIS", "DBA", "JumpServer", "VPN", "Windows", "badge"} < systems
    assert "02:13" in talk and "after the family" in talk
    program.verify()


def test_the_hospital_comes_in_as_its_systems_write_it(made: tuple[Program, dict[str, object], str]) -> None:
    formats = {row[0].split(":")[0] for row in stored(made[0].home, "SELECT DISTINCT format FROM all_events")}
    assert formats == {"fhir-r4", "hl7", "delimited", "hospital"}
    names = {path.name for path in (made[0].home / "demo" / "hospital").iterdir()}
    assert {"db-audit.csv", "jumpserver-session.csv", "his-feed.hl7"} <= names and "persons.parquet" not in names


def test_the_same_seed_gives_the_same_logs(made: tuple[Program, dict[str, object], str], tmp_path: Path) -> None:
    other = Program(tmp_path / "home", tmp_path)
    said = other.call("demo", *SMALL, "--no-serve", "--json").one
    assert (said["accesses"], said["explained"], said["cases"]) == tuple(
        made[1][name] for name in ("accesses", "explained", "cases")
    )
    one, two = (digests(program.home / "demo" / "hospital") for program in (made[0], other))
    assert one == two


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_the_same_demo_is_taken_up_again_with_new_passwords(
    made: tuple[Program, dict[str, object], str], tmp_path: Path
) -> None:
    again = copy(made[0], tmp_path)
    before = stored(again.home, "SELECT count(*) FROM all_events")
    said = again.call("demo", *SMALL, "--no-serve", "--json")
    assert "already" in said.err and said.one["phases"] == {}
    assert stored(again.home, "SELECT count(*) FROM all_events") == before
    old, new = ({p["name"]: p["password"] for p in one["sign_in"]} for one in (made[1], said.one))  # type: ignore[attr-defined]
    assert set(old) == set(new) and not set(old.values()) & set(new.values())


def test_another_demo_replaces_a_demo(made: tuple[Program, dict[str, object], str], tmp_path: Path) -> None:
    again = copy(made[0], tmp_path)
    key = again.json("ledger", "status")["vkey"]
    again.call("demo", *SMALL[:-1], "6", "--no-serve", "--json")
    assert again.json("ledger", "status")["vkey"] != key
    assert json.loads((again.home / "demo" / "marker.json").read_text())["seed"] == 6


def test_a_demo_that_broke_off_is_made_anew(made: tuple[Program, dict[str, object], str], tmp_path: Path) -> None:
    again = copy(made[0], tmp_path)
    marker = again.home / "demo" / "marker.json"
    marker.write_text(marker.read_text().replace('"ready": true', '"ready": false'))
    (again.home / "config.toml").unlink()
    assert again.call("demo", *SMALL, "--no-serve", "--json").one["cases"] == made[1]["cases"]


def test_a_home_that_no_demo_made_is_never_touched(program: Program) -> None:
    before = {path: path.stat().st_mtime_ns for path in program.home.rglob("*")}
    said = program.call("demo", *SMALL, "--no-serve", "--fresh", status=2)
    assert "no demo made" in said.err
    assert {path: path.stat().st_mtime_ns for path in program.home.rglob("*")} == before


def test_a_folder_with_anything_of_somebody_else_is_never_touched(
    made: tuple[Program, dict[str, object], str], tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("mine")
    plain = Program(tmp_path / "home", tmp_path)
    plain.call("demo", *SMALL, "--no-serve", status=2)
    (tmp_path / "two").mkdir()
    again = copy(made[0], tmp_path / "two")
    (again.home / "thesis.txt").write_text("mine")
    again.call("demo", *SMALL, "--no-serve", "--fresh", status=2)
    for kept in (plain.home, again.home):
        assert (kept / "thesis.txt").read_text() == "mine"
    again.verify()


def test_a_size_that_cannot_be_is_an_unusable_call(tmp_path: Path) -> None:
    said = Program(tmp_path / "home", tmp_path).call("demo", "--staff", "300", "--patients", "600", status=2)
    assert "--patients" in said.err
    assert not (tmp_path / "home").exists()


def test_somebody_can_enter_the_console_with_what_the_demo_prints(
    made: tuple[Program, dict[str, object], str], tmp_path: Path
) -> None:
    again = copy(made[0], tmp_path)
    usual = socket.socket()
    with contextlib.suppress(OSError):  # somebody else holds it: just as well
        usual.bind(("127.0.0.1", 8420))
        usual.listen()
    process = again.start("demo", *SMALL, "--json")
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert said["port"] != 8420, "the usual port is taken: the demo finds another"
        person = next(p for p in said["sign_in"] if p["role"] == "security_specialist")
        page = enter(said["address"], person)
        assert TOP in page
        assert re.search(r"2026-03-0|2026年3月", page)
        refused = enter(said["address"], {**person, "codes": person["codes"][:1]})
        assert TOP not in refused, "a code opens once"
    finally:
        usual.close()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err


def enter(address: str, person: dict[str, object]) -> str:
    """Both steps of the sign-in, as a browser takes them; the page that one arrives at."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def send(url: str, page: str, **fields: object) -> tuple[str, str]:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None, page[:500]
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        with browser.open(urllib.request.Request(url, body, {"Referer": url})) as answer:
            return answer.url, answer.read().decode()

    with browser.open(address + "sign-in/") as answer:
        url, page = answer.url, answer.read().decode()
    url, page = send(url, page, login=person["name"], password=person["password"])
    try:
        return send(url, page, code=person["codes"][0])[1]  # type: ignore[index]
    except urllib.error.HTTPError as refused:
        return refused.read().decode()
