# SPDX-License-Identifier: Apache-2.0
"""A checker that was written from the reference page alone, in JavaScript, says of a package what ours says."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.packages import Desk, whole_desk
from wardkeep.evidence import BundleRefused
from wardkeep.package.check import check_package

CHECKER = Path(__file__).with_name("check.mjs")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    if shutil.which("node") is None:
        pytest.skip("no node here to check with")
    return whole_desk(tmp_path_factory.mktemp("node"))


def by_node(desk: Desk) -> dict[str, Any]:
    done = subprocess.run(["node", CHECKER, desk.package, desk.vkey], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def by_us(desk: Desk) -> set[str]:
    try:
        return {one.file for one in check_package(desk.package, desk.vkey).problems}
    except BundleRefused as error:
        return {str(error).split(": ")[0].split(" is missing")[0]}


def test_a_package_that_holds_here_holds_there(desk: Desk) -> None:
    assert by_node(desk) == {"ok": True, "steps": 7, "files": []}


def test_what_is_altered_is_named_there_too(desk: Desk) -> None:
    dice = random.Random(7)
    paths = [path for path in sorted(desk.package.rglob("*")) if path.is_file() and path.name != "verifier.html"]
    for path in dice.sample(paths, 10):
        name, raw = path.relative_to(desk.package).as_posix(), path.read_bytes()
        at = dice.randrange(len(raw))
        try:
            path.write_bytes(raw[:at] + bytes([raw[at] ^ dice.randrange(1, 128)]) + raw[at + 1 :])
            said = by_node(desk)
            assert name in said["files"] and name in by_us(desk), (name, at)
        finally:
            path.write_bytes(raw)


def test_what_is_missing_or_too_many_is_named_there_too(desk: Desk) -> None:
    beyond = desk.package / "parts/0001/0009.txt"
    beyond.write_bytes(b"x")
    assert by_node(desk)["files"] == ["parts/0001/0009.txt"]
    beyond.unlink()
    part = desk.package / "parts/0004/0001.txt"
    raw = part.read_bytes()
    part.unlink()
    assert by_node(desk)["files"] == ["parts/0004/0001.txt"]
    part.write_bytes(raw)
    assert by_node(desk)["ok"] is True
