# SPDX-License-Identifier: Apache-2.0
"""Which run's word counts for which time: the newest that judged it. A nightly pass judges the last weeks only, and what
lies before is as an earlier run left it. Pure but for the rows that it reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wardkeep.watch.cases.models import Run

#: Runs looked at, newest first: enough for a year of nightly passes.
LOOKED_AT = 400


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment (None: from the first event) up to before another (None: to the last)."""

    begins: datetime | None
    ends: datetime | None

    @property
    def empty(self) -> bool:
        return self.begins is not None and self.ends is not None and self.begins >= self.ends


@dataclass(frozen=True, slots=True)
class Ruled:
    """A time for which one run's word counts."""

    run: Run
    span: Span

    def covers(self, moment: datetime, log: str, n: int) -> bool:
        """True where the run judged an event at `moment` whose entry is (log, n)."""
        run, span = self.run, self.span
        if (log == run.ledger_log and n >= run.ledger_size) or log > run.ledger_log:
            return False
        return (span.begins is None or moment >= span.begins) and (span.ends is None or moment < span.ends)


def ruled(begins: datetime | None = None, ends: datetime | None = None) -> list[Ruled]:
    """The runs that count for a time, newest first, each with the part for which it does."""
    open_spans = [Span(begins, ends)]
    found: list[Ruled] = []
    for run in Run.objects.order_by("-finished_at")[:LOOKED_AT]:
        if not open_spans:
            break
        left: list[Span] = []
        for span in open_spans:
            inside = Span(_later(span.begins, run.from_at), _earlier(span.ends, run.to_at))
            if inside.empty:
                left.append(span)
                continue
            found.append(Ruled(run, inside))
            rest = (Span(span.begins, run.from_at), Span(run.to_at, span.ends))
            left += [part for part, cut in zip(rest, (run.from_at, run.to_at), strict=True) if cut and not part.empty]
        open_spans = left
    return found


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((m for m in (one, other) if m is not None), default=None)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((m for m in (one, other) if m is not None), default=None)
