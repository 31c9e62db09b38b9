# SPDX-License-Identifier: Apache-2.0
"""The tutorial does what it says: its files are written and its commands run, from the page itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.acceptance.commands import environment

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "tutorial" / "first-hour.md").read_text(encoding="utf-8")
#: What has tests of its own: the demo, and a server that runs until it is stopped.
ELSEWHERE = ("make run", "source .venv/bin/activate", "wardkeep serve")
FILE = re.compile(r"^`(\w+\.csv)`\n```csv\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def run_page(folder: Path) -> dict[str, str]:
    """Each line of the page's commands with what it printed on stdout; a line that fails fails the test."""
    (folder / "trial").mkdir()
    for name, text in FILE.findall(PAGE):
        (folder / "trial" / name).write_text(text, encoding="utf-8")
    lines = [line for block in BLOCK.findall(PAGE) for line in block.splitlines() if not line.startswith(ELSEWHERE)]
    marked = "\n".join(f"printf '\\n>>> %s\\n' {number}\n{line}" for number, line in enumerate(lines))
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        ["bash", "-e", "-c", marked],
        cwd=folder,
        env=environment(HOME=str(folder), PATH=path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    printed = re.split(r"\n>>> \d+\n", "\n" + done.stdout)[1:]
    assert len(printed) == len(lines)
    return {f"{number} {line}": out for number, (line, out) in enumerate(zip(lines, printed, strict=True))}


def test_the_first_hour_goes_as_its_page_says(tmp_path: Path) -> None:
    printed = run_page(tmp_path)

    def of(words: str) -> list[str]:
        return [out for line, out in printed.items() if words in line]

    assert "/welcome/" in of("wardkeep init")[0] and "/welcome/" in of("wardkeep user create")[0]
    assert len(list((tmp_path / "wardkeep-shares").iterdir())) == 3
    assert len(of("intake read")[0].splitlines()) == 2
    first, again = of("wardkeep ingest")
    assert "2 read: 2 accepted, 0 known" in first and "2 read: 0 accepted, 2 known" in again
    (cases,) = of("wardkeep judge")
    assert "nurse2" in cases and not re.search(r"nurse1\b.*no_relationship", cases)
    assert "unbroken" in of("ledger verify")[0]
