# SPDX-License-Identifier: Apache-2.0
"""Sealed record packages as the ledger knows them: counts, sides and grounds. Names of people are in the packages alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from wardkeep.package.act import ACTS
from wardkeep.package.law import ALONE, Side, anniversary
from wardkeep.package.step import Kind
from wardkeep.seal.models import Placed
from wardkeep.seal.places import Acts
from wardkeep.watch.cases.accesses import EPOCH
from wardkeep.web.say.codes import name_of
from wardkeep.web.say.package import GROUNDS, sides, signed_by

KINDS = {act: kind for kind, act in ACTS.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class OpeningLine:
    """One opening; `alone` where nobody but the hospital was present."""

    at: datetime
    ground: str
    present: str
    alone: bool
    entry: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageLine:
    """One package. `at` is None where the act of its first list cannot be read."""

    package: str
    entry: str
    at: datetime | None
    steps: int
    parts: int
    #: Parts that were announced and have no list yet, as far as counts tell.
    to_follow: int
    signatures: Sequence[str]
    #: Who was present at a list and has not signed it.
    unsigned: str
    openings: Sequence[OpeningLine]
    demands: int
    #: From this day on the hospital may open by itself, where nothing is demanded before.
    alone_from: date | None
    #: Opened by the hospital alone, on a ground on which it may: the sealing has ended.
    ended: bool
    #: An act of it cannot be read.
    damaged: bool


def lines(lists: Iterable[Placed]) -> list[PackageLine]:
    """The packages that the given first lists began, in the same order."""
    firsts = list(lists)
    acts: dict[str, list[tuple[Placed, dict[str, Any] | None]]] = defaultdict(list)
    read = Acts(settings.WARDKEEP_HOME.ledger_reader()).read
    placed = Placed.objects.filter(about__in=[first.about for first in firsts], act__in=KINDS).order_by("id")
    for row in placed:
        acts[row.about].append((row, read(row)))
    return [_line(first, acts[first.about]) for first in firsts]


def _line(first: Placed, acts: Sequence[tuple[Placed, dict[str, Any] | None]]) -> PackageLine:
    steps = [(row, KINDS[row.act], act["facts"], _when(act)) for row, act in acts if act is not None]
    sealed = [(facts, at) for _, kind, facts, at in steps if kind in (Kind.LIST, Kind.SUPPLEMENT)]
    demands = [at for _, kind, _, at in steps if kind is Kind.DEMAND]
    signed = [facts for _, kind, facts, _ in steps if kind is Kind.SIGNATURE]
    openings = [
        OpeningLine(
            at=at,
            ground=name_of(GROUNDS, facts.get("ground")),
            present=sides(facts.get("present", ())),
            alone=facts.get("present") == [Side.INSTITUTION] and facts.get("ground") in ALONE,
            entry=f"{row.log}:{row.index}",
        )
        for row, kind, facts, at in steps
        if kind is Kind.OPENING
    ]
    present = {(facts.get("step"), side) for facts, _ in sealed for side in facts.get("present", ())}
    lacking = {side for _, side in present - {(facts.get("of"), facts.get("side")) for facts in signed}}
    since = max([at for _, at in sealed] + demands, default=None)
    ended = any(one.alone for one in openings)
    return PackageLine(
        package=first.about,
        entry=f"{first.log}:{first.index}",
        at=sealed[0][1] if sealed else None,
        steps=len(acts),
        parts=sum(int(facts.get("parts", 0)) for facts, _ in sealed),
        to_follow=_to_follow([facts for facts, _ in sealed]),
        signatures=[signed_by(one.get("side"), one.get("how")) for one in signed],
        unsigned=sides(lacking),
        openings=openings,
        demands=len(demands),
        alone_from=None if since is None or ended else anniversary(since.date()) + timedelta(days=1),
        ended=ended,
        damaged=len(steps) != len(acts),
    )


def _to_follow(lists: Sequence[dict[str, Any]]) -> int:
    """At least so many are still to follow: the ledger has counts, and the names are in the package."""
    waiting = 0
    for facts in lists:
        waiting = max(0, waiting - int(facts.get("parts", 0))) if waiting else 0
        waiting += int(facts.get("to_follow", 0))
    return waiting


def _when(act: dict[str, Any]) -> datetime:
    zone = ZoneInfo(settings.WARDKEEP_HOME.settings.hospital.timezone)
    return (EPOCH + timedelta(microseconds=int(act["at"]))).astimezone(zone)
