# SPDX-License-Identifier: Apache-2.0
"""Which events are new: the key of an event, the meaning of its content, and what many of them are beside those stored.

The key is (system, event id), or without an id (system, SHA-256 of the raw record, k) with k the occurrence among identical
records of the file, so that overlapping exports merge as multisets. The content is what the event says: not where it stood, in
which form, or when it came. Key and content are compared as keyed 64-bit hashes, both; what differs in content only is then
compared with the stored row itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wardkeep.watch.store.canonical import Field
from wardkeep.watch.store.keyindex import Hashes, hash_texts

#: What an event says.
CONTENT = (
    Field("time", "number", False),
    Field("account"),
    Field("patient_id"),
    Field("action", nullable=False),
    Field("resource"),
    Field("count", "number", False),
    Field("purpose"),
    Field("breakglass", "flag", False),
    Field("outcome", nullable=False),
    Field("workstation"),
    Field("ip"),
    Field("site"),
    Field("session_id"),
    Field("query"),
    Field("duration_ms", "number"),
    Field("kind", nullable=False),
    Field("extra"),
)
#: What stands beside the common shape: two formats keep different things there, and so may two versions of a reader that
#: read the same record. It is compared only between two different records of one format.
BESIDE = ("extra",)
#: So many texts are taken out of a column at once: they stay in the processor's cache until they are hashed.
AT_ONCE = 4096
#: So many values of a column tell whether most of them are different.
SAMPLE = 1000


@dataclass(frozen=True, slots=True)
class Events:
    """The events of a table of rows: hashes of each, and where its rows are."""

    #: First row of each event, and one past the last.
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    #: Of the id alone, of id and system, of the content.
    names: Hashes
    keys: Hashes
    contents: Hashes

    def __len__(self) -> int:
        return len(self.starts)


def filled_ids(rows: pa.Table) -> pa.ChunkedArray:
    """The id of each row; where the source has none, `raw:<16 hex digits>:<k>`."""
    ids = rows.column("event_id")
    if ids.null_count == 0:
        return ids
    names = [
        None if raw is None else f"raw:{raw.hex()[:16]}:{k}"
        for raw, k in zip(
            pc.if_else(pc.is_null(ids), rows.column("raw_sha256"), None).to_pylist(),
            rows.column("occurrence").to_pylist(),
            strict=True,
        )
    ]
    return pc.coalesce(ids, pa.chunked_array([pa.array(names, pa.string())]))


class Hasher:
    """Hashes under the store's key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._systems: dict[str, int] = {}

    def texts(self, values: pa.ChunkedArray | pa.Array) -> Hashes:
        """Of each value."""
        plain = values.cast(pa.binary())
        some = (plain.slice(at, AT_ONCE).to_pylist() for at in range(0, len(plain), AT_ONCE))
        return hash_texts(chain.from_iterable(some), key=self._key)

    def distinct(self, values: pa.ChunkedArray) -> Hashes:
        """Of each distinct value that is there."""
        return self.texts(values.unique().drop_null())

    def raws(self, rows: pa.Table) -> Hashes:
        """Of (system, raw record) of each row: what is counted to tell identical records apart."""
        return hash_texts(rows.column("raw_sha256").to_pylist(), key=self._key) ^ self._system(rows.column("system"))

    def events(self, rows: pa.Table) -> Events:
        """Of rows that have the columns of a batch, and `occurrence`; queries in plain text."""
        parts = rows.column("part").to_numpy()
        starts = np.flatnonzero(parts == 0)
        ends = np.append(starts[1:], len(parts))
        single = len(starts) == len(parts)
        firsts = rows if single else rows.take(pa.array(starts))
        names = hash_texts(_id_texts(firsts), key=self._key)
        keys = _mix(names + self._system(firsts.column("system")))
        contents = self._contents(rows)
        if not single and len(starts):
            # An event of one row has the same hash whatever stands beside it: its segment is cut from the batch by days.
            summed = np.add.reduceat(_mix(contents + parts.astype(np.uint64)), starts)
            contents = np.where(ends - starts == 1, contents[starts], summed)
        return Events(starts, ends, names, keys, contents)

    def _contents(self, rows: pa.Table) -> Hashes:
        """Of what each row says: the sum over its fields of a hash of field and value; a field that is empty adds nothing."""
        total = np.zeros(rows.num_rows, dtype=np.uint64)
        for compared in CONTENT:
            column = rows.column(compared.name).combine_chunks()
            if column.null_count == len(column):
                continue
            (seed,) = hash_texts([b"field " + compared.name.encode()], key=self._key)
            if compared.kind != "text":
                values = column.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False).view(np.uint64)
                added = _spread(values, seed)
            elif _mostly_different(column):
                added = _spread(self.texts(column.fill_null("")), seed)
            else:  # each distinct value once
                encoded = column.dictionary_encode()
                added = _spread(self.texts(encoded.dictionary), seed)[encoded.indices.fill_null(0).to_numpy()]
            if column.null_count:
                added[column.is_null().to_numpy(zero_copy_only=False)] = 0
            total += added
        return _mix(total)

    def _system(self, systems: pa.ChunkedArray) -> Hashes:
        """A hash of each row's system."""
        encoded = systems.combine_chunks().dictionary_encode() if len(systems) else None
        if encoded is None:
            return np.empty(0, np.uint64)
        words = encoded.dictionary.to_pylist()
        table = hash_texts([b"system " + word.encode() for word in words], key=self._key)
        found: Hashes = table[encoded.indices.to_numpy()]
        return found


def _id_texts(firsts: pa.Table) -> list[bytes]:
    ids = firsts.column("event_id")
    named = pc.binary_join_element_wise("i", ids, "").cast(pa.binary()).to_pylist()
    if ids.null_count == 0:
        return named  # type: ignore[no-any-return]
    raws, ks = firsts.column("raw_sha256").to_pylist(), firsts.column("occurrence").to_pylist()
    return [b"r%b:%d" % (raw, k) if text is None else text for text, raw, k in zip(named, raws, ks, strict=True)]


def _mostly_different(column: pa.Array) -> bool:
    """Whether finding the distinct values would cost more than it saves, by the first of them."""
    first = column.slice(0, SAMPLE)
    return 2 * len(first.unique()) > len(first)


def _spread(values: Hashes, seed: np.uint64) -> Hashes:
    """The hashes of values as those of one field."""
    mixed = _mix(values ^ seed)
    mixed += seed
    return _mix(mixed)


def _mix(values: Hashes) -> Hashes:
    """Spread 64 bits over 64 bits (the finaliser of SplitMix64)."""
    mixed = values >> np.uint64(30)
    mixed ^= values
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    shifted = mixed >> np.uint64(27)  # in place from here on: fresh memory costs more than the arithmetic
    mixed ^= shifted
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= np.right_shift(mixed, np.uint64(31), out=shifted)
    return mixed


def occurrences(hashes: Hashes, before: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The occurrence number of each: how many equal ones were there before the list, and come before it in the list."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    fresh = np.ones(len(ordered), dtype=bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    positions = np.arange(len(ordered))
    starts = np.maximum.accumulate(np.where(fresh, positions, 0))
    found = np.empty(len(hashes), dtype=np.int64)
    found[order] = positions - starts
    return found + before


def mark(*parts: bytes, key: bytes) -> bytes:
    """Sixteen bytes that tell one piece of quarantine from another."""
    state = hashlib.blake2b(digest_size=16, key=key)
    for part in parts:
        state.update(len(part).to_bytes(8, "big"))
        state.update(part)
    return state.digest()
