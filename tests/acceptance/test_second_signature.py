# SPDX-License-Identifier: Apache-2.0
"""The setting ledger.second_signature, and an auditor who asks for both signatures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.commands import wardkeep
from tests.acceptance.program import Program

pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="no ML-DSA in this cryptography")


def test_a_home_signs_twice_where_that_is_set_and_an_auditor_can_ask_for_both(program: Program, tmp_path: Path) -> None:
    program.json("ledger", "prove", "1", "--out", tmp_path / "once", "--entry", tmp_path / "entry")
    config = program.home / "config.toml"
    config.write_text(config.read_text().replace('second_signature = "none"', 'second_signature = "ml-dsa-44"'))
    assert program.json("ledger", "status")["second_vkey"] is None
    program.json("user", "create", "one-more", "--role", "auditor")
    said = program.json("ledger", "status")
    program.json("ledger", "prove", "1", "--out", tmp_path / "twice", "--entry", tmp_path / "entry2")
    both = ("--vkey", said["vkey"], "--second-vkey", said["second_vkey"])
    wardkeep("ledger", "check", tmp_path / "twice", "--entry", tmp_path / "entry", *both)
    wardkeep("ledger", "check", tmp_path / "twice", "--entry", tmp_path / "entry", "--vkey", said["vkey"])
    wardkeep("ledger", "check", tmp_path / "once", "--entry", tmp_path / "entry", *both, status=1)
    wrong = ("--vkey", said["vkey"], "--second-vkey", said["vkey"])
    wardkeep("ledger", "check", tmp_path / "twice", "--entry", tmp_path / "entry", *wrong, status=2)
    program.verify()
    program.json("ledger", "daily")
    program.json("ledger", "minutes", "--out", tmp_path / "m.svg")
    program.json("ledger", "rotate-key")
    program.verify()
