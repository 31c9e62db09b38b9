# SPDX-License-Identifier: Apache-2.0
"""No stray marks in what is handed over: no machine's paths, no left-over notes, no unsafe short cuts, no huge files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.unit.house.files import ROOT, files, name

LONGEST = 450
#: Made of parts that are each read in one sitting.
PUT_TOGETHER = {"src/wardkeep/ledger/page/verifier.html"}
TEXT = (".py", ".sql", ".sh", ".html", ".css", ".js", ".toml", ".md", ".txt", ".yaml", ".json", "")


def lines_with(pattern: str, *suffixes: str, under: tuple[str, ...] | None = None) -> Iterator[str]:
    """`file:line: text` for each hit outside the tests of the house, which must spell what they forbid."""
    wanted = re.compile(pattern)
    for path in files(*suffixes, under=under) if under else files(*suffixes):
        if path.is_relative_to(ROOT / "tests" / "unit" / "house"):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a sample in another encoding, or a picture
        for number, line in enumerate(text.splitlines(), start=1):
            if wanted.search(line):
                yield f"{name(path)}:{number}: {line.strip()[:100]}"


def test_every_python_file_opens_with_its_licence() -> None:
    def lacking(path: Path) -> bool:
        text = path.read_text(encoding="utf-8")
        return bool(text) and "SPDX-License-Identifier: Apache-2.0" not in "\n".join(text.splitlines()[:2])

    assert [name(path) for path in files(".py") if lacking(path)] == []


def test_a_file_is_readable_in_one_sitting() -> None:
    code = files(".py", ".sql", ".html", ".css", ".js", under=("src", "simulate", "bench", "tools", "tests"))
    sizes = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in code}
    assert {path: size for path, size in sizes.items() if size > LONGEST and path not in PUT_TOGETHER} == {}


def test_no_note_was_left_for_later() -> None:
    assert list(lines_with(r"\b(TODO|FIXME|XXX|HACK)\b", ".py", ".sql", ".html", ".css", ".js", ".toml", ".md")) == []


def test_no_path_or_registry_of_one_machine_is_written_down() -> None:
    machine = r"/work/|/opt/pypi|/root/|pypi\.org|pythonhosted|deb\.debian|npmjs|registry\.[a-z]"
    assert list(lines_with(machine, *TEXT)) == []


def test_nothing_verifies_less_or_runs_a_shell_with_input() -> None:
    unsafe = r"verify\s*=\s*False|shell\s*=\s*True|check_hostname\s*=\s*False|\bos\.system\(|\beval\(|\bexec\("
    assert list(lines_with(unsafe, ".py", under=("src", "simulate", "bench", "tools"))) == []


def test_no_page_loads_anything_from_another_host() -> None:
    foreign = r"""(src|href|action|url\(|@import)\s*[=(]?\s*["']?(https?:)?//"""
    assert list(lines_with(foreign, ".html", ".css", ".js", under=("src",))) == []


def test_the_program_prints_through_the_frame_of_its_command_line() -> None:
    assert list(lines_with(r"^\s*print\(|\bbreakpoint\(|\bimport pdb\b", ".py", under=("src",))) == []
