# SPDX-License-Identifier: Apache-2.0
"""Which rows of a page are complete.

A page that is full may have cut the rows of its last watermark in two. Those are left for the next page, which begins with that
watermark: each row is taken once in a pull, and all that have one watermark are taken together.
"""

from __future__ import annotations

from collections.abc import Sequence

from wardkeep.watch.pull.watermark import Mark


def complete(marks: Sequence[Mark], limit: int) -> tuple[int, bool]:
    """How many rows of a page (their watermarks, in order) to take, and whether the view has no more.

    (0, False): all have one watermark; ask for more rows at once.
    """
    if len(marks) < limit:
        return len(marks), True
    last, taken = marks[-1], len(marks)
    while taken and marks[taken - 1] == last:
        taken -= 1
    return taken, False
