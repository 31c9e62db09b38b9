# SPDX-License-Identifier: Apache-2.0
"""Values of JSON whose shape nobody promised: what is of another kind is as if it were not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from wardkeep.watch.intake import times
from wardkeep.watch.intake.ocsf.classes import PATIENT_FIELDS, PATIENT_IDS
from wardkeep.watch.intake.times import OFFSET, BadTime, Moment, Zone

#: How deep, and through how many values, patients are looked for in what is not mapped.
DEEPEST, MOST = 8, 20_000
#: A reference to a patient, as FHIR writes it.
REFERENCE = re.compile(r"(?:^|/)Patient/[^/?#|\s]+")
#: A patient in a path that is no FHIR: what stands behind `patients` and holds a digit. A word alone (`recent`) is none.
_IN_PATH = re.compile(r"/(?:patients?|患者|病人)/(?!v\d+(?:/|\Z))([^/?#\s]*\d[^/?#\s]*)", re.IGNORECASE)


class BadEvent(ValueError):
    """Why a record is no event; never with a value of it."""


def fields(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """A list, or a list of the one value."""
    return value if isinstance(value, list) else [] if value is None else [value]


def text(value: object) -> str | None:
    """A text that says something; a whole number as one."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if -(10**30) < value < 10**30 else None
    return None


def number(value: object) -> int | None:
    """A whole number, also where it is written as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 16:
        return int(value)
    return None


def first(*values: object) -> str | None:
    """The first that says something."""
    return next((found for value in values if (found := text(value)) is not None), None)


def moment(value: object, zone: Zone) -> Moment:
    """A time: seconds, milliseconds, microseconds or nanoseconds since 1970 by its size, or ISO 8601. Raises BadTime."""
    if isinstance(value, str) and not value.strip().lstrip("-").replace(".", "", 1).isdigit():
        return times.iso(value.strip(), zone)
    if isinstance(value, str):
        try:
            value = float(value) if "." in value else int(value)
        except ValueError:
            raise BadTime("no count of seconds") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadTime("no time")
    # Each size stands for years from 1970 on that the next one cannot mean: 1e11 s is the year 5138, 1e11 ms is 1973.
    size = abs(value)
    if not size < 1e21:  # also what is no number
        raise BadTime("no such time")
    if size < 1e11:
        micros = value * 1_000_000
    elif size < 1e14:
        micros = value * 1_000
    else:
        micros = value if size < 1e17 else value // 1_000
    return times.checked(int(micros)), OFFSET


def patients_in(value: object) -> list[str]:
    """The patients that fields name, wherever they stand in it, as they are written."""
    return list(dict.fromkeys(_patients(value)))


def patients_of_address(address: str) -> list[str]:
    """The patients that the path or a parameter of an address names."""
    path, _, asked = address.partition("?")
    found = [unquote(one) for one in _IN_PATH.findall(path)]
    if asked:
        found += [
            value
            for name, value in parse_qsl(asked.partition("#")[0])
            if bare(name) in PATIENT_FIELDS and value.strip()
        ]
    return found


def decoded(value: object) -> object:
    """A value that may be JSON in a text."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
    return value


def unmapped(event: dict[str, Any]) -> dict[str, Any]:
    """What its source said beside the schema; also where it is JSON in a text."""
    return fields(decoded(event.get("unmapped")))


def _patients(value: object) -> Iterator[str]:
    waiting: list[tuple[object, int]] = [(value, 0)]
    seen = 0
    while waiting and seen < MOST:
        one, depth = waiting.pop()
        seen += 1
        if isinstance(one, list):
            waiting += [
                (inner, depth + 1) for inner in reversed(one) if isinstance(inner, dict | list) and depth < DEEPEST
            ]
            continue
        inside = []
        named = fields(one)
        if named.get("resourceType") == "Patient" and (own := text(named.get("id"))) is not None:
            yield own
        for key, inner in named.items():
            if bare(key) in PATIENT_FIELDS:
                for part in items(inner)[:MOST]:
                    found = text(part) or first(*(fields(part).get(name) for name in PATIENT_IDS))
                    if found is not None:
                        yield found
            elif isinstance(inner, dict | list):
                if depth < DEEPEST:
                    inside.append((inner, depth + 1))
            elif key in ("reference", "subject") and isinstance(inner, str) and REFERENCE.search(inner):
                yield inner.strip()
        waiting += reversed(inside)


@lru_cache(maxsize=4_096)
def bare(name: str) -> str:
    """A field's name without case and signs: `Patient-ID`, `patient.id` and `patientId` are one."""
    return "".join(c for c in name[:64] if c.isalnum()).lower()
