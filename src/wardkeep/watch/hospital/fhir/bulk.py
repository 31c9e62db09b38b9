# SPDX-License-Identifier: Apache-2.0
"""A folder of FHIR R4 NDJSON (a bulk export): files named for their resource type, one resource a line.

`Patient.ndjson`, `Patient.000.ndjson`, `1.Patient.ndjson.gz` are all names of patients. Each line is decoded for itself, so
that a broken one costs nothing but itself; rows are gathered by the ten thousand and normalised as those of any format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from wardkeep.watch.event import Rejected
from wardkeep.watch.hospital.context import Context, joined_keys, schema
from wardkeep.watch.hospital.fhir.moments import Calendar
from wardkeep.watch.hospital.fhir.ndjson import Line, lines_of
from wardkeep.watch.hospital.fhir.places import Places
from wardkeep.watch.hospital.fhir.rows import Rows
from wardkeep.watch.hospital.fhir.shapes import SHAPES, Resource
from wardkeep.watch.hospital.normalise import Normaliser, conflicts, connect, longest
from wardkeep.watch.hospital.sheet import bundled
from wardkeep.watch.hospital.tables import TABLES

FORMAT = "fhir-bulk"
#: A folder of bulk export has at least one of these.
_PEOPLE = {"Patient", "Practitioner", "Encounter"}
#: Resource types of an export that are neither context nor logs: claimed, and left unread.
_OTHER_NAMES = """
    AllergyIntolerance Binary CarePlan Claim ClaimResponse ClinicalImpression Communication Composition Condition Coverage
    Device DocumentReference Endpoint EpisodeOfCare ExplanationOfBenefit FamilyMemberHistory Flag Goal Group HealthcareService
    ImagingStudy Immunization Media Medication MedicationAdministration MedicationDispense MedicationStatement Observation
    Procedure Questionnaire QuestionnaireResponse RelatedPerson RiskAssessment Schedule Slot Specimen SupplyDelivery
"""
_OTHER = frozenset(_OTHER_NAMES.split())
_NAME = re.compile(r"\.ndjson(?:\.gz)?$")
_WORD = re.compile(r"[A-Za-z]+")
_CHUNK = 10_000
_SHIFT = 40
_LINE = (1 << _SHIFT) - 1
_DECODERS = {type: msgspec.json.Decoder(shape) for type, shape in SHAPES.items()}


#: Types that only add to the rows of others.
_ADDS = frozenset(("PractitionerRole", "Person"))
#: Resource type -> the tables that it makes, its own first: that one is there even where it stays empty.
_MAKES = {
    "Organization": ("departments",),
    "Location": ("departments",),
    "Practitioner": ("staff", "accounts"),
    "PractitionerRole": ("staff",),
    "Person": ("staff",),
    "Patient": ("patients",),
    "Encounter": ("encounters", "transfers", "care_team"),
    "Appointment": ("appointments",),
    "ServiceRequest": ("orders",),
    "MedicationRequest": ("orders",),
    "DiagnosticReport": ("orders",),
    "CareTeam": ("care_team",),
    "Task": ("work_items",),
    "Consent": ("consents",),
}


def bulk_files(files: Iterable[Path]) -> set[Path]:
    """The files of a bulk export; none where no file of people is among them."""
    named = {path: _type_of(path) for path in files}
    if not _PEOPLE & set(named.values()):
        return set()
    return {path for path, type in named.items() if type}


def read_bulk(files: Iterable[Path], *, zone: str) -> Iterator[Context]:
    """The tables that the resources make."""
    paths = [(type, path) for type in SHAPES for path in files if _type_of(path) == type]
    with connect() as con:
        reading = _Reading(con, zone)
        for type, path in paths:
            if type in ("Organization", "Location", "Practitioner") or type in _ADDS:
                reading.remember(type, lines_of(path))
        reading.places.settle()
        for type, path in paths:
            reading.take(type, path.name, partial(lines_of, path))
        yield from reading.contexts()


def reread_resource(piece: Rejected, *, zone: str) -> Iterator[Context]:
    """A resource that was set aside, read again without the others: what a reference leads to stays unknown.

    One that only adds to others cannot be read alone; it comes back as it was.
    """
    type = piece.format.removeprefix(f"{FORMAT}:")
    if type in _ADDS:
        name = _MAKES[type][0]
        yield Context(name=name, table=schema(name).empty_table(), rejected=(piece,), source=piece.source, full=False)
        return
    with connect() as con:
        reading = _Reading(con, zone)
        first = int(piece.position.partition("-")[0])
        problem = piece.reason if piece.truncated else ""
        lines = [Line(n, raw, piece.truncated, problem) for n, raw in enumerate(piece.raw.split(b"\n"), first)]
        reading.take(type, piece.source, lambda: iter(lines))
        yield from (replace(made, full=False) for made in reading.contexts())


class _Reading:
    """One pass over an export."""

    def __init__(self, con: duckdb.DuckDBPyConnection, zone: str) -> None:
        self._con, self._zone = con, zone
        self.places = Places()
        self._rows = Rows(Calendar(zone), self.places)
        #: Resource type, name and lines of each file.
        self._files: list[tuple[str, str, Callable[[], Iterator[Line]]]] = []
        #: Our tables while they are being made; `line` in them is file number << 40 | line.
        self._parts: dict[str, list[pa.Table]] = {}
        #: Natural keys of bad rows, by table.
        self._held: dict[str, list[pa.Table]] = {}
        #: Tables of which some row that may be there is not known by its key.
        self._nameless: set[str] = set()
        #: (file number, line) -> what was set aside; a resource that makes several bad rows is one piece.
        self._broken: dict[tuple[int, int], Rejected] = {}

    def remember(self, type: str, lines: Iterable[Line]) -> None:
        """Note what other resources refer to."""
        for line in lines:
            resource, _ = _decoded(type, line)
            if resource is not None:
                self.places.take(resource)

    def take(self, type: str, source: str, open_lines: Callable[[], Iterator[Line]]) -> None:
        """Make the rows of one file."""
        number = len(self._files)
        self._files.append((type, source, open_lines))
        lines = open_lines()
        if type not in _ADDS:
            self._parts.setdefault(_MAKES[type][0], [])
        while chunk := list(islice(lines, _CHUNK)):
            gathered: dict[str, list[dict[str, str | int]]] = {}
            for line in chunk:
                resource, problem = _decoded(type, line)
                if resource is None:
                    self._parts.setdefault(_MAKES[type][0], [])
                    self._set_aside(number, line, problem)
                    self._nameless.update(_MAKES[type])
                    continue
                for table, cells, src in self._rows.of(resource):
                    gathered.setdefault(table, []).append({**cells, "src": src, "line": line.number})
            by_number = {line.number: line for line in chunk}
            for table, rows in gathered.items():
                for where, why in self._cast(table, rows, number):
                    self._set_aside(number, by_number[where], why)

    def contexts(self) -> Iterator[Context]:
        """Every table that was made, one row a key."""
        made = {name: self._finished(name) for name in TABLES if name in self._parts}
        for name, table in made.items():
            mine = [n for n, (type, _, _) in enumerate(self._files) if name in _MAKES[type]]
            pieces: list[Rejected] = []
            for number in [n for n in mine if name == _MAKES[self._files[n][0]][0]]:
                pieces += bundled([self._broken[at] for at in sorted(self._broken) if at[0] == number], before=0)
            yield Context(
                name=name,
                table=table,
                rejected=tuple(pieces),
                source=self._files[mine[0]][1],
                full=name not in self._nameless,
                held=joined_keys(name, self._held.get(name, [])),
            )

    def _finished(self, name: str) -> pa.Table:
        """The rows of a table, one a key; of those that say something else under one key the later are set aside."""
        empty = schema(name).append(pa.field("line", pa.int64())).empty_table()
        rows = pa.concat_tables([empty, *(part.cast(empty.schema) for part in self._parts[name])])
        if TABLES[name].id is None and "end_us" in rows.column_names:
            rows = longest(self._con, name, rows)
        rows, differing = conflicts(self._con, name, rows)
        why = f"conflict: an earlier resource has the same {', '.join(TABLES[name].key)}, the rest differs"
        for number, (type, _, open_lines) in enumerate(self._files):
            sought = {where & _LINE for where, _ in differing if where >> _SHIFT == number}
            # What a resource says beside its own table, an earlier one said as well.
            for line in open_lines() if sought and _MAKES[type][0] == name else ():
                if line.number in sought:
                    self._set_aside(number, line, why)
        return rows.drop_columns("line")

    def _cast(self, table: str, rows: list[dict[str, str | int]], number: int) -> list[tuple[int, str]]:
        """Keep the good rows; (line, reason) of the others."""
        columns = [(c.name, pa.string()) for c in TABLES[table].columns]
        cells = pa.array(rows, pa.struct([*columns, ("src", pa.string()), ("line", pa.int64())]))
        text = pa.table({f.name: pc.fill_null(cells.field(f.name), "") for f in cells.type if f.name != "line"})
        normaliser = Normaliser(self._con, table, zone=self._zone, file="")
        cast = normaliser.cast(text.append_column("line", cells.field("line")))
        self._held.setdefault(table, []).append(cast.held)
        if cast.nameless:
            self._nameless.add(table)
        good = cast.good
        placed = pc.add(good["line"], pa.scalar(number << _SHIFT, pa.int64()))
        good = good.set_column(good.column_names.index("line"), "line", placed)
        self._parts.setdefault(table, []).append(good)
        return [(int(rows[row]["line"]), why) for row, why in cast.bad]

    def _set_aside(self, number: int, line: Line, why: str) -> None:
        type, source, _ = self._files[number]
        self._broken.setdefault(
            (number, line.number),
            Rejected(
                reason=why,
                format=f"{FORMAT}:{type}",
                source=source,
                position=str(line.number),
                raw=line.raw,
                truncated=line.truncated,
            ),
        )


def _decoded(type: str, line: Line) -> tuple[Resource | None, str]:
    """The resource of a line, or why there is none."""
    if line.problem:
        return None, line.problem
    try:
        resource = _DECODERS[type].decode(line.raw)
    except msgspec.ValidationError as problem:
        return None, f"shape: {problem}"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, "json: not a JSON object in UTF-8"
    if resource.resource_type == type and resource.id:
        return resource, ""
    return None, f"type: no {type} with an id"


def _type_of(path: Path) -> str:
    """The resource type that a file is named for, '' where it is none of an export."""
    if not _NAME.search(path.name):
        return ""
    words = [w for w in _WORD.findall(_NAME.sub("", path.name)) if w in SHAPES or w in _OTHER]
    return words[0] if len(words) == 1 else ""
