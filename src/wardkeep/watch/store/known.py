# SPDX-License-Identifier: Apache-2.0
"""What the store knows already: a batch of events is told apart into new ones, repetitions and contradictions."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wardkeep.watch.store.dedup import BESIDE, CONTENT, Events
from wardkeep.watch.store.folder import Folder
from wardkeep.watch.store.keyindex import Hashes, HashSet, SegmentKeys, within
from wardkeep.watch.store.manifest import FileRow
from wardkeep.watch.store.retention import QueryKeys
from wardkeep.watch.store.segment import unpack
from wardkeep.watch.store.views import read_keys

#: Segments whose rows stay open while a batch is compared.
OPEN = 4
#: Segments whose index stays open.
OPEN_KEYS = 64
#: So many hashes are looked up without all keys in memory, and so often.
FEW, PASSES = 5000, 6
Bits = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event is stored: the rows `first` to `last` of a segment."""

    row: FileRow
    first: int
    last: int

    @property
    def order(self) -> tuple[str, int]:
        return self.row.log or "", self.row.numbers.of(self.first)


@dataclass(frozen=True, slots=True)
class Conflict:
    """An event whose key is known with another content."""

    event: int
    #: The fields that differ.
    fields: tuple[str, ...]


@dataclass(slots=True)
class Verdict:
    """Of each event: is it new, is it a repetition; and which contradict."""

    fresh: Bits
    repeated: Bits
    conflicts: list[Conflict] = field(default_factory=list)


class Known:
    """The stored events, as far as keys and contents go. Belongs to the one session that takes in."""

    def __init__(self, folder: Folder, segments: Sequence[FileRow], queries: QueryKeys) -> None:
        self._folder, self._queries = folder, queries
        self._segments = list(segments)
        self._keys: OrderedDict[str, SegmentKeys] = OrderedDict()
        self._rows: OrderedDict[str, pa.Table] = OrderedDict()
        #: All keys and all names, once there is enough to ask for.
        self._sets: tuple[HashSet, HashSet] | None = None
        self._passes = 0

    def see(self, segments: Sequence[FileRow]) -> None:
        """The segments are these now: another session has stored some, or made one of several."""
        here = {row.id for row in segments}
        before = {row.id for row in self._segments}
        new = [row for row in segments if row.id not in before]
        had: set[tuple[str, int]] = set()
        if self._sets is not None and any(row.compacted for row in new):
            had = {(row.log or "", first) for row in self._segments for first, _, _ in row.numbers.spans()}
        self._segments = [row for row in self._segments if row.id in here]
        for row in new:
            if row.compacted and had and _made_of(row, had):
                self._segments.append(row)  # its events are known, from the segments that it was made of
            else:
                self.add(row, read_keys(self._folder, row))
        for cache in (self._keys, self._rows):
            for name in [name for name in cache if name not in here]:
                del cache[name]

    def add(self, row: FileRow, keys: SegmentKeys) -> None:
        """A segment was stored."""
        self._segments.append(row)
        if self._sets is not None:
            self._sets[0].add(keys.keys)
            self._sets[1].add(keys.names)
        _keep(self._keys, row.id, keys, OPEN_KEYS)

    def shared(self, events: Events, fresh: Bits) -> Bits:
        """Which new events have an id that another system uses, here or in the same batch."""
        names = events.names[fresh]
        ordered = np.sort(names)
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        found = np.zeros(len(events), dtype=bool)
        found[fresh] = self._has("names", names)
        if len(twice):
            found[fresh] |= np.isin(names, twice)
        return found

    def judge(self, events: Events, rows: pa.Table, days: npt.NDArray[np.int32]) -> Verdict:
        """Tell a batch apart; `days` is the local day of each event."""
        count = len(events)
        verdict = Verdict(np.ones(count, dtype=bool), np.zeros(count, dtype=bool))
        hits = np.flatnonzero(self._has("keys", events.keys))
        if len(hits):
            self._against_stored(hits, events, rows, days, verdict)
        self._within(events, rows, verdict)
        return verdict

    def _has(self, which: Literal["keys", "names"], hashes: Hashes) -> Bits:
        """Which hashes are stored. A few are looked up in one index after the other; many are worth all of them in memory."""
        if self._sets is None and (len(hashes) > FEW or self._passes >= PASSES):
            opened = [read_keys(self._folder, row) for row in self._segments]
            self._sets = HashSet([keys.keys for keys in opened]), HashSet([keys.names for keys in opened])
        if self._sets is not None:
            return self._sets[which == "names"].has(hashes)
        self._passes += 1
        found = np.zeros(len(hashes), dtype=bool)
        for row in self._segments:
            found |= within(getattr(self.keys_of(row), which), hashes)
        return found

    # -- beside what is stored -------------------------------------------------------------------------------------

    def _against_stored(
        self, hits: npt.NDArray[np.int64], events: Events, rows: pa.Table, days: npt.NDArray[np.int32], verdict: Verdict
    ) -> None:
        open_ = hits
        wanted = set(np.unique(days[hits]).tolist())
        others: dict[int, list[tuple[FileRow, int]]] = {}
        # A repetition is of the same day, so that those segments settle nearly all.
        for row in sorted(self._segments, key=lambda row: row.day not in wanted):
            keys = self.keys_of(row)
            which, where = keys.find(events.keys[open_])
            same = keys.contents[where] == events.contents[open_][which]
            verdict.repeated[open_[which[same]]] = True
            for event, first in zip(open_[which[~same]].tolist(), keys.rows[where[~same]].tolist(), strict=True):
                others.setdefault(event, []).append((row, first))
            open_ = open_[~verdict.repeated[open_]]
            if not len(open_):
                break
        verdict.fresh[verdict.repeated] = False
        # Those of one segment one after the other, so that each is opened once.
        for event in sorted(open_.tolist(), key=lambda event: [row.id for row, _ in others[event]]):
            self._compare(event, _slice(rows, events, event), others[event], verdict)

    def _compare(
        self, event: int, ours: list[dict[str, Any]], stored: Sequence[tuple[FileRow, int]], verdict: Verdict
    ) -> None:
        """One event whose key hash is known and whose content hash is not."""
        differing: tuple[str, ...] | None = None
        for place in self._places(stored, key_of(ours[0])):
            fields = self._differences(ours, place)
            if not fields:
                verdict.fresh[event], verdict.repeated[event] = False, True
                return
            differing = fields
        if differing is not None:
            verdict.fresh[event] = False
            verdict.conflicts.append(Conflict(event, differing))

    def places(self, key: Hashes, wanted: tuple[Any, ...]) -> list[Place]:
        """Where the events of a key are stored, oldest first: the event itself, then its amendments."""
        stored = []
        for row in self._segments:
            keys = self.keys_of(row)
            stored += [(row, int(keys.rows[at])) for at in keys.find(key)[1].tolist()]
        return self._places(stored, wanted)

    def _places(self, stored: Sequence[tuple[FileRow, int]], wanted: tuple[Any, ...]) -> list[Place]:
        """The events at these rows that have the key, oldest first."""
        found = []
        for row, first in stored:
            table = self.rows_of(row)
            if key_of(_row(table, first)) != wanted:
                continue  # a collision
            last = first
            while last + 1 < table.num_rows and table.column("part")[last + 1].as_py() > 0:
                last += 1
            found.append(Place(row, first, last))
        return sorted(found, key=lambda place: place.order)

    def _differences(self, ours: list[dict[str, Any]], place: Place) -> tuple[str, ...]:
        table = self.rows_of(place.row).slice(place.first, place.last - place.first + 1)
        theirs = [self._readable(row) for row in table.to_pylist()]
        return differences(ours, theirs)

    def _readable(self, row: Mapping[str, Any]) -> dict[str, Any]:
        text = row["query"]
        lost = text is not None and self._queries.open(text) is None
        return {**row, "time": row["time_us"], "query": self._queries.open(text), "query_lost": lost}

    # -- within the batch ------------------------------------------------------------------------------------------

    def _within(self, events: Events, rows: pa.Table, verdict: Verdict) -> None:
        """Of new events with one key the first is taken; the others repeat it or contradict it."""
        fresh = np.flatnonzero(verdict.fresh)
        order = fresh[np.argsort(events.keys[fresh], kind="stable")]
        if not len(order):
            return
        begins = np.ones(len(order), dtype=bool)
        begins[1:] = events.keys[order[1:]] != events.keys[order[:-1]]
        if begins.all():
            return
        leaders = order[np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))]
        for event, leader in zip(order[~begins].tolist(), leaders[~begins].tolist(), strict=True):
            verdict.fresh[event] = False
            if events.contents[event] == events.contents[leader]:
                verdict.repeated[event] = True
                continue
            fields = differences(_slice(rows, events, event), _slice(rows, events, leader))
            if fields:
                verdict.conflicts.append(Conflict(event, fields))
            else:
                verdict.repeated[event] = True

    # -- files -----------------------------------------------------------------------------------------------------

    def keys_of(self, row: FileRow) -> SegmentKeys:
        if row.id not in self._keys:
            _keep(self._keys, row.id, read_keys(self._folder, row), OPEN_KEYS)
        self._keys.move_to_end(row.id)
        return self._keys[row.id]

    def rows_of(self, row: FileRow) -> pa.Table:
        if row.id not in self._rows:
            path = self._folder.place("segment", row.id)
            raw = self._folder.read(path, kind="segment", identity=row.id, rows=row.rows)
            _keep(self._rows, row.id, unpack(raw, row.id).rows(), OPEN)
        self._rows.move_to_end(row.id)
        return self._rows[row.id]


def _made_of(row: FileRow, had: set[tuple[str, int]]) -> bool:
    """Whether all runs of a compacted segment begin where a known one did."""
    return all((row.log or "", first) in had for first, _, _ in row.numbers.spans())


def key_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """The key of an event, from a row of it."""
    if row["occurrence"] is not None:
        return (row["system"], row["raw_sha256"], row["occurrence"])
    return (row["system"], row["event_id"])


def differences(ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The fields in which two readings of one event differ; none where they say the same."""
    if len(ours) != len(theirs):
        return ("patients",)
    found = []
    for compared in CONTENT:
        name = compared.name
        for mine, yours in zip(ours, theirs, strict=True):
            if name in BESIDE and (mine["format"] != yours["format"] or mine["raw_sha256"] == yours["raw_sha256"]):
                continue
            if name == "query" and yours.get("query_lost"):
                continue
            if mine[name] != yours[name]:
                found.append(name)
                break
    return tuple(found)


def _row(table: pa.Table, at: int) -> dict[str, Any]:
    found: dict[str, Any] = table.slice(at, 1).to_pylist()[0]
    return found


def _slice(rows: pa.Table, events: Events, event: int) -> list[dict[str, Any]]:
    start = int(events.starts[event])
    found: list[dict[str, Any]] = rows.slice(start, int(events.ends[event]) - start).to_pylist()
    return found


def _keep(cache: OrderedDict[str, Any], name: str, value: Any, most: int) -> None:
    cache[name] = value
    while len(cache) > most:
        cache.popitem(last=False)
