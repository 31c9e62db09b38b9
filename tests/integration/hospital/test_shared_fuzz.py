# SPDX-License-Identifier: Apache-2.0
"""The readers of context under the mutations that the readers of logs are put to."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Hashable
from pathlib import Path

import pytest

from tests.integration.intake.fuzz import ZONE, Outcome, Target, attack, prepare
from tests.integration.intake.seeds import NAMES, ROWS, Seed
from wardkeep.watch.hospital import Context, read_context, reread

REST = {"staff.csv": "staff_id\nS1\n", "accounts.csv": "account,kind\nu1,shared\n"}


def people(quoting: int) -> Seed:
    """patients.csv, with quotes, separators and line feeds in its cells."""

    def record(cells: list[str]) -> bytes:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n", quoting=quoting).writerow(cells)  # type: ignore[arg-type]
        return out.getvalue().encode()

    data = record(["patient_id", "name", "address", "birth_date", "sensitivity", "honey"])
    spans = []
    for n in range(ROWS):
        row = record([f"P{n}", NAMES[n % 8], "Row 1\nYard 2" if n == 5 else "1 Road", "1970-01-02", "vip;minor", "0"])
        spans.append((len(data), len(data) + len(row) - 1))
        data += row
    return Seed("patients", "patients.csv", data, tuple(spans))


def resources() -> Seed:
    """Patient.ndjson."""
    data, spans = b"", []
    for n in range(ROWS):
        name = [{"family": NAMES[n % 8]}]
        line = json.dumps({"resourceType": "Patient", "id": f"P{n}", "name": name, "birthDate": "1970-01-02"}).encode()
        spans.append((len(data), len(data) + len(line)))
        data += line + b"\n"
    return Seed("bulk", "Patient.ndjson", data, tuple(spans))


def reader(rest: dict[str, str]) -> Callable[[Path, bytes], Outcome]:
    """The patients of a folder. A row whose key an earlier one has is set aside, not lost: it counts by what it says."""

    def read(path: Path, _: bytes) -> Outcome:
        for name, content in rest.items():
            (path.parent / name).write_text(content)
        [found] = [c for c in read_context(path.parent, zone=ZONE) if c.name == "patients"]
        second = [p for p in found.rejected if p.reason.startswith("conflict")]
        again = [row for p in second for context in reread(p, zone=ZONE) for row in said(context)]
        return Outcome((*said(found), *again), found.rejected)

    return read


def said(context: Context) -> list[Hashable]:
    return [tuple(sorted(row.items(), key=str)) for row in context.table.to_pylist()]


TARGETS = (
    Target("context-minimal", people(csv.QUOTE_MINIMAL), reader(REST)),
    Target("context-quoted", people(csv.QUOTE_ALL), reader(REST)),
    Target("context-bulk", resources(), reader({})),
)


@pytest.mark.parametrize("target", TARGETS, ids=lambda t: t.name)
@pytest.mark.parametrize(
    "count", [pytest.param(60, id="short"), pytest.param(5_000, id="long", marks=pytest.mark.soak)]
)
def test_a_mutated_row_of_context_costs_itself_and_no_other(target: Target, count: int, tmp_path: Path) -> None:
    prepare(target, tmp_path)
    for i in range(count):
        trouble = attack(target, random.Random(f"{target.name}:{i}"), tmp_path)
        assert trouble is None, f"{target.name} input {i}: {trouble}"
