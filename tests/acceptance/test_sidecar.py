# SPDX-License-Identifier: Apache-2.0
"""The setting ledger.sidecar, and an auditor who has OpenSSL, or this program without a home."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.commands import wardkeep
from tests.acceptance.program import Program

pytest.importorskip("tongsuopy.crypto", reason="no library for SM2 here")


def by_openssl(note: Path, key: Path) -> bool:
    """Whether OpenSSL takes the signature in a sidecar, as the page for auditors tells it."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to compare with")
    text, _, line = note.read_text().rpartition("\n\n")
    (note.parent / "text").write_text(text + "\n")
    (note.parent / "signature").write_bytes(base64.b64decode(line.split()[2])[4:])
    words = ["openssl", "pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"]
    more = ["-in", "text", "-sigfile", "signature", "-pubin", "-inkey", str(key)]
    return subprocess.run([*words, *more], cwd=note.parent, capture_output=True, check=False).returncode == 0


def test_a_home_signs_with_sm2_where_that_is_set_and_an_auditor_checks_it(program: Program, tmp_path: Path) -> None:
    said = program.json("ledger", "status")
    assert (said["sm2"]["state"], said["sm2_vkey"]) == ("missing", None)
    program.call("ledger", "prove", "1", "--out", tmp_path / "p", "--sidecar", tmp_path / "s", status=2)
    program.json("ledger", "daily")
    config = program.home / "config.toml"
    config.write_text(config.read_text().replace('sidecar = "none"', 'sidecar = "sm2"'))
    program.json("user", "create", "one-more", "--role", "auditor")
    program.json("ledger", "daily")  # the day was kept before; it is signed now
    said = program.json("ledger", "status")
    assert (said["sm2"]["state"], said["sm2"]["size"]) == ("holds", said["size"])
    assert said["daily"][0]["sm2"]["state"] == "holds"
    assert "SM2" in program.call("ledger", "status", "--lang", "zh").out
    program.verify()
    program.json("ledger", "export", tmp_path / "out")
    for note in (tmp_path / "out/2026/checkpoint.sm2", *(tmp_path / "out/daily").glob("*/checkpoint.sm2")):
        assert by_openssl(note, tmp_path / "out/sm2.pem")
    program.json("user", "create", "two-more", "--role", "auditor")
    words = ("--out", tmp_path / "p", "--entry", tmp_path / "e", "--sidecar", tmp_path / "s")
    program.json("ledger", "prove", "1", *words)
    check = ("ledger", "check", tmp_path / "p", "--entry", tmp_path / "e", "--vkey", said["vkey"])
    wardkeep(*check, "--sidecar", tmp_path / "s", "--sm2-vkey", said["sm2_vkey"])
    older = wardkeep(
        *check, "--sidecar", tmp_path / "out/2026/checkpoint.sm2", "--sm2-vkey", said["sm2_vkey"], status=1
    )
    assert "not of the proof's checkpoint" in older.out
    wardkeep(*check, "--sidecar", tmp_path / "s", status=2)
    wardkeep(*check, "--sidecar", tmp_path / "s", "--sm2-vkey", said["vkey"], status=2)
    program.json("ledger", "rotate-key")
    program.verify()


def test_a_signature_that_was_changed_is_told_by_status_verify_and_check(program: Program, tmp_path: Path) -> None:
    config = program.home / "config.toml"
    config.write_text(config.read_text().replace('sidecar = "none"', 'sidecar = "sm2"'))
    program.json("user", "create", "one-more", "--role", "auditor")
    program.json("ledger", "daily")
    vkeys = program.json("ledger", "status")
    program.json(
        "ledger", "prove", "1", "--out", tmp_path / "p", "--entry", tmp_path / "e", "--sidecar", tmp_path / "s"
    )
    beside = program.home / "data/ledger/logs" / vkeys["logs"][-1]["log"] / "checkpoint.sm2"
    (daily,) = (program.home / "data/ledger/daily").glob("*/checkpoint.sm2")
    for path in (beside, daily, tmp_path / "s"):
        head, _, last = path.read_text().rpartition(" ")
        raw = bytearray(base64.b64decode(last))
        raw[-1] ^= 1
        path.write_text(f"{head} {base64.b64encode(raw).decode()}\n")
    said = program.json("ledger", "status", status=1)
    assert said["sm2"]["state"] == said["daily"][0]["sm2"]["state"] == "fails"
    problems = program.json("ledger", "verify", status=1)["problems"]
    assert [one["where"].rpartition("/")[2] for one in problems] == ["checkpoint.sm2", "checkpoint.sm2"]
    check = ("ledger", "check", tmp_path / "p", "--entry", tmp_path / "e", "--vkey", vkeys["vkey"])
    wardkeep(*check, "--sidecar", tmp_path / "s", "--sm2-vkey", vkeys["sm2_vkey"], status=1)
