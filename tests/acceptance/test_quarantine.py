# SPDX-License-Identifier: Apache-2.0
"""`wardkeep quarantine`: nothing that was handed over is lost, and all of it can be read again."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

from tests.acceptance.hospitals import EVENTS, HIS_MAPPING, audit_event, his_export, hospital, log
from tests.acceptance.program import Program, stored

BROKEN = HIS_MAPPING.replace("%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M")
HIS_ROWS = (
    "1,2026/03/02 08:25:00,nurse2,p1,浏览,护士站1",
    '2,2026/03/02 08:26:00,nurse2,p1,浏览,"护士站, 东"',
)


def test_a_piece_is_listed_with_its_place_and_reason_and_its_content_only_when_asked(
    program: Program, tmp_path: Path
) -> None:
    export = log(tmp_path / "events.csv", (EVENTS[0], "9,yesterday,nurse1,geheim,read,Encounter,EMR,ws1"))
    program.json("ingest", export)
    said = program.call("quarantine", "list", "--json")
    (piece,) = said.lines
    assert piece["source"] == {"file": "events.csv", "position": "3"}
    assert piece["reason"] and piece["state"] == "open" and piece["bytes"] > 10
    assert "geheim" not in said.out + said.err
    assert "geheim" in program.call("quarantine", "list", "--raw").out


def test_nothing_set_aside_is_said_so(program: Program, tmp_path: Path) -> None:
    program.json("ingest", log(tmp_path / "events.csv", EVENTS))
    said = program.call("quarantine", "list")
    assert said.out == "" and "nothing" in said.err


def test_a_mended_mapping_reads_what_was_set_aside_and_asks_nothing_of_the_hospital(
    program: Program, tmp_path: Path
) -> None:
    export = his_export(tmp_path / "his.csv", HIS_ROWS, mapping=BROKEN)
    assert program.json("ingest", export)["quarantined"] == 2
    export.unlink()
    mended = tmp_path / "mended.toml"
    mended.write_text(HIS_MAPPING, encoding="utf-8")
    done = program.json("quarantine", "replay", "--mapping", mended)
    assert (done["pieces"], done["replayed"], done["left"], done["accepted"]) == (2, 2, 0, 2)
    assert program.call("quarantine", "list", "--json").lines == []
    assert {line["state"] for line in program.call("quarantine", "list", "--all", "--json").lines} == {"replayed"}
    found = stored(program.home, "SELECT event_id, account, workstation, source FROM events ORDER BY event_id")
    assert found == [("1", "nurse2", "护士站1", "his.csv"), ("2", "nurse2", "护士站, 东", "his.csv")]
    program.verify()


def test_the_export_itself_ingested_after_the_replay_is_known(program: Program, tmp_path: Path) -> None:
    export = his_export(tmp_path / "his.csv", HIS_ROWS, mapping=BROKEN)
    program.json("ingest", export)
    mapping = export.with_suffix(".toml")
    mapping.write_text(HIS_MAPPING, encoding="utf-8")
    program.json("quarantine", "replay", "--mapping", mapping)
    again = program.json("ingest", export)
    assert (again["read"], again["accepted"], again["duplicates"]) == (2, 0, 2)


def test_the_same_broken_export_twice_is_set_aside_once(program: Program, tmp_path: Path) -> None:
    export = his_export(tmp_path / "his.csv", HIS_ROWS, mapping=BROKEN)
    for _ in range(2):
        report = program.json("ingest", export)
        assert report["read"] == report["accepted"] + report["duplicates"] + report["quarantined"] == 2
    assert len(program.call("quarantine", "list", "--json").lines) == 2


def test_what_still_cannot_be_read_stays_and_is_counted_by_reason(program: Program, tmp_path: Path) -> None:
    export = his_export(tmp_path / "his.csv", (HIS_ROWS[0], "3,gestern,nurse2,p1,浏览,护士站1"), mapping=BROKEN)
    program.json("ingest", export)
    mended = tmp_path / "mended.toml"
    mended.write_text(HIS_MAPPING, encoding="utf-8")
    done = program.call("quarantine", "replay", "--mapping", mended, "--json", "--strict", status=1).one
    assert (done["pieces"], done["replayed"], done["left"]) == (2, 1, 1)
    assert list(done["reasons"].values()) == [1]
    (piece,) = program.call("quarantine", "list", "--json").lines
    assert piece["source"]["position"] == "3"


def test_the_same_number_with_another_content_is_set_aside_and_its_replay_amends(
    program: Program, tmp_path: Path
) -> None:
    program.json("ingest", hospital(tmp_path / "h"))
    other = EVENTS[1].replace("nurse2", "nurse9")
    report = program.json("ingest", log(tmp_path / "again" / "events.csv", (EVENTS[0], other)))
    assert (report["accepted"], report["duplicates"], report["quarantined"], report["conflicts"]) == (0, 1, 1, 1)
    (piece,) = program.call("quarantine", "list", "--json").lines
    assert piece["reason"].startswith("conflict:")
    assert stored(program.home, "SELECT account FROM events ORDER BY time_us") == [("nurse1",), ("nurse2",)]

    done = program.json("quarantine", "replay")
    assert (done["replayed"], done["left"]) == (1, 0)
    assert stored(program.home, "SELECT account FROM events ORDER BY time_us") == [("nurse1",), ("nurse9",)]
    assert len(stored(program.home, "SELECT 1 FROM all_events")) == 3
    assert program.call("quarantine", "list", "--json").lines == []
    program.verify()


def test_an_audit_event_that_conflicts_is_amended_too(program: Program, tmp_path: Path) -> None:
    for number, account in enumerate(("nurse1", "nurse2")):
        path = tmp_path / str(number) / "emr.ndjson"
        path.parent.mkdir()
        path.write_text(audit_event("f1", "2026-03-02T00:30:00Z", account, "p1") + "\n")
        program.json("ingest", path)
    assert program.json("quarantine", "replay")["replayed"] == 1
    assert stored(program.home, "SELECT account FROM events") == [("nurse2",)]


def test_one_source_or_one_piece_can_be_chosen(program: Program, tmp_path: Path) -> None:
    row = "9,yesterday,nurse1,p1,read,Encounter,EMR,ws1"
    program.json("ingest", log(tmp_path / "events-a.csv", (row,)), log(tmp_path / "events-b.csv", (row, row)))
    pieces = program.call("quarantine", "list", "--source", "events-b.csv", "--json").lines
    assert {piece["source"]["file"] for piece in pieces} == {"events-b.csv"}
    assert program.json("quarantine", "replay", pieces[0]["id"])["pieces"] == 1
    assert "no-such" in program.call("quarantine", "replay", "no-such", status=2).err


def test_originals_come_out_byte_for_byte_for_nobody_else_to_read(program: Program, tmp_path: Path) -> None:
    export = his_export(tmp_path / "his.csv", HIS_ROWS, mapping=BROKEN)
    program.json("ingest", export)
    out = tmp_path / "out"
    assert program.json("quarantine", "export", out)["pieces"] == 2
    files = sorted(out.iterdir())
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600] * 3
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    originals = [path.read_bytes() for path in files if path.name != "pieces.jsonl"]
    for row in HIS_ROWS:
        assert any(row.encode("gb18030") in original for original in originals)
    # With the header before it, a piece is an export of one line.
    mended = tmp_path / "mended.toml"
    mended.write_text(HIS_MAPPING, encoding="utf-8")
    one = next(path for path in files if path.name.endswith("his.csv"))
    (line,) = program.call("intake", "read", one, "--mapping", mended, "--json").lines
    assert line["account"] == "nurse2"
    assert re.search("not empty", program.call("quarantine", "export", out, status=2).err)


def test_a_piece_that_needs_no_reading_is_dismissed_with_a_reason_and_stays_where_it_is(
    program: Program, tmp_path: Path
) -> None:
    program.json(
        "ingest", log(tmp_path / "events.csv", (EVENTS[0], "total,,,,,,,", "9,yesterday,nurse1,p1,read,,EMR,"))
    )
    first, second = program.call("quarantine", "list", "--json").lines
    assert "--why" in program.call("quarantine", "dismiss", first["id"], status=2).err
    assert program.json("quarantine", "dismiss", first["id"], "--why", "no_record") == {
        "dismissed": 1, "why": "no_record", "by": None
    }  # fmt: skip
    assert [line["id"] for line in program.call("quarantine", "list", "--json").lines] == [second["id"]]
    assert {line["state"] for line in program.call("quarantine", "list", "--all", "--json").lines} == {
        "open", "dismissed"
    }  # fmt: skip
    assert first["id"] in program.call("quarantine", "dismiss", first["id"], "--why", "no_record", status=2).err
    # The same export once more does not bring it back.
    program.json("ingest", tmp_path / "events.csv")
    assert [line["id"] for line in program.call("quarantine", "list", "--json").lines] == [second["id"]]
    program.verify()


def test_what_was_dismissed_in_error_waits_again_and_the_ledger_says_who_did_each(
    program: Program, tmp_path: Path
) -> None:
    program.json("ingest", his_export(tmp_path / "his.csv", HIS_ROWS, mapping=BROKEN))
    one, two = (line["id"] for line in program.call("quarantine", "list", "--json").lines)
    program.call("user", "create", "li", "--role", "data_administrator")
    program.call("user", "create", "wang", "--role", "auditor")
    asked = ("quarantine", "dismiss", one, "--why", "not_ours", "--by")
    assert "wang may not" in program.call(*asked, "wang", status=2).err
    assert program.json(*asked, "li") == {"dismissed": 1, "why": "not_ours", "by": "li"}
    dismissed = _last_act(program, tmp_path / "a")
    assert "not dismissed" in program.call("quarantine", "reopen", two, status=2).err
    assert "there is no piece q9-9 in quarantine" in program.call("quarantine", "reopen", "q9-9", status=2).err
    assert program.json("quarantine", "reopen", one, "--by", "li") == {"reopened": 1, "by": "li"}
    reopened = _last_act(program, tmp_path / "b")
    assert (dismissed["act"], reopened["act"]) == ("intake:quarantine:dismissed", "intake:quarantine:reopened")
    assert dismissed["actor"] == reopened["actor"] and dismissed["actor"].startswith("user:")
    assert dismissed["facts"]["pieces"] == reopened["facts"]["pieces"] == [one]
    mended = tmp_path / "mended.toml"
    mended.write_text(HIS_MAPPING, encoding="utf-8")
    again = ("quarantine", "replay", one, "--mapping", mended, "--by")
    size = program.json("ledger", "status")["size"]
    assert "wang may not" in program.call(*again, "wang", status=2).err
    assert "there is no account zhao" in program.call(*again, "zhao", status=2).err
    assert program.json("ledger", "status")["size"] == size  # nothing was read for them
    done = program.json(*again, "li")
    assert (done["replayed"], done["accepted"], done["by"]) == (1, 1, "li")
    replayed = _last_act(program, tmp_path / "c")
    assert (replayed["act"], replayed["actor"]) == ("intake:quarantine:replayed", dismissed["actor"])
    assert (replayed["facts"]["pieces"], replayed["facts"]["read"]) == (1, 1)
    done = program.json("quarantine", "replay", two, "--mapping", mended)
    assert (done["replayed"], done["by"]) == (1, None)
    assert _last_act(program, tmp_path / "d")["actor"] == "cli"
    size = program.json("ledger", "status")["size"]
    assert program.json("quarantine", "replay")["pieces"] == 0
    assert program.json("ledger", "status")["size"] == size  # what did nothing is no act
    assert one in program.call("quarantine", "reopen", one, status=2).err
    program.verify()


def _last_act(program: Program, entry: Path) -> dict[str, Any]:
    """The newest entry of the ledger."""
    size = program.json("ledger", "status")["size"]
    program.json("ledger", "prove", str(size - 1), "--out", entry.with_suffix(".proof"), "--entry", entry)
    found: dict[str, Any] = json.loads(entry.read_bytes())
    return found
