# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger rotate-key` and `keys`, as an operator calls them, and what an auditor with the old key makes of it."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.commands import serving, wardkeep
from tests.acceptance.program import Program


def test_after_a_rotation_everything_goes_on_and_the_old_key_still_verifies_all(
    program: Program, tmp_path: Path
) -> None:
    old = program.json("ledger", "status")["vkey"]
    program.json("ledger", "prove", "1", "--out", tmp_path / "p", "--entry", tmp_path / "e")
    done = program.json("ledger", "rotate-key")
    assert done["old"] == old and done["vkey"] != old
    again = program.json("ledger", "rotate-key")
    assert again["old"] == done["vkey"]
    program.json("user", "create", "one-more", "--role", "auditor")
    assert program.json("ledger", "status")["vkey"] == again["vkey"]
    for vkey in (old, done["vkey"], again["vkey"]):
        assert program.json("ledger", "verify", "--vkey", vkey)["ok"] is True
    wardkeep("ledger", "check", tmp_path / "p", "--entry", tmp_path / "e", "--vkey", old)
    keys = [one["vkey"] for one in program.call("ledger", "keys", "--vkey", old, "--json").lines]
    assert keys == [old, done["vkey"], again["vkey"]]


def test_an_auditor_follows_the_keys_of_a_copy_from_the_one_he_has(program: Program, tmp_path: Path) -> None:
    old = program.json("ledger", "status")["vkey"]
    new = program.json("ledger", "rotate-key")["vkey"]
    program.json("ledger", "export", tmp_path / "out")
    file = tmp_path / "out" / "keys.jsonl"
    said = wardkeep("ledger", "keys", "--from", file, "--vkey", old, "--lang", "en").out.splitlines()
    assert said[-1].endswith(new) and (tmp_path / "out/2026/vkey").parent.parent == tmp_path / "out"
    foreign = old.replace("+", "-x+", 1)
    wardkeep("ledger", "keys", "--from", file, "--vkey", foreign, status=2)
    file.write_bytes(file.read_bytes().replace(b'"index":', b'"index":1'))
    wardkeep("ledger", "keys", "--from", file, "--vkey", old, status=1)
    wardkeep("ledger", "keys", "--from", file, status=2)


def test_a_rotation_is_refused_while_the_home_is_served(program: Program) -> None:
    with serving(program.home):
        program.call("ledger", "rotate-key", status=3)
    assert len(program.call("ledger", "keys", "--json").lines) == 1


def test_a_rotation_that_is_killed_anywhere_is_finished_or_was_never_begun(program: Program) -> None:
    old = program.json("ledger", "status")["vkey"]
    dice, rotated = random.Random(7), 0
    for number in range(8):
        process = program.start("ledger", "rotate-key", "--json")
        try:
            process.communicate(timeout=0.25 + dice.random() * 0.5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        program.json("user", "create", f"person-{number}", "--role", "auditor")
        keys = len(program.call("ledger", "keys", "--vkey", old, "--json").lines)
        assert keys - 1 in (rotated, rotated + 1)
        rotated = keys - 1
        assert program.json("ledger", "verify", "--vkey", old)["ok"] is True
    program.json("ledger", "rotate-key")
    program.verify()


@pytest.mark.parametrize("name", ["sign-ledger-2.key"])
def test_the_new_key_lies_wrapped_beside_the_old_one(name: str, program: Program) -> None:
    program.json("ledger", "rotate-key")
    assert {"sign-ledger.key", name} <= {p.name for p in (program.home / "keys").iterdir()}
