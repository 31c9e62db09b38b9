# SPDX-License-Identifier: Apache-2.0
"""When a source is asked again: at its own interval, and more and more seldom while it fails."""

from __future__ import annotations

#: Seconds between two tries of a source that fails, at most; a longer interval of its own stays as it is.
LONGEST = 600
#: A source that was not pulled for so long does not come: an hour, or some of its own intervals.
LATE, LATE_INTERVALS = 3600, 4


def pause_after(failures: int, every: int) -> int:
    """Seconds until the next pull, after so many that failed in a row: twice as many after each, up to a bound.

    Without chance: what is asked of a hospital's database, and when, is what its staff was told.
    """
    return min(every << min(max(0, failures - 1), 20), max(every, LONGEST))


def late_after(every: int) -> int:
    """Seconds without a pull that ended well after which a source counts as silent."""
    return max(LATE, LATE_INTERVALS * every)
