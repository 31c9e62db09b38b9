# SPDX-License-Identifier: Apache-2.0
"""Who sits where: people who work on one ward in the same hours take different workstations, as far as there are enough."""

from __future__ import annotations

import numpy as np

from simulate.draw import Array, Ints, stable
from simulate.house import House
from simulate.parameters import HOUR

#: Workstations of a department, bedside carts counted.
SEATS = 16
#: Whoever sits down stays for about so long.
SESSION_HOURS = 6
#: Share of borrowed sessions that are the owner's own, left open; for the others the password was lent.
OPEN_SESSION = 0.3


def take_seats(ev: dict[str, Array], h: House, seed: int) -> None:
    """Give each line of a person its workstation, where none is fixed. Changes `ev`."""
    block = ev["t"] // (SESSION_HOURS * HOUR)
    mine = np.flatnonzero((ev["actor"] >= 0) & (ev["station"] < 0))
    place = (ev["dept"][mine] << 20) + block[mine]
    seat = _by_arrival(place, ev["actor"][mine], ev["t"][mine])
    ev["station"][mine] = seat
    # A colleague's session that was left open is used where the colleague sits.
    a_staff = np.array(h.a_staff)
    owner = np.where(ev["account"][mine] >= 0, a_staff[ev["account"][mine]], -1)
    lent = (owner >= 0) & (owner != ev["actor"][mine])
    lent &= stable(ev["actor"][mine], owner, block[mine], seed + 76) < OPEN_SESSION
    key = place * len(h.s_role)
    known, first = np.unique(key + ev["actor"][mine], return_index=True)
    wanted = key + np.maximum(owner, 0)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    sits = lent & (known[at] == wanted)
    ev["station"][mine] = np.where(sits, seat[first[at]], seat)


def _by_arrival(place: Ints, actor: Ints, t: Ints) -> Ints:
    """The workstation of each line: those who come first to a place in a block take the first ones."""
    pair = place * (1 << 20) + actor
    known, inverse = np.unique(pair, return_inverse=True)
    came = np.full(len(known), 1 << 40)
    np.minimum.at(came, inverse, t)
    order = np.lexsort((came, known >> 20))
    where = (known >> 20)[order]
    first = np.r_[True, where[1:] != where[:-1]]
    rank = np.arange(len(order)) - np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    taken = np.empty(len(order), dtype=np.int64)
    # Where people sat yesterday is not where they sit today.
    taken[order] = (rank + where % SEATS) % SEATS
    return taken[inverse]
