# SPDX-License-Identifier: Apache-2.0
"""Entries whose body was removed lawfully: an `expunge` act names them first. Their leaf hashes stay, so proofs hold.

The act says `"act": "ledger:entries:expunged"` and, in `facts` or beside it, `"entries": [[log, first, last], ...]`.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterable

EXPUNGE = "ledger:entries:expunged"


def entries_of(body: bytes) -> list[tuple[str, int, int]]:
    """The ranges (log, first, last) that an act expunges; none where it is no such act."""
    try:
        act = json.loads(body)
        if act["act"] != EXPUNGE:
            return []
        said = act.get("facts", {}).get("entries") or act.get("entries") or []
        return [(str(log), int(first), int(last)) for log, first, last in said]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


class Expunged:
    """Every entry that an act allows to be gone."""

    def __init__(self, acts: Iterable[bytes]) -> None:
        self._ranges: dict[str, list[tuple[int, int]]] = {}
        for body in acts:
            for log, first, last in entries_of(body):
                self._ranges.setdefault(log, []).append((first, last))
        self._reach: dict[str, list[int]] = {}
        for log, ranges in self._ranges.items():
            ranges.sort()
            reach, far = [], -1
            for _, last in ranges:
                far = max(far, last)
                reach.append(far)
            self._reach[log] = reach

    def allows(self, log: str, n: int) -> bool:
        at = bisect.bisect_right(self._ranges.get(log, []), (n, 1 << 62)) - 1
        return at >= 0 and self._reach[log][at] >= n
