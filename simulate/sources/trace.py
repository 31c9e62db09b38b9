# SPDX-License-Identifier: Apache-2.0
"""`Trace`: what the sources of identity and the database audit wrote, before each clock and each format has its way."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simulate.draw import Array
from simulate.parameters import DAY
from simulate.sources.noise import CLOCKS

#: The sources, in the order of their files, and the letter before the numbers of each.
SOURCES = {"DBA": "D", "Windows": "W", "VPN": "V", "JumpServer": "J", "badge": "B"}
#: Whose hands were on it: under the own account, a colleague's, a ward's, an application's, a kiosk's, or no hands at all.
HOWS = ("own", "borrowed", "shared", "application", "kiosk", "service")
NUMBERS: dict[str, int] = {"t": 0, "person": -1, "case": -1, "count": 1, "duration": -1, "ticket": -1, "patient": -1}
TEXTS = (
    "system", "account", "how", "action", "resource", "outcome", "workstation", "ip", "site", "session", "query", "program",
    "os_user", "server", "assigned_ip", "target_account", "direction",
)  # fmt: skip


@dataclass
class Trace:
    """Rows gathered in parts. `t` is the true time; `person` the staff row of whoever did it, -1 where nobody did."""

    parts: list[dict[str, Array]] = field(default_factory=list)

    def add(self, *, t: Array, **columns: object) -> None:
        """Add rows: a scalar stands for all of them. What is not given is empty."""
        n = len(t)
        if n == 0:
            return
        part: dict[str, Array] = {"t": np.asarray(t, dtype=np.int64)}
        for name, default in NUMBERS.items():
            if name != "t":
                given = np.asarray(columns.pop(name, default), dtype=np.int64)
                part[name] = np.array(np.broadcast_to(given, n))
        for name in TEXTS:
            word = np.asarray(columns.pop(name, "success" if name == "outcome" else ""), dtype=object)
            part[name] = np.array(np.broadcast_to(word, n))
        if columns:
            raise TypeError(f"a trace has no column {', '.join(columns)}")
        self.parts.append(part)

    def columns(self, days: int) -> dict[str, Array]:
        """Every row of the period by source and time of its clock (`clock`), numbered within its source (`number`)."""
        out = {name: np.concatenate([part[name] for part in self.parts]) for name in (*NUMBERS, *TEXTS)}
        inside = (out["t"] >= 0) & (out["t"] < days * DAY)
        out = {name: column[inside] for name, column in out.items()}
        source = np.array([list(SOURCES).index(s) for s in out["system"]], dtype=np.int64)
        offset, drift = (np.array([CLOCKS[name][i] for name in SOURCES]) for i in (0, 1))
        out["clock"] = np.round(out["t"] + offset[source] + drift[source] * out["t"] / DAY).astype(np.int64)
        order = np.lexsort((out["account"].astype(str), out["t"], out["clock"], source))
        out = {name: column[order] for name, column in out.items()}
        source = source[order]
        first = np.searchsorted(source, np.arange(len(SOURCES)))
        out["number"] = np.arange(len(order)) - first[source] + 1
        return out
