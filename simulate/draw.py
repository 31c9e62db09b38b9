# SPDX-License-Identifier: Apache-2.0
"""Draws over whole columns: a stable pseudo-random number of keys, picks by weight, sorted groups."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Array = NDArray[Any]


def stable(*keys: Array | int) -> Floats:
    """A number in [0, 1) that the same keys always give (splitmix64 over the keys in turn)."""
    state: Any = np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        for key in keys:
            state = (state ^ np.asarray(key).astype(np.int64).view(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
            state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            state = state ^ (state >> np.uint64(31))
    return np.asarray(state >> np.uint64(11), dtype=np.float64) / float(1 << 53)


def choose(rng: np.random.Generator, weights: Array, size: int) -> Ints:
    """`size` indices, each with the probability of its weight."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(edges / edges[-1], rng.random(size), side="right").astype(np.int64)


def repeat(counts: Array) -> Ints:
    """Row numbers, each as often as its count says."""
    return np.repeat(np.arange(len(counts), dtype=np.int64), counts)


class Groups:
    """Rows by key: `rows(key)`, and one row of each key by a number in [0, 1)."""

    def __init__(self, keys: Array, size: int) -> None:
        self.order: Ints = np.argsort(keys, kind="stable").astype(np.int64)
        self.first: Ints = np.searchsorted(np.asarray(keys)[self.order], np.arange(size + 1)).astype(np.int64)

    def rows(self, key: int) -> Ints:
        return self.order[self.first[key] : self.first[key + 1]]

    def count(self, keys: Array) -> Ints:
        return np.asarray(self.first[np.asarray(keys) + 1] - self.first[np.asarray(keys)])

    def pick(self, keys: Array, u: Array) -> Ints:
        """The row number of one member of each key; -1 where a key has none."""
        counts = self.count(keys)
        at = self.first[keys] + np.minimum((u * counts).astype(np.int64), np.maximum(counts - 1, 0))
        at = np.minimum(at, max(len(self.order) - 1, 0))
        return np.where(counts > 0, self.order[at] if len(self.order) else -1, -1)
