# SPDX-License-Identifier: Apache-2.0
"""Sign-ins to Windows: people on some workstations, a kiosk account on the others. Also says whose name a workstation has."""

from __future__ import annotations

import numpy as np

from simulate.draw import Array, Bools, Ints, stable
from simulate.house import House
from simulate.parameters import DAY, HOUR, Parameters
from simulate.seats import SEATS
from simulate.sources.identities import Identities
from simulate.sources.noise import LEFT_OPEN, MISTYPED, NO_LOGOFF, OWN_WINDOWS
from simulate.sources.trace import Trace
from simulate.tables import workplaces

#: A person away from the workstation for longer signs in again.
AWAY = 2 * HOUR
PC = "winlogon.exe"


def own_windows(dept: Array, station: Array, seed: int) -> Bools:
    """Workstations on which people sign in as themselves."""
    return np.asarray(stable(dept, station, seed, 81) < OWN_WINDOWS)


def sign_in(
    trace: Trace, p: Parameters, h: House, i: Identities, lines: dict[str, Array], t: Ints, rng: np.random.Generator
) -> Array:
    """Write the sign-ins; the Windows name under which each line was done."""
    names, addresses = (np.array(x, dtype=object) for x in workplaces(h))
    codes = np.array([i.kiosk(c) for c in h.d_code], dtype=object)
    name = codes[lines["dept"]].copy()
    mine = np.flatnonzero((lines["actor"] >= 0) & ~lines["remote"])
    mine = mine[own_windows(lines["dept"][mine], lines["station"][mine], p.seed)]
    place = lines["dept"][mine] * SEATS + lines["station"][mine]
    order = np.lexsort((t[mine], place))
    mine, place = mine[order], place[order]
    who, when = lines["actor"][mine], t[mine]
    new = np.r_[True, (place[1:] != place[:-1]) | (who[1:] != who[:-1]) | (when[1:] > when[:-1] + AWAY)]
    first = np.flatnonzero(new)
    # Found open: the session of the one before goes on, if there is one.
    open_ = (rng.random(len(first)) < LEFT_OPEN) & np.r_[False, place[first][1:] == place[first][:-1]]
    keeper = np.arange(len(first))
    keeper[open_] -= 1
    keeper = np.maximum.accumulate(np.where(open_, 0, keeper))
    holder = who[first][keeper]
    name[mine] = i.domain[holder[np.cumsum(new) - 1]]
    starts = first[~open_]
    ends = np.r_[starts[1:] - 1, len(mine) - 1]
    person, at = who[starts], place[starts]
    site = np.array(h.d_site, dtype=object)[at // SEATS]
    logon = np.array([f"0x{x:x}" for x in rng.integers(1 << 20, 1 << 31, len(starts))], dtype=object)
    seat: dict[str, object] = {"system": "Windows", "account": i.domain[person], "program": PC, "site": site}
    seat |= {"workstation": names[at], "ip": addresses[at], "person": person, "how": "own", "session": logon}
    came = when[starts] - rng.integers(25, 150, len(starts))
    trace.add(t=came, action="login", **seat)
    gone = rng.random(len(starts)) >= NO_LOGOFF["Windows"]
    after = when[ends] + rng.integers(60, 1500, len(starts))
    # Whoever comes next signs in after it.
    limit = np.r_[np.where(at[1:] == at[:-1], came[1:] - 5, 1 << 40), 1 << 40]
    _some(trace, gone, np.minimum(after, limit), {**seat, "action": "logout"})
    wrong = rng.random(len(starts)) < MISTYPED
    _some(trace, wrong, came - 9, {**seat, "session": "", "action": "login", "outcome": "failure"})
    _kiosks(trace, p, h, i, rng)
    return name


def _some(trace: Trace, which: Bools, t: Ints, columns: dict[str, object]) -> None:
    picked = {k: v[which] if isinstance(v, np.ndarray) else v for k, v in columns.items()}
    trace.add(t=t[which], **picked)


def _kiosks(trace: Trace, p: Parameters, h: House, i: Identities, rng: np.random.Generator) -> None:
    """The kiosk account signs in by itself when a workstation starts: once a week."""
    names, addresses = (np.array(x, dtype=object) for x in workplaces(h))
    place = np.arange(len(h.d_code) * SEATS)
    place = place[~own_windows(place // SEATS, place % SEATS, p.seed)]
    weeks = np.arange(0, p.days, 7)
    at, week = np.repeat(place, len(weeks)), np.tile(weeks, len(place))
    dept = at // SEATS
    trace.add(
        t=week * DAY + 5 * HOUR + rng.integers(0, HOUR, len(at)), system="Windows", action="login", how="kiosk", program=PC,
        account=np.array([i.kiosk(c) for c in h.d_code], dtype=object)[dept], workstation=names[at], ip=addresses[at],
        site=np.array(h.d_site, dtype=object)[dept],
    )  # fmt: skip
