# SPDX-License-Identifier: Apache-2.0
"""Work from outside: sessions of the VPN, whose few addresses go from one person to the next."""

from __future__ import annotations

import heapq

import numpy as np

from simulate.draw import Array, Ints
from simulate.house import House
from simulate.parameters import HOUR, MINUTE
from simulate.sources.identities import Identities
from simulate.sources.noise import MISTYPED, NO_LOGOFF
from simulate.sources.trace import Trace
from simulate.tables import LEASES, workplaces

GATEWAY = "SSLVPN-01"
APART = HOUR


def connect(
    trace: Trace, h: House, i: Identities, lines: dict[str, Array], t: Ints, extra: list[tuple[int, int, int]],
    rng: np.random.Generator,
) -> tuple[Ints, Ints]:  # fmt: skip
    """Write the sessions that the remote lines, and `extra` ones (person, start, end), need.

    Returns the number of the address of each line (0 where it is not remote), and of each extra session.
    """
    far = np.flatnonzero(lines["remote"] & (lines["actor"] >= 0))
    order = np.lexsort((t[far], lines["actor"][far]))
    far = far[order]
    who, when = lines["actor"][far], t[far]
    new = np.r_[True, (who[1:] != who[:-1]) | (when[1:] > when[:-1] + APART)] if len(far) else np.zeros(0, bool)
    first = np.flatnonzero(new)
    last = np.r_[first[1:] - 1, len(far) - 1] if len(far) else first
    person = np.r_[who[first], [e[0] for e in extra]].astype(np.int64)
    start = np.r_[when[first] - rng.integers(90, 8 * MINUTE, len(first)), [e[1] for e in extra]].astype(np.int64)
    end = np.r_[when[last] + rng.integers(3 * MINUTE, 25 * MINUTE, len(first)), [e[2] for e in extra]].astype(np.int64)
    address = leases(start, end)
    _write(trace, h, i, person, start, end, address, rng)
    lease = np.zeros(len(t), dtype=np.int64)
    if len(far):
        lease[far] = address[: len(first)][np.cumsum(new) - 1]
    return lease, address[len(first) :]


def leases(start: Ints, end: Ints) -> Ints:
    """The lowest free address at each start: given anew as soon as it is back."""
    free = list(range(LEASES))
    out = np.zeros(len(start), dtype=np.int64)
    held: list[tuple[int, int]] = []
    for row in np.argsort(start, kind="stable").tolist():
        while held and held[0][0] < start[row]:
            heapq.heappush(free, heapq.heappop(held)[1])
        out[row] = heapq.heappop(free)
        heapq.heappush(held, (int(end[row]), int(out[row])))
    return out


def _write(
    trace: Trace, h: House, i: Identities, person: Ints, start: Ints, end: Ints, address: Ints, rng: np.random.Generator
) -> None:
    n = len(person)
    _, addresses = workplaces(h)
    inside = np.array(addresses[-LEASES:], dtype=object)[address]
    # Networks kept for documentation: nobody's.
    outside = np.array(
        [f"203.0.113.{x}" if x < 250 else f"198.51.100.{x - 249}" for x in rng.integers(1, 490, n)], object
    )
    session = np.array([f"{x:08x}" for x in rng.integers(0, 1 << 32, n)], dtype=object)
    said: dict[str, object] = {"system": "VPN", "server": GATEWAY, "site": "remote", "how": "own"}
    trace.add(
        t=start, action="login", person=person, account=i.domain[person], ip=outside, assigned_ip=inside,
        session=session, **said,
    )  # fmt: skip
    ended = rng.random(n) >= NO_LOGOFF["VPN"]
    trace.add(
        t=end[ended], action="logout", person=person[ended], account=i.domain[person[ended]], ip=outside[ended],
        assigned_ip=inside[ended], session=session[ended], **said,
    )  # fmt: skip
    wrong = rng.random(n) < MISTYPED
    trace.add(
        t=start[wrong] - 12, action="login", outcome="failure", person=person[wrong], account=i.domain[person[wrong]],
        ip=outside[wrong], **said,
    )  # fmt: skip
