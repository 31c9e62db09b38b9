# SPDX-License-Identifier: Apache-2.0
"""Mutated exports of context: no crash, no lost neighbour, and what is set aside can be read again without one."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wardkeep.watch.hospital import Context, FolderError, read_context, reread
from wardkeep.watch.hospital.context import schema

ZONE = "Asia/Shanghai"
ROWS, MUTATED = 400, 100
#: Mutated records over all formats in the long form.
LONG, SHORT = 100_000, 1_200
SHARDS = [
    b'"',
    b'""',
    b",",
    b"\n",
    b"\r",
    b"\0",
    b"\xff\xfe",
    b"\xc0\xee",
    b"{",
    b"}",
    b"[",
    b":",
    b'","',
    b"\\u0000",
    b"\xef\xbb\xbf",
]


def mutate(random: random.Random, record: bytes) -> bytes:
    """One to three wounds; never the same record."""
    wounded = record
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(wounded) + 1)
        to = min(len(wounded), at + random.randint(1, 12))
        wounded = random.choice(
            [
                wounded[:at] + random.choice(SHARDS) + wounded[at:],
                wounded[:at] + wounded[to:],
                wounded[:at] + bytes([random.randrange(256)]) + wounded[at + 1 :],
                wounded[:at] + wounded[at:to] * random.randint(2, 40) + wounded[to:],
                wounded[:at],
                wounded[:at] + random.randbytes(random.randint(1, 30)) + wounded[to:],
            ]
        )
    return wounded if wounded != record else record + b'"'


def table(random: random.Random, header: list[str], row: Callable[[int], list[str]]) -> list[bytes]:
    """A CSV file as records: the header first."""
    records = []
    for cells in (header, *(row(n) for n in range(ROWS))):
        out = io.StringIO()
        csv.writer(out, lineterminator="", quoting=random.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])).writerow(cells)
        records.append(out.getvalue().encode())
    return records


def hospital(random: random.Random) -> tuple[str, list[bytes], dict[str, bytes]]:
    names = ["patient_id", "name", "address", "birth_date", "sensitivity", "honey"]
    records = table(random, names, lambda n: [f"P{n}", f'Li, "{n}"', "1 Road", "1970-01-02", "vip;minor", "0"])
    rest = {"staff.csv": b"staff_id\nS1\n", "accounts.csv": b"account,kind\nu1,shared\n"}
    return "patients.csv", records, rest


def synthea(random: random.Random) -> tuple[str, list[bytes], dict[str, bytes]]:
    records = table(random, ["Id", "BIRTHDATE", "FIRST", "GENDER"], lambda n: [f"P{n}", "1970-01-02", f"A, {n}", "F"])
    return "patients.csv", records, {"organizations.csv": b"Id,NAME\no1,x\n"}


def omop(random: random.Random) -> tuple[str, list[bytes], dict[str, bytes]]:
    names = ["person_id", "gender_source_value", "year_of_birth", "month_of_birth", "day_of_birth"]
    records = table(random, names, lambda n: [f"P{n}", "F, M", "1970", "1", "2"])
    return (
        "person.csv",
        records,
        {"visit_occurrence.csv": b"visit_occurrence_id,person_id,visit_start_date\n1,P1,2020-01-01\n"},
    )


def bulk(random: random.Random) -> tuple[str, list[bytes], dict[str, bytes]]:
    def patient(n: int) -> bytes:
        name = [{"family": f'Li "{n}"', "given": ["a", "b"]}]
        return json.dumps({"resourceType": "Patient", "id": f"P{n}", "name": name, "birthDate": "1970-01-02"}).encode()

    return "Patient.ndjson", [b"", *map(patient, range(ROWS))], {}


FORMATS = {"hospital": hospital, "synthea": synthea, "omop": omop, "fhir-bulk": bulk}
COUNTS = [pytest.param(SHORT, id="short"), pytest.param(LONG, id="long", marks=pytest.mark.soak)]


def write(folder: Path, name: str, records: list[bytes], rest: dict[str, bytes]) -> None:
    (folder / name).write_bytes(b"\n".join(records) + b"\n")
    for other, data in rest.items():
        (folder / other).write_bytes(data)


def patients(folder: Path) -> Context:
    [found] = [c for c in read_context(folder, zone=ZONE) if c.name == "patients"]
    return found


def by_id(context: Context) -> dict[str, Any]:
    return {row["patient_id"]: row for row in context.table.to_pylist()}


def seeds(count: int) -> Iterator[random.Random]:
    for n in range(max(1, count // len(FORMATS) // MUTATED)):
        yield random.Random(n)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("kind", FORMATS)
def test_a_mutated_record_costs_no_neighbour(tmp_path: Path, kind: str, count: int) -> None:
    for dice in seeds(count):
        name, records, rest = FORMATS[kind](dice)
        write(tmp_path, name, records, rest)
        whole = by_id(patients(tmp_path))
        assert len(whole) == ROWS
        hit = set(dice.sample(range(1, ROWS + 1), MUTATED))
        write(tmp_path, name, [mutate(dice, r) if n in hit else r for n, r in enumerate(records)], rest)
        context = patients(tmp_path)
        left = by_id(context)
        # A neighbour that a mutated row now shares its key with is set aside as the second of the two, not lost.
        second = {r.raw for r in context.rejected if r.reason.startswith("conflict")}
        for n in range(ROWS):
            if n + 1 not in hit and left.get(f"P{n}") != whole[f"P{n}"]:
                assert records[n + 1] in second, (kind, n, records[n + 1])
        for piece in context.rejected[:5]:
            assert all(again.full is False for again in reread(piece, zone=ZONE))


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("kind", FORMATS)
def test_a_folder_that_is_wounded_anywhere_is_read_or_refused_by_name(tmp_path: Path, kind: str, count: int) -> None:
    for dice in seeds(count // 4):
        name, records, rest = FORMATS[kind](dice)
        data = b"\n".join(records)
        for _ in range(10):
            wounded = data
            for _ in range(dice.choice([1, 1, 3, 30])):
                wounded = mutate(dice, wounded[: dice.choice([60, 2000, len(wounded)])] or b"x")
            hurt = {other: mutate(dice, d) if dice.random() < 0.5 else d for other, d in rest.items()}
            write(tmp_path, name, [wounded], hurt)
            try:
                contexts = list(read_context(tmp_path, zone=ZONE))
            except FolderError as refused:
                assert ".csv" in str(refused)
                continue
            for context in contexts:
                assert context.table.schema.equals(schema(context.name))
                for piece in context.rejected[:3]:
                    assert piece.reason.partition(":")[0].replace("-", "").isalpha()
                    list(reread(piece, zone=ZONE))
