# SPDX-License-Identifier: Apache-2.0
"""Small hospital folders for tests: write a few lines, read one table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wardkeep.watch.hospital import Context, read_context

ZONE = "Asia/Shanghai"
REQUIRED = {
    "staff.csv": "staff_id,role\nS1,nurse\n",
    "accounts.csv": "account,staff_id,kind\nu1,S1,person\n",
    "patients.csv": "patient_id\nP1\n",
}


def write(folder: Path, **files: str | bytes) -> Path:
    """A folder with the required tables and `files` (name without `.csv`)."""
    for name, content in {**{k.removesuffix(".csv"): v for k, v in REQUIRED.items()}, **files}.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / f"{name}.csv").write_bytes(data)
    return folder


def read(folder: Path, name: str, content: str | bytes) -> Context:
    """One table of a folder in which it has this content."""
    write(folder, **{name: content})
    [context] = [c for c in read_context(folder, zone=ZONE) if c.name == name]
    return context


def rows(context: Context) -> list[dict[str, Any]]:
    return list(context.table.to_pylist())


def reasons(context: Context) -> list[tuple[str, str]]:
    """(position, reason up to its colon) of what was set aside."""
    return [(r.position, r.reason.split(":")[0]) for r in context.rejected]
