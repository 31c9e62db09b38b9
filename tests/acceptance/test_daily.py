# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger daily` and `minutes`, with an authority, without one, and with one that is away."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

from tests.acceptance.commands import eventually, serving, wardkeep
from tests.acceptance.program import Program
from tests.stamping import Authority, reached
from wardkeep.ledger.note import Verifier, open_checkpoint

SVG = "{http://www.w3.org/2000/svg}"


def configure(home: Path, address: str, roots: Path) -> None:
    config = home / "config.toml"
    text = re.sub(r'timestamps = ".*"', f'timestamps = "{address}"', config.read_text())
    config.write_text(re.sub(r'timestamp_roots = ".*"', 'timestamp_roots = "tsa.pem"', text))
    (home / "tsa.pem").write_bytes(roots.read_bytes())


def test_without_an_authority_the_day_is_kept_and_nobody_is_asked(program: Program) -> None:
    said = program.json("ledger", "daily")
    assert said["stamped_at"] is None and said["problem"] == ""
    assert program.json("ledger", "daily") == said
    (day,) = program.json("ledger", "status")["daily"]
    assert (day["day"], day["size"], day["stamped_at"]) == (said["day"], said["size"], None)
    program.verify()


def test_a_day_is_stamped_and_one_that_could_not_be_is_stamped_later(program: Program, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tsa")
    with reached(lambda request: b"", status=503) as address:
        configure(program.home, address, authority.roots)
        said = program.json("ledger", "daily", status=3)
        assert "503" in said["problem"] and said["stamped_at"] is None
    assert "no time stamp" in program.call("ledger", "status").out
    checks = {one["name"]: one for one in program.call("doctor", "--json").one["checks"]}
    assert checks["stamped"]["warn"] is True and checks["days"]["ok"] is True
    with reached(authority.answer) as address:
        configure(program.home, address, authority.roots)
        said = program.json("ledger", "daily")
    assert said["authority"] == "CN=Test TSA" and said["stamped_at"]
    assert program.json("ledger", "status")["daily"][0]["stamped_at"] == said["stamped_at"]


def test_a_served_home_keeps_its_day_by_itself(program: Program, tmp_path: Path) -> None:
    folder = program.home / "data/ledger/daily"
    with serving(program.home):
        eventually(lambda: list(folder.glob("*/checkpoint")))


def test_a_ledger_that_was_set_back_disagrees_with_its_days(program: Program, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(program.home / "data/ledger", tmp_path / "older")
    program.json("user", "create", "one-more", "--role", "auditor")
    program.json("ledger", "daily")
    shutil.copytree(program.home / "data/ledger/daily", tmp_path / "older/daily")
    shutil.rmtree(program.home / "data/ledger")
    shutil.move(tmp_path / "older", program.home / "data/ledger")
    assert program.json("ledger", "status", status=1)["daily"][0]["problem"]
    program.call("ledger", "minutes", "--out", tmp_path / "m.svg", status=3)


def test_the_minutes_hold_a_checkpoint_that_verifies(program: Program, tmp_path: Path) -> None:
    program.call("ledger", "minutes", "--out", tmp_path / "m.svg", status=2)  # no day is kept yet
    day = program.json("ledger", "daily")
    vkey = program.json("ledger", "status")["vkey"]
    for lang, word in (("en", "State of the ledger"), ("zh", "账本状态")):
        program.call("ledger", "minutes", "--out", tmp_path / "m.svg", "--lang", lang)
        root = ElementTree.fromstring((tmp_path / "m.svg").read_text())
        texts = [one.text or "" for one in root.iter(f"{SVG}text")]
        assert any(word in text for text in texts)
        assert day["root"] == "".join(text for text in texts if re.fullmatch(r"[0-9a-f]{32}", text))
        program.call("ledger", "minutes", "--out", tmp_path / "m.html", "--lang", lang)
        assert (tmp_path / "m.html").read_text().startswith("<!doctype html>")
    program.call("ledger", "minutes", "--out", tmp_path / "m.pdf", status=2)
    program.call("ledger", "minutes", "--day", "1999-01-01", "--out", tmp_path / "m.svg", status=2)
    from wardkeep.web.draw.minutes import short_note

    (kept,) = (program.home / "data/ledger/daily").glob("*/checkpoint")
    note = short_note(kept.read_text())
    assert open_checkpoint(note, Verifier.parse(vkey)).size == day["size"]
    (tmp_path / "kept").write_text(note)
    assert json.loads(wardkeep("ledger", "diff", tmp_path / "kept", "--home", program.home, "--json").out)
