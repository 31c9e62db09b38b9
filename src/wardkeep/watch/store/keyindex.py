# SPDX-License-Identifier: Apache-2.0
"""Which events the store already has: keyed 64-bit hashes of their keys, a small sealed file beside each segment.

A file holds, as little-endian arrays after a header of their lengths: the sorted hashes of the events' keys, the first row
of each and the hash of its content; the sorted hashes of event ids (without system, to notice an id that two systems use);
the sorted distinct hashes of patients and of accounts, so that a question about one person opens only the segments that name
him. The hash is keyed BLAKE2b. An event is a repetition where key and content both agree; where the content differs the
stored row itself is asked, so that a collision of keys costs time and never an event.

In memory all keys form one sorted array (8 bytes an event) and a few recent ones that are merged when they grow.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wardkeep.watch.store.errors import StoreDamaged

Hashes = npt.NDArray[np.uint64]
Positions = npt.NDArray[np.uint32]
HEAD = struct.Struct("<4s6I")
MAGIC = b"WKIX"
#: Recent runs are merged into one when there are more than this many.
RUNS = 12


def hash_texts(texts: Iterable[bytes], *, key: bytes) -> Hashes:
    """The 64-bit keyed hash of each text."""
    primed = hashlib.blake2b(digest_size=8, key=key).copy  # taking in the key costs as much as a short text

    def digest(text: bytes) -> bytes:
        state = primed()
        state.update(text)
        return state.digest()

    return np.frombuffer(b"".join(map(digest, texts)), dtype="<u8").astype(np.uint64)


def distinct(hashes: Hashes) -> Hashes:
    """Each of `hashes` once, sorted (numpy's own `unique` goes through a hash table, which takes longer)."""
    ordered = np.sort(hashes)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def within(ordered: Hashes, hashes: Hashes) -> npt.NDArray[np.bool_]:
    """Which of `hashes` are in a sorted array."""
    if not len(ordered):
        return np.zeros(len(hashes), dtype=bool)
    at = np.minimum(np.searchsorted(ordered, hashes), len(ordered) - 1)
    found: npt.NDArray[np.bool_] = ordered[at] == hashes
    return found


@dataclass(frozen=True, slots=True)
class SegmentKeys:
    """The index of one segment."""

    keys: Hashes
    rows: Positions
    contents: Hashes
    names: Hashes
    patients: Hashes
    accounts: Hashes

    @classmethod
    def of(
        cls,
        *,
        keys: Hashes,
        rows: npt.NDArray[np.int64],
        contents: Hashes,
        names: Hashes,
        patients: Hashes,
        accounts: Hashes,
    ) -> SegmentKeys:
        """Index the events of a segment: key, first row and content of each; the others in any order."""
        order = np.argsort(keys, kind="stable")
        return cls(
            keys[order],
            rows[order].astype(np.uint32),
            contents[order],
            distinct(names),
            distinct(patients),
            distinct(accounts),
        )

    def pack(self) -> bytes:
        arrays = (self.keys, self.rows, self.contents, self.names, self.patients, self.accounts)
        head = HEAD.pack(MAGIC, *(len(a) for a in arrays))
        return head + b"".join(a.astype(a.dtype.newbyteorder("<")).tobytes() for a in arrays)

    @classmethod
    def unpack(cls, raw: bytes, name: str) -> SegmentKeys:
        """Raises StoreDamaged naming `name`."""
        if len(raw) < HEAD.size or raw[:4] != MAGIC:
            raise StoreDamaged(f"{name} is no key index")
        _, *counts = HEAD.unpack(raw[: HEAD.size])
        arrays, at = [], HEAD.size
        for count, kind in zip(counts, ("<u8", "<u4", "<u8", "<u8", "<u8", "<u8"), strict=True):
            width = np.dtype(kind).itemsize
            if at + count * width > len(raw):
                raise StoreDamaged(f"{name} is cut short")
            arrays.append(np.frombuffer(raw, dtype=kind, count=count, offset=at))
            at += count * width
        if at != len(raw):
            raise StoreDamaged(f"{name} is longer than it says")
        return cls(*arrays)

    def find(self, keys: Hashes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Which of `keys` are here, and where: (position in `keys`, position here) pairs, several where a hash repeats."""
        left = np.searchsorted(self.keys, keys, side="left")
        right = np.searchsorted(self.keys, keys, side="right")
        counts = right - left
        hit = np.flatnonzero(counts)
        if not len(hit):
            return hit, np.empty(0, np.int64)
        which = np.repeat(hit, counts[hit])
        starts = np.repeat(left[hit], counts[hit])
        steps = np.arange(len(which)) - np.repeat(np.cumsum(counts[hit]) - counts[hit], counts[hit])
        return which, starts + steps

    def names_any(self, patients: Hashes | None, accounts: Hashes | None) -> bool:
        """Whether the segment may hold an event of one of the patients, or of one of the accounts (both, where both given)."""
        for wanted, here in ((patients, self.patients), (accounts, self.accounts)):
            if wanted is not None and not np.isin(wanted, here).any():
                return False
        return True


class HashSet:
    """A growing multiset of hashes: membership and counts of many at once."""

    def __init__(self, runs: Sequence[Hashes] = ()) -> None:
        self._big: Hashes = np.sort(np.concatenate(runs)) if runs else np.empty(0, np.uint64)
        self._recent: list[Hashes] = []

    def __len__(self) -> int:
        return len(self._big) + sum(len(run) for run in self._recent)

    def add(self, hashes: Hashes) -> None:
        self._recent.append(np.sort(hashes))
        if len(self._recent) > RUNS:
            merged = np.sort(np.concatenate(self._recent))
            if 4 * len(merged) > len(self._big):
                self._big, merged = np.sort(np.concatenate((self._big, merged))), np.empty(0, np.uint64)
            self._recent = [merged] if len(merged) else []

    def counts(self, hashes: Hashes) -> npt.NDArray[np.int64]:
        """How often each of `hashes` is here."""
        order = np.argsort(hashes)
        asked = hashes[order]
        found = np.zeros(len(hashes), dtype=np.int64)
        for run in (self._big, *self._recent):
            if len(run):
                found[order] += np.searchsorted(run, asked, "right") - np.searchsorted(run, asked, "left")
        return found

    def has(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Which of `hashes` are here."""
        return self.counts(hashes) > 0
