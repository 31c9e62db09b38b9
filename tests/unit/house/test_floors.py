# SPDX-License-Identifier: Apache-2.0
"""The floors of the house hold, and the contract that says so forgets no room."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.unit.house.files import ROOT, files, name

HOUSE = ROOT / "src" / "wardkeep"
#: Not rooms: the description of the program itself, which every floor above the engines may read.
HALLS = {"__init__", "__main__", "alerts", "django", "home", "listeners", "notices", "settings"}
PURE = ("evidence", "keys", "ledger", "watch")
#: The one place that reads the time of day is wardkeep.home.now; a clock is handed to those below.
CLOCKS = {"now", "utcnow", "today", "time", "time_ns"}


def contract() -> ConfigParser:
    parser = ConfigParser()
    parser.read(ROOT / ".importlinter", encoding="utf-8")
    return parser


def modules_of(option: str, section: str) -> set[str]:
    text = contract().get(f"importlinter:contract:{section}", option)
    return {word.strip("()") for word in re.split(r"[\s:|]+", text) if word}


def rooms(folder: Path, prefix: str) -> set[str]:
    found = set()
    for path in folder.iterdir():
        is_room = path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))
        if is_room and path.stem not in HALLS and path.name != "__pycache__":
            found.add(f"{prefix}.{path.stem}")
    return found


def test_the_import_contract_is_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_stands_on_a_floor_of_the_contract() -> None:
    floors = modules_of("layers", "floors")
    there = (rooms(HOUSE, "wardkeep") | rooms(HOUSE / "watch", "wardkeep.watch")) - {"wardkeep.watch"}
    assert there - floors == set()


def test_every_engine_is_held_to_be_pure() -> None:
    pure = modules_of("source_modules", "pure")
    engines = rooms(HOUSE / "watch", "wardkeep.watch") - {"wardkeep.watch.cases"}
    assert engines - pure == set()


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_reads_no_clock(room: str) -> None:
    """Moments are passed in, so that a judgement can be made again."""
    readers = []
    for path in files(".py", under=(f"src/wardkeep/{room}",)):
        if path.is_relative_to(HOUSE / "watch" / "cases"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id in ("datetime", "date", "time"):
                    readers.append(f"{name(path)}:{node.lineno}")
    assert readers == []


def test_everything_imported_is_declared() -> None:
    """What the program imports is a dependency of its own, not by luck one of another's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = sum(project["optional-dependencies"].values(), project["dependencies"])
    names = {re.split(r"[\[<>=~! ]", line)[0].replace("-", "_").lower() for line in declared}
    names |= {"allauth"} if "django_allauth" in names else set()
    names |= set(sys.stdlib_module_names) | {"wardkeep", "simulate"}
    imported: dict[str, str] = {}
    for path in files(".py", under=("src", "simulate")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                words = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                words = [node.module]
            else:
                continue
            imported.update({word.split(".")[0]: f"{name(path)}:{node.lineno}" for word in words})
    assert {word: place for word, place in imported.items() if word not in names} == {}
