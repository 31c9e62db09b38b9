# SPDX-License-Identifier: Apache-2.0
"""A run keeps the hash of the code that it was judged with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from wardkeep import watch
from wardkeep.watch.judgement import code_hash

ROOM = Path(watch.__file__).parent


@pytest.mark.parametrize(
    "changed",
    ["attribute/attribute.py", "detect/changes.py", "statistics/verdict.py", "statistics/names.toml",
     "intake/database/statement.py", "spelling.py", "judgement.py"],
)  # fmt: skip
def test_the_hash_tells_a_change_of_whatever_decides_what_is_found(changed: str, tmp_path: Path) -> None:
    copy = tmp_path / "watch"
    shutil.copytree(ROOM, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert code_hash(copy) == code_hash(ROOM)
    with (copy / changed).open("a") as file:
        file.write("#\n")
    assert code_hash(copy) != code_hash(ROOM)
