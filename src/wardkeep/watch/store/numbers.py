# SPDX-License-Identifier: Apache-2.0
"""`Numbers`: which numbers the rows of a segment have in their log.

The rows of one batch have numbers one after the other. A segment that was made of several has runs of them, in rising order,
and its manifest row names them: `"runs": [[first number, rows], ...]`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np
import numpy.typing as npt

Run = tuple[int, int]


@dataclass(frozen=True)
class Numbers:
    """The runs of a segment: (first number, rows) each."""

    runs: tuple[Run, ...]

    @cached_property
    def _offsets(self) -> list[int]:
        """The row at which each run begins."""
        return [0, *accumulate(rows for _, rows in self.runs)]

    @cached_property
    def _firsts(self) -> list[int]:
        return [first for first, _ in self.runs]

    def of(self, row: int) -> int:
        """The number of a row."""
        at = bisect_right(self._offsets, row) - 1
        return self.runs[at][0] + row - self._offsets[at]

    def row(self, number: int) -> int | None:
        """The row that has a number; None where the segment has it not."""
        at = bisect_right(self._firsts, number) - 1
        if at < 0 or number >= self.runs[at][0] + self.runs[at][1]:
            return None
        return self._offsets[at] + number - self.runs[at][0]

    def all(self) -> npt.NDArray[np.int64]:
        """The number of each row."""
        parts = [np.arange(first, first + rows, dtype=np.int64) for first, rows in self.runs]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def spans(self) -> Iterator[tuple[int, int, int]]:
        """Each run as (first number, row at which it begins, rows)."""
        for (first, rows), begins in zip(self.runs, self._offsets, strict=False):
            yield first, begins, rows

    @property
    def first(self) -> int:
        return self.runs[0][0]

    @property
    def last(self) -> int:
        first, rows = self.runs[-1]
        return first + rows - 1

    def within(self, first: int, last: int) -> int:
        """How many of the numbers `first` to `last` the segment has."""
        return sum(max(0, min(last, begins + rows - 1) - max(first, begins) + 1) for begins, rows in self.runs)


def joined(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Runs in rising order, those that follow on one another made one."""
    found: list[Run] = []
    for first, rows in sorted(runs):
        if found and found[-1][0] + found[-1][1] == first:
            found[-1] = (found[-1][0], found[-1][1] + rows)
        else:
            found.append((first, rows))
    return tuple(found)
