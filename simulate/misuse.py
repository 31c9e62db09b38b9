# SPDX-License-Identifier: Apache-2.0
"""Misuse: how many cases of which kind, and the cases themselves."""

from __future__ import annotations

import numpy as np

from simulate.parameters import CASES, HARD_SHARE, KINDS, OTHER, SNOOPING, SNOOPING_SHARE
from simulate.scene import Case, Scene
from simulate.thefts import ACTS
from simulate.usual import Usual


def plan(setting: str, cases: int, rng: np.random.Generator) -> dict[str, int]:
    """How many cases of each kind: shares of the setting, rounded by lot so that the total is kept."""
    if not cases:
        return dict.fromkeys(KINDS, 0)
    if setting == "C":
        share = dict.fromkeys(KINDS, 1 / len(KINDS))
    else:
        share = {k: SNOOPING_SHARE * w for k, w in SNOOPING.items()} | {
            k: (1 - SNOOPING_SHARE) / len(OTHER) for k in OTHER
        }
    want = np.array([share[k] * cases for k in KINDS])
    sure = np.floor(want).astype(int)
    left = cases - int(sure.sum())
    rest = want - sure
    if left > 0:
        extra = rng.choice(len(KINDS), size=min(left, int((rest > 0).sum())), replace=False, p=rest / rest.sum())
        sure[extra] += 1
    return dict(zip(KINDS, sure.tolist(), strict=True))


def commit(usual: Usual) -> list[Case]:
    """Add the misuse of the setting to the openings; the cases, by number."""
    scene = Scene(usual)
    hard = HARD_SHARE[usual.p.setting]
    if not CASES[usual.p.setting]:
        return []
    for kind, count in plan(usual.p.setting, usual.p.cases, scene.rng).items():
        if count:
            ACTS[kind](scene, kind, count, hard)
    return scene.cases
