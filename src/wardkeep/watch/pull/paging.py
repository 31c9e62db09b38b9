# SPDX-License-Identifier: Apache-2.0
"""Which rows of a page are complete.

A page that is full may have cut the rows of its last watermark in two. Those are left for the next page, which begins with that
watermark: each row is taken once in a pull, and all that have one watermark are taken together.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from wardkeep.watch.pull.watermark import Mark, kind_of


def complete(marks: Sequence[Mark], limit: int) -> tuple[int, bool]:
    """How many rows of a page (their watermarks, in order) to take, and whether the view has no more.

    (0, False): all have one watermark, or a full page held nothing new; ask for more rows at once.
    """
    if not marks:
        return 0, limit > 0
    if len(marks) < limit:
        return len(marks), True
    last, taken = marks[-1], len(marks)
    while taken and marks[taken - 1] == last:
        taken -= 1
    return taken, False


def before(marks: Sequence[Mark], begin: Mark | None) -> int:
    """How many rows at the head of a page stand before its beginning.

    A database may be asked for a little more, because it keeps times more coarsely than it is asked: those were taken before.
    """
    if begin is None or not marks or kind_of(marks[0]) is not kind_of(begin):
        return 0
    return bisect_left(marks, begin)
