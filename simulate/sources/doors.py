# SPDX-License-Identifier: Apache-2.0
"""The door badges: who swiped where, which is not who walked in."""

from __future__ import annotations

import numpy as np

from simulate.house import House
from simulate.parameters import HOUR, MINUTE
from simulate.sources.identities import Identities
from simulate.sources.noise import LENT_CARD, NO_SWIPE, SWIPED_OUT
from simulate.sources.presence import Stays
from simulate.sources.trace import Trace

IN, OUT = "进", "出"


def door(h: House, dept: int) -> str:
    return f"{h.d_name[dept]}门禁"


def swipe(trace: Trace, h: House, i: Identities, s: Stays, rng: np.random.Generator) -> None:
    """Swipes of every stay: at the ward's door, back from a break, and where the door has a reader inside, out."""
    n = len(s)
    breaks = np.repeat(np.arange(n), rng.poisson(np.clip((s.end - s.start) / (6 * HOUR), 0, 2)))
    row = np.r_[np.arange(n), breaks, np.flatnonzero(s.goes & (rng.random(n) < SWIPED_OUT))]
    out = np.arange(len(row)) >= n + len(breaks)
    length = np.maximum(s.end - s.start, 2 * MINUTE)[breaks]
    t = np.r_[
        s.start, s.start[breaks] + (rng.uniform(0.2, 0.9, len(breaks)) * length).astype(np.int64), s.end[row[out]]
    ]
    t = t + rng.integers(0, 50, len(t))
    kept = rng.random(len(row)) >= NO_SWIPE
    row, out, t = row[kept], out[kept], t[kept]
    person, dept = s.person[row], s.dept[row]
    # Somebody of the same department brought the card along.
    mate = rng.permutation(len(row))
    lent = (rng.random(len(row)) < LENT_CARD) & (dept[mate] == dept) & (person[mate] != person)
    holder = np.where(lent, person[mate], person)
    site = np.array(h.d_site, dtype=object)
    trace.add(
        t=t, system="badge", person=person, account=i.card[holder], how=np.where(lent, "borrowed", "own"), action="other",
        resource=np.array([door(h, d) for d in range(len(h.d_code))], dtype=object)[dept], site=site[dept],
        direction=np.where(out, OUT, IN), outcome=np.where(rng.random(len(row)) < 0.006, "denied", "success"),
    )  # fmt: skip
