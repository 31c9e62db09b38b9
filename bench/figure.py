# SPDX-License-Identifier: Apache-2.0
"""`Figure`: one measurement, ours beside a peer's from the same interleaved run, and how a table of them is drawn."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """What was measured, once per round or seed. A ratio is ours over the peer's of the same round."""

    what: str
    unit: str
    ours: Sequence[float]
    peer: str = ""
    theirs: Sequence[float] = ()
    #: What we want and what we must not miss: in `unit`, or as a ratio where `of_ratio`.
    goal: float | None = None
    floor: float | None = None
    of_ratio: bool = False
    #: True where a smaller value is the better one (seconds, bytes, leaks).
    less_is_better: bool = False

    @property
    def ratios(self) -> list[float]:
        return [a / b for a, b in zip(self.ours, self.theirs, strict=True) if b] if self.theirs else []

    @property
    def verdict(self) -> str:
        """`goal`, `floor` or `missed` by the median; empty where none is set."""
        if self.goal is None and self.floor is None:
            return ""
        value = statistics.median(self.ratios if self.of_ratio else self.ours)
        for name, mark in (("goal", self.goal), ("floor", self.floor)):
            if mark is not None and (value <= mark if self.less_is_better else value >= mark):
                return name
        return "missed"


def spread(values: Sequence[float]) -> str:
    """Median, and the range where there is more than one value."""
    if not values:
        return ""
    middle = short(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({short(min(values))}-{short(max(values))})"


def short(value: float) -> str:
    """Three digits and a size letter."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):.3g}{letter}"
    return f"{value:.3g}"


HEAD = ("what", "unit", "ours: median (range)", "beside", "theirs", "ratio", "goal", "floor", "reached")


def table(figures: Iterable[Figure]) -> str:
    """A Markdown table, as wide as its cells."""
    rows = [
        (
            figure.what,
            figure.unit,
            spread(figure.ours),
            figure.peer,
            spread(figure.theirs),
            spread(figure.ratios),
            "" if figure.goal is None else short(figure.goal) + (" ratio" if figure.of_ratio else ""),
            "" if figure.floor is None else short(figure.floor) + (" ratio" if figure.of_ratio else ""),
            figure.verdict,
        )
        for figure in figures
    ]
    widths = [max(len(row[i]) for row in (HEAD, *rows)) for i in range(len(HEAD))]
    lines = [HEAD, tuple("-" * width for width in widths), *rows]
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in lines)
