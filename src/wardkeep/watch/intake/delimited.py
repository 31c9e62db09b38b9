# SPDX-License-Identifier: Apache-2.0
"""Delimited text to events, as a mapping says; the events of the hospital folder are read by a mapping of their own."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence

from wardkeep.watch.event import Kind, Rejected
from wardkeep.watch.intake.cells import Dialect, records
from wardkeep.watch.intake.limits import KEEP, RECORD
from wardkeep.watch.intake.mapping import ANY, HOSPITAL, VOCABULARIES, Mapping
from wardkeep.watch.intake.row import Read, Row, to_json
from wardkeep.watch.intake.timeformat import parser
from wardkeep.watch.intake.times import BadTime, Zone

ACCESS, OTHER = str(Kind.ACCESS), str(Kind.OTHER)
#: What an event that is no access is called in the column `action`.
NO_ACTION = "query"
LARGEST = 2**62


class _BadRow(ValueError):
    """Why a row is no event; never with a value of it."""


class DelimitedReader:
    """Rows of one file to events."""

    def __init__(
        self, mapping: Mapping, names: Sequence[str] | None, width: int, *, codec: str, head: bytes, source: str
    ):
        """`names` are the header's, None without one; `width` the number of cells. ValueError: a column is missing."""
        self.dialect = Dialect(codec, mapping.separator, mapping.quote, width)
        self.format = "hospital" if mapping is HOSPITAL or mapping.name == "hospital" else f"delimited:{mapping.name}"
        self.head = head
        self.source = source
        self._mapping = mapping
        self._names = names
        zone = Zone(mapping.zone) if mapping.zone and not mapping.offset_required else None
        self._when = parser(mapping.formats, zone)
        self._at = {target: self._place(target) for target in mapping.columns}
        self._times = self._at.pop("time")
        self._empty = frozenset(mapping.empty)
        used = {i for places in (*self._at.values(), self._times) for i in places}
        self._unknown = [(i, self._name(i)) for i in range(width) if i not in used]
        self._word = {target: self._words(target) for target in VOCABULARIES}
        self._text = {target: self._mapped(target) for target in self._at if target not in VOCABULARIES}

    def _name(self, i: int) -> str:
        return (self._names[i].strip() if self._names else "") or str(i + 1)

    def _place(self, target: str) -> list[int]:
        found = []
        for place in self._mapping.places(target):
            if isinstance(place, int):
                i = place - 1 if place <= self.dialect.width else -1
            else:
                i = _named(place, self._names or ())
            if i < 0 and target not in self._mapping.optional:
                raise ValueError(f"column {place!r}, which is to become {target}, is not there")
            found.append(i)
        return found

    def _words(self, target: str) -> dict[str, str]:
        """Every word of a closed vocabulary, and what it means."""
        known = {word: word for word in VOCABULARIES[target]} | self._mapping.values.get(target, {})
        constant = self._mapping.constants.get(target)
        if constant is not None:
            known.setdefault("", str(int(constant)) if isinstance(constant, bool) else str(constant))
        known.setdefault("", {"outcome": "success", "breakglass": "0"}.get(target, known.get(ANY, "")))
        return known

    def _mapped(self, target: str) -> Callable[[str], str]:
        words, constant = self._mapping.values.get(target, {}), self._mapping.constants.get(target)
        default = "" if constant is None else str(constant)
        rest = words.get(ANY)
        if not words:
            return (lambda cell: cell or default) if default else (lambda cell: cell)
        return lambda cell: words.get(cell, (cell if rest is None else rest) or default)

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every record of a block whose first line has the number `first`."""
        out: list[Read] = []
        row, sha256 = self._row, hashlib.sha256
        for cut in records(data, first, self.dialect):
            if cut.problem is not None:
                out.append(self.rejected(cut.problem, cut.raw, cut.line))
                continue
            try:
                out.append(row(cut.cells, sha256(cut.raw).digest(), str(cut.line)))
            except _BadRow as exc:
                out.append(self.rejected(str(exc), cut.raw, cut.line))
        return out

    def rejected(self, reason: str, raw: bytes, line: int) -> Rejected:
        """A record that is none, kept."""
        long = len(raw) > RECORD
        return Rejected(
            reason=reason, format=self.format, source=self.source, position=str(line), raw=raw[:KEEP] if long else raw,
            truncated=long, head=self.head,
        )  # fmt: skip

    def _row(self, cells: list[str], digest: bytes, position: str) -> Row:
        cells = [*map(str.strip, cells), ""]  # the last one is what an absent column holds
        if self._empty:
            cells = ["" if cell in self._empty else cell for cell in cells]
        times = self._times
        try:
            moment, quality = self._when(cells[times[0]] if len(times) == 1 else " ".join(cells[i] for i in times))
        except BadTime as exc:
            raise _BadRow(f"bad-time: {exc}") from None
        text = {target: of(cells[self._at[target][0]]) for target, of in self._text.items()}
        get = text.get
        action = self._closed("action", cells)
        kind = ACCESS
        if action == OTHER:
            action, kind = NO_ACTION, OTHER
        extra = {name: cells[i] for i, name in self._unknown if cells[i]} if self._unknown else None
        patient = get("patient_id")
        several = self._mapping.lists.get("patient_id")
        patients: tuple[str, ...] = (patient,) if patient else ()
        if patient and several:
            patients = tuple(dict.fromkeys(p for p in map(str.strip, patient.split(several)) if p))
        return Row(
            get("event_id") or None, moment, quality, get("account") or self._constant("account"), patients, action,
            get("resource") or self._constant("resource"), self._count(get("count")),
            get("purpose") or self._constant("purpose"), self._closed("breakglass", cells) == "1",
            self._closed("outcome", cells), get("system") or self._constant("system") or self._mapping.system or "",
            get("workstation") or self._constant("workstation"), get("ip") or self._constant("ip"),
            get("site") or self._constant("site"), get("session_id") or None, get("query") or None,
            self._duration(get("duration_s")), kind, self.format, position, digest,
            to_json({"columns": extra}) if extra else None,
        )  # fmt: skip

    def _constant(self, target: str) -> str | None:
        value = self._mapping.constants.get(target)
        return None if value is None else str(value)

    def _closed(self, target: str, cells: list[str]) -> str:
        """The word of a closed vocabulary."""
        at, known = self._at.get(target), self._word[target]
        cell = cells[at[0]] if at else ""
        word = known.get(cell)
        if word is None:
            word = known.get(cell.casefold()) if target not in self._mapping.values else None
            word = word or known.get(ANY)
        if not word:
            raise _BadRow(f"{'no-' if not cell else 'unmapped-'}{target}: " + (
                "the cell is empty" if not cell else f"a value that neither the vocabulary nor values.{target} knows"
            ))  # fmt: skip
        return word

    def _count(self, cell: str | None) -> int:
        if not cell:
            return int(self._mapping.constants.get("count", 1))
        if not (cell.isascii() and cell.isdigit()) or len(cell) > 18:
            raise _BadRow("bad-number: count is no whole number")
        return int(cell)

    def _duration(self, cell: str | None) -> int | None:
        if not cell:
            return None
        try:
            seconds = float(cell)
        except ValueError:
            seconds = math.nan
        if not 0 <= seconds < LARGEST / 1000 or not cell.isascii():
            raise _BadRow("bad-number: duration_s is no number of seconds")
        return round(seconds * 1000)


def _named(place: str, names: Sequence[str]) -> int:
    """The column of that name, or of the first of several (`A|B`); as written, else whatever its case. -1: none."""
    stripped = [name.strip() for name in names]
    folded = [name.casefold() for name in stripped]
    for one in (place, *map(str.strip, place.split("|"))):
        if one in stripped:
            return stripped.index(one)
        if one.casefold() in folded:
            return folded.index(one.casefold())
    return -1
