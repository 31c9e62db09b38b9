# SPDX-License-Identifier: Apache-2.0
"""Where in the ledger a case and each happening to it were sealed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any
from uuid import UUID

from django.conf import settings

from wardkeep.seal.models import Placed
from wardkeep.seal.places import place_of
from wardkeep.watch.cases.accesses import EPOCH
from wardkeep.watch.cases.casebook import NotFound
from wardkeep.watch.cases.models import Case, History

RUN, SETTLED = "judgement:run:stored", "case:state:settled"


def place_of_case(case: Case) -> tuple[str, int] | None:
    """The newest act that sealed the case itself: of a person, or of the run that found it. None: not placed yet."""
    runs = {case.first_run_id, case.last_run_id}
    among = {placed.pk: placed for run in runs for placed in _parts(run)}
    among |= {placed.pk: placed for placed in Placed.objects.filter(about=str(case.pk))}
    return _place(case, [among[key] for key in sorted(among, reverse=True)])


def place_of_happening(case: Case, key: UUID) -> tuple[str, int] | None:
    """The act of one happening to a case. Raises NotFound where it is of another case; None: not placed yet."""
    row = History.objects.filter(case=case, pk=key).first()
    if row is None:
        raise NotFound(str(key))
    if row.run_id:
        return _place(row, _parts(row.run_id))
    if row.by_id:
        return _place(row, Placed.objects.filter(about=str(case.pk)).order_by("-id"))
    since = (row.at.astimezone(UTC) - EPOCH) // row.at.resolution
    return _place(row, Placed.objects.filter(act=SETTLED).order_by("-id").iterator(), since=since)


def _parts(run_id: UUID) -> Iterator[Placed]:
    """The acts by which a run was stored. A large one has several parts, and only the first of them names the run."""
    first = Placed.objects.filter(act=RUN, about=str(run_id)).first()
    if first is None:
        return
    behind = Placed.objects.filter(act=RUN, incarnation=first.incarnation, seq__gte=first.seq).order_by("seq")
    for placed in behind.iterator():
        if placed.about not in ("", str(run_id)):
            return  # the next run
        yield placed


def _place(row: Any, among: Any, *, since: int | None = None) -> tuple[str, int] | None:
    found = place_of(row, among, settings.WARDKEEP_HOME.ledger_reader(), since=since)
    return (found.log, found.index) if found else None
