# SPDX-License-Identifier: Apache-2.0
"""Openings of records, before they become log lines: who opened whose record when, and what caused it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simulate.draw import Array

SYSTEMS = ("EMR", "HIS", "LIS", "PACS", "DBA")
EMR, HIS, LIS, PACS, DBA = range(5)
ACTIONS = ["login", "logout", "search", "read", "create", "update", "delete", "print", "export", "query"]
LOGIN, LOGOUT, SEARCH, READ, CREATE, UPDATE, DELETE, PRINT, EXPORT, QUERY = range(10)
#: Columns of an opening and what each is where it is not given.
DEFAULTS: dict[str, tuple[type, object]] = {
    "t": (np.int64, 0),
    "actor": (np.int64, -1),  # staff row; -1 a machine
    "account": (np.int64, -1),  # -1: found later (own, shared or borrowed)
    "patient": (np.int64, -1),
    "dept": (np.int64, -1),  # where the actor sits
    "reason": (np.int64, 0),  # index into REASONS
    "table": (np.int64, 0),  # index into TABLES
    "row": (np.int64, -1),
    "documented": (bool, False),
    "system": (np.int64, EMR),
    "action": (np.int64, READ),  # of the first event; the others read
    "events": (np.float64, 1.7),  # mean number of events of the opening
    "own": (bool, False),  # never under a shared or borrowed account
    "case": (np.int64, -1),
    "breakglass": (bool, False),
    "remote": (bool, False),
    "count": (np.int64, 1),
    "duration": (np.int64, -1),  # seconds; -1: drawn
    "text": (np.int64, -1),  # index into the texts of queries
    "failed": (bool, False),
    "station": (np.int64, -1),  # a workstation other than the usual: number within `dept`
}
TABLES = (
    "",
    "encounters",
    "transfers",
    "care_team",
    "appointments",
    "orders",
    "work_items",
    "shifts",
    "tickets",
    "consents",
)
TABLE = {name: i for i, name in enumerate(TABLES)}
REASONS = [
    "admission", "attending", "care_team", "appointment", "visit", "order_placed", "order_performed",
    "transfer", "consult", "result", "work_item", "shift", "front_desk", "ticket", "consent", "service",
    "completion", "mistaken",
    # Undocumented kinds, and misuse.
    "unwritten_cover", "unwritten_question", "unwritten_teaching", "unwritten_telephone",
    "unwritten_point_of_care", "unwritten_agency", "help_family", "help_colleague", "help_vip",
    "help_neighbour", "misuse", "none",
]  # fmt: skip
REASON = {name: i for i, name in enumerate(REASONS)}


@dataclass
class Openings:
    """Columns of `DEFAULTS`, gathered in parts. Rows keep the order in which they were added."""

    parts: list[dict[str, Array]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def add(self, *, t: Array, **columns: object) -> None:
        """Add openings: a scalar stands for all of them."""
        n = len(t)
        if n == 0:
            return
        part: dict[str, Array] = {}
        for name, (kind, default) in DEFAULTS.items():
            value = t if name == "t" else columns.pop(name, default)
            part[name] = np.array(np.broadcast_to(np.asarray(value), n), dtype=kind)
        if columns:
            raise TypeError(f"an opening has no column {', '.join(columns)}")
        self.parts.append(part)

    def say(self, text: str) -> int:
        """Keep a statement or search text; its number."""
        self.texts.append(text)
        return len(self.texts) - 1

    def columns(self) -> dict[str, Array]:
        return {name: np.concatenate([part[name] for part in self.parts]) for name in DEFAULTS}
