# SPDX-License-Identifier: Apache-2.0
"""Who may come in to one listener, how many at once, and how much unfinished they may hold together."""

from __future__ import annotations

from collections import Counter

from wardkeep.jobs.listen.counts import Counts
from wardkeep.jobs.listen.limits import CONNECTIONS, CONNECTIONS_EACH, HELD


class Door:
    """Belongs to one event loop."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._of: Counter[str] = Counter()
        self._held: dict[object, int] = {}
        self._sum = 0

    def enter(self, host: str) -> bool:
        """Whether a connection of this address is taken. Each that is leaves once."""
        if self._of.total() >= CONNECTIONS or self._of[host] >= CONNECTIONS_EACH:
            self._counts.turned_away += 1
            return False
        self._of[host] += 1
        self._counts.connections = self._of.total()
        return True

    def leave(self, host: str, who: object) -> None:
        self._of[host] -= 1
        if not self._of[host]:
            del self._of[host]
        self._counts.connections = self._of.total()
        self.holds(who, 0)

    def holds(self, who: object, size: int) -> bool:
        """A connection holds so much of an unfinished message; False where all together hold too much, and it has to go."""
        self._sum += size - self._held.pop(who, 0)
        if size:
            self._held[who] = size
        return self._sum <= HELD
