# SPDX-License-Identifier: Apache-2.0
"""Precision that flatters no one: from reviewed random cases alone, with its interval. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

from wardkeep.watch.cases.case import HITS, MISSES
from wardkeep.watch.cases.pages import Precision

#: Two-sided 95 %.
Z = 1.959963984540054


def precision_of(outcomes: Iterable[str]) -> Precision:
    """Share of hits among decided outcomes; `unclear` counts as neither."""
    counted = [outcome in HITS for outcome in outcomes if outcome in HITS | MISSES]
    hits, reviewed = sum(counted), len(counted)
    low, high = wilson(hits, reviewed)
    return Precision(reviewed=reviewed, hits=hits, share=hits / reviewed if reviewed else None, low=low, high=high)


def wilson(hits: int, total: int, z: float = Z) -> tuple[float, float]:
    """The Wilson score interval of a share (Wilson 1927); (0, 1) where nothing was counted."""
    if total == 0:
        return 0.0, 1.0
    share = hits / total
    middle = share + z * z / (2 * total)
    reach = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)
