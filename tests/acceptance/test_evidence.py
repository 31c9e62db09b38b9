# SPDX-License-Identifier: Apache-2.0
"""`wardkeep evidence` and `wardkeep verify`, as the keeper of a home and an outsider without one call them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.acceptance.commands import wardkeep
from tests.acceptance.hospitals import hospital
from tests.acceptance.program import Program


@pytest.fixture
def filled(program: Program, tmp_path: Path) -> Program:
    program.json("ingest", hospital(tmp_path / "h"))
    return program


def test_a_patient_is_shown_every_access_and_an_outsider_verifies_it(filled: Program, tmp_path: Path) -> None:
    last = filled.json("ledger", "status")["size"] - 1
    asked = ("accesses-of-patient", "--with", "patient=p1", "--from", "0", "--to", str(last))
    made = filled.json("evidence", "run", *asked, "--out", tmp_path / "p1.zip")
    assert (made["rows"], made["complete"]) == (2, False)
    # Without a home, in a folder where none is.
    shown = wardkeep("verify", tmp_path / "p1.zip", "--vkey", made["vkey"], "--json", HOME=str(tmp_path)).said
    assert shown["ok"] is True
    assert shown["sha256"] == made["sha256"]
    assert shown["parameters"] == {"patient": "p1"}
    again = filled.json("evidence", "run", *asked, "--out", tmp_path / "again")
    assert again["sha256"] == made["sha256"]


def test_making_a_bundle_is_an_act_that_names_no_patient_in_the_clear(filled: Program, tmp_path: Path) -> None:
    last = filled.json("ledger", "status")["size"] - 1
    asked = ("accesses-of-patient", "--with", "patient=p1", "--from", "0", "--to", str(last))
    made = filled.json("evidence", "run", *asked, "--out", tmp_path / "p1.zip")
    size = filled.json("ledger", "status")["size"]
    filled.json("ledger", "prove", str(size - 1), "--out", tmp_path / "p", "--entry", tmp_path / "e")
    act = json.loads((tmp_path / "e").read_bytes())
    assert act["act"] == "evidence:bundle:made"
    assert act["facts"]["result"] == made["sha256"]
    assert len(act["patients"]) == 1 and re.findall(r"\bp1\b", json.dumps(act)) == []
    filled.verify()


def test_acts_are_shown_with_the_proof_that_none_was_left_out(filled: Program, tmp_path: Path) -> None:
    last = filled.json("ledger", "status")["size"] - 1
    made = filled.json(
        "evidence", "run", "acts-of-account", "--with", "account=cli", "--from", "0", "--to", str(last), "--out", tmp_path / "b"
    )  # fmt: skip
    done = wardkeep("verify", tmp_path / "b", "--vkey", made["vkey"], "--lang", "en")
    assert "nothing was left out" in done.out
    assert "没有遗漏" in wardkeep("verify", tmp_path / "b", "--vkey", made["vkey"], "--lang", "zh").out


def test_a_changed_bundle_a_wrong_key_and_an_unusable_call_end_with_their_status(
    filled: Program, tmp_path: Path
) -> None:
    asked = ("evidence", "run", "cases-decided", "--from", "0", "--to", "1")
    made = filled.json(*asked, "--out", tmp_path / "b")
    query = tmp_path / "b" / "query.toml"
    query.write_bytes(query.read_bytes() + b"#")
    refused = wardkeep("verify", tmp_path / "b", "--vkey", made["vkey"], "--json", status=1).said
    assert refused["ok"] is False and "query.toml" in refused["reason"]
    wardkeep("verify", tmp_path / "b", "--vkey", "nonsense", status=2)
    wardkeep("verify", tmp_path / "none", "--vkey", made["vkey"], status=2)
    home = ("--home", filled.home)
    wardkeep("evidence", "run", "no-such", "--from", "0", "--to", "1", "--out", tmp_path / "c", *home, status=2)
    wardkeep(
        "evidence", "run", "cases-decided", "--from", "0", "--to", "9999", "--out", tmp_path / "c", *home, status=2
    )
    wardkeep(*asked, "--out", tmp_path / "b", *home, status=2)  # it is there already
    assert not (tmp_path / "c").exists()


def test_the_proof_of_one_entry_is_checked_by_the_same_command(program: Program, tmp_path: Path) -> None:
    proof = tmp_path / "1.proof.json"
    vkey = program.json("ledger", "prove", "1", "--bundle", proof)["vkey"]
    assert wardkeep("verify", proof, "--vkey", vkey, "--json").said["index"] == 1
    program.json("ledger", "rotate-key")
    program.json("ledger", "prove", "2", "--bundle", proof)
    assert wardkeep("verify", proof, "--vkey", vkey, "--json").said["index"] == 2
    proof.write_bytes(proof.read_bytes().replace(b'"entry": "7b', b'"entry": "7c'))
    assert wardkeep("verify", proof, "--vkey", vkey, "--json", status=1).said["ok"] is False


def test_the_queries_are_listed_with_their_text(program: Program) -> None:
    said = [json.loads(line) for line in wardkeep("evidence", "queries", "--json").out.splitlines()]
    assert {"accesses-of-patient", "acts-of-account", "cases-decided"} <= {one["name"] for one in said}
    assert all(one["text"] and len(one["sha256"]) == 64 for one in said)
