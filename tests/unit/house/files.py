# SPDX-License-Identifier: Apache-2.0
"""The files of the repository, found without git so that an unpacked source archive can be checked too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("src", "simulate", "bench", "tools", "tests", "docs", ".ci", "requirements")
MADE = {"__pycache__", "node_modules"}


def files(*suffixes: str, under: tuple[str, ...] = FOLDERS) -> Iterator[Path]:
    """Every file of the repository that ends so, in the folders and (where all folders are asked for) at the top."""
    found = [path for folder in under for path in (ROOT / folder).rglob("*")]
    if under is FOLDERS:
        found += ROOT.glob("*")
    for path in sorted(found):
        if path.is_file() and not MADE & set(path.parts) and (not suffixes or path.suffix in suffixes):
            yield path


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))
