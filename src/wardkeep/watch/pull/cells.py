# SPDX-License-Identifier: Apache-2.0
"""Rows of a database to events by a mapping, as if they were rows of a CSV with the columns that the mapping uses.

Only those columns are asked for, and the hash of a record is that of their texts: a column more in the view changes nothing.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from wardkeep.watch.intake.limits import RECORD
from wardkeep.watch.intake.mapping import Mapping, also_iso
from wardkeep.watch.intake.row import Read, set_aside
from wardkeep.watch.intake.rowmaker import BadRow, RowMaker
from wardkeep.watch.pull.errors import SchemaChanged
from wardkeep.watch.pull.watermark import Mark, to_text


def used_columns(mapping: Mapping, there: Sequence[str], watermark: str) -> list[str]:
    """The columns of the view that the mapping and the watermark name, in the view's order. Raises SchemaChanged."""
    if any(isinstance(place, int) for place in mapping.named):
        raise SchemaChanged(f"mapping {mapping.name} numbers its columns", hint="a view has names: name them")
    named = {one.strip().casefold() for place in mapping.named for one in (str(place), *str(place).split("|"))}
    if watermark.casefold() not in {one.casefold() for one in there}:
        raise SchemaChanged(f"the view has no column {watermark}, which is to be the watermark", hint=_columns(there))
    return [one for one in there if one.casefold() in named | {watermark.casefold()}]


def column_named(there: Sequence[str], name: str) -> str:
    """A column as the view writes it, whatever case it is asked for in. Raises SchemaChanged."""
    for one in (name, *there):
        if one in there and one.casefold() == name.casefold():
            return one
    raise SchemaChanged(f"the view has no column {name}", hint=_columns(there))


def _columns(there: Sequence[str]) -> str:
    return f"it has {', '.join(there)}"


class RowReader:
    """Rows of one view to events."""

    def __init__(self, mapping: Mapping, columns: Sequence[str], *, source: str) -> None:
        """Raises SchemaChanged where a column that the mapping needs is not there."""
        plain = msgspec.structs.replace(mapping, encoding="utf-8", separator=",", quote='"', header=True, skip_lines=0)
        self._source, self._format = source, f"delimited:{mapping.name}"
        try:
            self._maker = RowMaker(also_iso(plain), columns, len(columns), self._format)
        except ValueError as exc:
            raise SchemaChanged(f"{exc} (mapping {mapping.name})", hint=_columns(columns)) from None
        self._head = _line([*columns]) + b"\n"

    def read(self, values: Sequence[Any], mark: Mark) -> Read:
        """The event of a row."""
        cells = [text_of(value) for value in values]
        raw, position = _line(cells), to_text(mark)
        try:
            if len(raw) > RECORD:
                raise BadRow(f"too-long: a row of {len(raw)} bytes, more than {RECORD}")
            if b"\0" in raw:
                raise BadRow("nul-byte: a text of the row holds a zero byte")
            return self._maker.make(cells, hashlib.sha256(raw).digest(), position)
        except BadRow as exc:
            return set_aside(str(exc), raw, form=self._format, source=self._source, position=position, head=self._head)


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue().encode("utf-8", "backslashreplace")


def text_of(value: Any) -> str:
    """A value as text: the same for the same value, whichever driver gave it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return _bytes(bytes(value))
    return _number(value) if isinstance(value, bool | float | Decimal | timedelta) else str(value)


def _number(value: bool | float | Decimal | timedelta) -> str:
    """A number without a point where it is whole; a length in seconds."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, Decimal) and value.is_finite():
        return str(int(value)) if value == value.to_integral_value() else format(value.normalize(), "f")
    if isinstance(value, bool | float) and float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _bytes(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()
