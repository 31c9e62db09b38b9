# SPDX-License-Identifier: Apache-2.0
"""The page about readers of context says of each table what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from wardkeep.watch.hospital import folder, lines, normalise, sheet
from wardkeep.watch.hospital.fhir import bulk, ndjson, shapes
from wardkeep.watch.hospital.tables import REQUIRED_TABLES, TABLES, Column, Table

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "readers-context.md"


def column(c: Column) -> str:
    words = " ".join(f"`{w}`" for w in c.values)
    said = " ".join(filter(None, ("" if c.type == "text" else c.type, words)))
    return f"{c.name}{'*' if c.required else ''}{f' ({said})' if said else ''}"


def line(t: Table) -> str:
    file = f"`{t.name}.csv`{'*' if t.name in REQUIRED_TABLES else ''}"
    return f"| {file} | {', '.join(t.key)} | {', '.join(column(c) for c in t.columns)} |"


def test_the_page_lists_every_table_and_column() -> None:
    text = PAGE.read_text(encoding="utf-8")
    missing = [line(t) for t in TABLES.values() if line(t) not in text]
    assert missing == []


def test_the_page_explains_every_code_of_a_reason() -> None:
    source = "".join(Path(m.__file__).read_text("utf-8") for m in (folder, lines, normalise, sheet, bulk, ndjson))
    codes = set(re.findall(r"""f?["']([a-z]+(?:-[a-z]+)?): [a-zA-Z{]""", source))
    text = PAGE.read_text(encoding="utf-8")
    assert {"cells", "conflict", "gzip", "owner", "time"} <= codes
    assert [c for c in codes if f"`{c}`" not in text] == []


def test_the_page_names_every_resource_that_is_read() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [r for r in shapes.SHAPES if not re.search(rf"^\| .*\b{r}\b.* \|", text, flags=re.MULTILINE)] == []
