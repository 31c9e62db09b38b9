# SPDX-License-Identifier: Apache-2.0
"""Weights fitted again from what people decided, when enough was decided. Pure, and the same for the same input.

Logistic regression drawn towards the stated weights: with few labels they hardly move, and none changes its sign, so that a
term can never come to speak for an account. `base` may move freely. Solved by projected gradient steps, which end at the
one minimum of a convex function.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

#: Decided cases that it takes, and of each outcome.
LABELS_NEEDED = 50
LABELS_EACH = 10
#: How strongly a weight is held to the stated one: as much as this many undecided cases.
HOLD = 4.0
STEPS = 4000


def fit(
    terms: Sequence[Mapping[str, float]],
    labels: Sequence[bool],
    *,
    stated: Mapping[str, float],
    needed: int = LABELS_NEEDED,
    each: int = LABELS_EACH,
) -> dict[str, float] | None:
    """Weights by name of term, or None where there are too few labels. Every weight but `base` is at least zero.

    terms: those of each decided case, as it was shown. labels: whether it was misuse.
    """
    if len(terms) != len(labels):
        raise ValueError(f"{len(terms)} cases and {len(labels)} labels: give one label a case")
    hits = sum(labels)
    if len(labels) < needed or hits < each or len(labels) - hits < each:
        return None
    names = sorted(stated)
    free = np.array([name == "base" for name in names])
    rows = np.array([[float(case.get(name, 1.0 if name == "base" else 0.0)) for name in names] for case in terms])
    found = np.array(labels, dtype=float)
    goal = np.array([stated[name] for name in names])
    weights = goal.copy()
    # A step of this size never overshoots: the curvature of the loss is at most a quarter of that of the rows.
    step = 1 / (HOLD + float(np.linalg.norm(rows, 2)) ** 2 / 4)
    for _ in range(STEPS):
        odds = np.clip(rows @ weights, -30, 30)
        slope = rows.T @ (1 / (1 + np.exp(-odds)) - found) + HOLD * (weights - goal)
        weights = weights - step * slope
        weights = np.where(free, weights, np.maximum(weights, 0.0))
    return {name: round(float(w), 4) for name, w in zip(names, weights, strict=True)}
