# SPDX-License-Identifier: Apache-2.0
"""Events that one of several people made: explained only where each of them has a documented reason.

The texts of the reasons are run once more, over these touches alone and each person in turn: the same words, other names
of tables. What use itself tells (own entries, presence, learned pairs) is no reason here: nobody knows whose use it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from wardkeep.watch.engine import Engine, Query

#: Texts that are run again, in order; `claim_` stands before their names and before each other's.
AGAIN = (
    "visit",
    "barred",
    "visit_reason",
    "residue",
    "shift_visit",
    "by_cover",
    "by_consent",
    "by_ticket",
    "by_reviewer",
    "moment_reason",
)
#: What `moment_reason` reads besides, and what does not concern these touches.
_NOT_HERE: dict[str, tuple[tuple[str, str], ...]] = {
    "claim_statement": (("eid", "BIGINT"), ("ticket_id", "VARCHAR"), ("kind", "VARCHAR")),
    "claim_by_service": (("eid", "BIGINT"), ("days", "BIGINT")),
    "claim_service_event": (("eid", "BIGINT"), ("a", "INTEGER")),
    "claim_agreed": (
        ("eid", "BIGINT"), ("preference", "INTEGER"), ("reason", "VARCHAR"), ("source_table", "VARCHAR"),
        ("source_id", "VARCHAR"), ("recorded_us", "BIGINT"), ("support", "VARCHAR"),
    ),
}  # fmt: skip
_RENAMED = re.compile(rf"\b({'|'.join((*AGAIN, 'touch', *(n.removeprefix('claim_') for n in _NOT_HERE)))})\b")
#: Where nobody is named or one of several.
NOBODY: dict[str, tuple[tuple[str, str], ...]] = {
    "acted": (("eid", "BIGINT"), ("a", "INTEGER")),
    "agreed": _NOT_HERE["claim_agreed"],
}
#: The texts of candidates.sql, in order: before and after those that are run again.
BEFORE = ("claim_touch",)
AFTER = ("claim_reason", "agreed", "acted")


def again(query: Query) -> Query:
    """The text over the claims."""
    return Query(f"claim_{query.name}", query.description, _RENAMED.sub(r"claim_\1", query.text))


def candidates(engine: Engine, queries: Mapping[str, Query], numbers: Mapping[str, int | float], *, any_: bool) -> None:
    """Make `acted` and `agreed`. any_: whether there is anybody to make them of."""
    if not any_:
        for name, shape in NOBODY.items():
            engine.put(name, shape, [])
        return
    for name, shape in _NOT_HERE.items():
        engine.put(name, shape, [])
    for name in BEFORE:
        engine.make(queries[name], numbers)
    for name in AGAIN:
        engine.make(again(queries[name]), numbers)
    for name in AFTER:
        engine.make(queries[name], numbers)
    engine.drop(["claim_touch", "claim_reason", *(f"claim_{name}" for name in AGAIN), *_NOT_HERE])
