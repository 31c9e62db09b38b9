# SPDX-License-Identifier: Apache-2.0
"""What a listener has to say of itself: how much it heard, kept, refused, and when."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

#: Seconds over which a rate is taken.
WINDOW = 60


@dataclass(slots=True)
class Counts:
    """Since the process began. One thread changes it."""

    #: Bytes read from the wire, messages that are durable, and their bytes.
    bytes_read: int = 0
    kept: int = 0
    kept_bytes: int = 0
    #: Pieces that are no message, kept with the reason.
    broken: int = 0
    #: Messages that were not taken, each time with an answer that says so, or unread (the sender still has them).
    refused: int = 0
    #: Datagrams that nobody could keep: the kernel's count, and our own where the spool refused.
    dropped: int = 0
    #: Requests and connections that were turned away: no token, no certificate, over a limit, too slow.
    turned_away: int = 0
    connections: int = 0
    last_us: int | None = None
    #: Why the listener does not listen, or refuses; empty where all is well.
    trouble: str = ""
    _recent: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def keep(self, messages: int, size: int, at_us: int) -> None:
        """So many messages are durable now."""
        self.kept += messages
        self.kept_bytes += size
        self.last_us = at_us
        second = int(time.monotonic())
        if self._recent and self._recent[-1][0] == second:
            self._recent[-1] = (second, self._recent[-1][1] + messages)
        else:
            self._recent.append((second, messages))

    def rate(self) -> float:
        """Messages a second over the last minute."""
        since = int(time.monotonic()) - WINDOW
        return round(sum(n for second, n in self._recent if second > since) / WINDOW, 2)

    def shown(self) -> dict[str, Any]:
        """For the status."""
        names = ("bytes_read", "kept", "kept_bytes", "broken", "refused", "dropped", "turned_away", "connections")
        return {name: getattr(self, name) for name in names} | {
            "rate": self.rate(),
            "last_us": self.last_us,
            "trouble": self.trouble,
        }
