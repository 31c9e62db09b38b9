# SPDX-License-Identifier: Apache-2.0
"""`Facts`: what one SELECT shows, groups by and is narrowed to; and the rule that tells a statistic from them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wardkeep.watch.statistics.verdict import (
    GOODS,
    MEASURES,
    ONE,
    ORDINARY,
    SHOWN,
    WHO,
    Answer,
    By,
    Concept,
    How,
    Seen,
    Verdict,
)

Names = frozenset[Seen]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a result: where it comes from, and whether it adds up."""

    seen: Names = frozenset()
    adds: bool = False

    @property
    def concepts(self) -> frozenset[Concept]:
        return frozenset(one.concept for one in self.seen)

    def beside(self, other: Column) -> Column:
        return Column(self.seen | other.seen, self.adds or other.adds)


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """A relation: a table, a view, or the result of a SELECT."""

    columns: Mapping[str, Column] = field(default_factory=dict)
    #: False where there may be columns that are not listed: a table of no imported schema, or `*` of one.
    closed: bool = True
    #: What it is grouped or windowed by, beside what it shows.
    grouped: Names = frozenset()
    #: What conditions speak of: goods that were asked for, a prescriber or department that was.
    asked: Names = frozenset()
    #: What its tables are about as a whole.
    about: Names = frozenset()
    #: Concepts that are narrowed to one value (or a few).
    pins: frozenset[Concept] = frozenset()
    #: Narrowed to who runs it.
    own: bool = False
    adds: bool = False
    #: It gives whole lines: of prescriptions or consumption, of bills.
    lines: bool = False
    charges: bool = False
    star: bool = False
    stock: bool = False
    master: bool = False
    #: It writes what it reads: a table of one's own, a file.
    copies: bool = False
    unknown: frozenset[str] = frozenset()

    @property
    def shown(self) -> Names:
        return frozenset(one for column in self.columns.values() for one in column.seen) | self.grouped


def judged(facts: Facts, *, certain: bool = True) -> Verdict:
    """Whether a relation is a statistic of goods by who asked for them."""
    unknown = tuple(sorted(facts.unknown))
    nothing = Verdict(answer=Answer.UNKNOWN, unknown=unknown, certain=certain) if unknown else ORDINARY
    shown = _concepts(facts.shown)
    goods = _goods(facts)
    if not goods or facts.pins & ONE or facts.own:
        return nothing
    if (facts.stock or facts.master) and not facts.lines:
        return nothing
    by = shown & WHO or _concepts(facts.asked) & WHO
    measured = facts.adds or shown & MEASURES
    everything = facts.star and facts.lines
    names = tuple(sorted(one for one in facts.shown | facts.asked | facts.about if one.concept in SHOWN))
    by_department = (
        by == {Concept.DEPARTMENT} and bool(measured) and facts.lines and Concept.DEPARTMENT not in facts.pins
    )
    if facts.adds and by:
        how = How.SUMS
    elif not facts.adds and (everything or by_department or (Concept.PRESCRIBER in by and (measured or facts.lines))):
        how = How.LINES
    else:
        return nothing
    person = Concept.PRESCRIBER in by or (everything and Concept.DEPARTMENT not in by)
    narrow = how is How.LINES and bool(facts.pins & {Concept.PRESCRIBER, Concept.DAY})
    if how is How.LINES and facts.copies:
        how = How.COPY
    return Verdict(
        answer=Answer.PIECE if narrow else Answer.STATISTICS,
        how=how,
        by=By.PRESCRIBER if person else By.DEPARTMENT,
        seen=names,
        certain=certain,
        unknown=unknown,
    )


def _goods(facts: Facts) -> frozenset[Concept]:
    """What of the goods a relation is about: an item counts where the lines are of bills or orders of every kind."""
    found = _concepts(facts.shown | facts.asked | facts.about)
    items = facts.charges and (Concept.ITEM in found or facts.star)
    return frozenset((found & GOODS) | ({Concept.ITEM} if items else set()))


def _concepts(names: Names) -> frozenset[Concept]:
    return frozenset(one.concept for one in names)


def united(parts: Iterable[Facts]) -> Facts:
    """The rows of several relations under one another: columns by place, narrow only where all are."""
    kept = list(parts)
    first, *rest = kept
    columns = dict(first.columns)
    for other in rest:
        for name, column in zip(first.columns, other.columns.values(), strict=False):
            columns[name] = columns[name].beside(column)
    pins = first.pins
    for other in rest:
        pins &= other.pins
    return Facts(
        columns=columns,
        closed=all(f.closed for f in kept),
        grouped=_all(f.grouped for f in kept),
        asked=_all(f.asked for f in kept),
        about=_all(f.about for f in kept),
        pins=pins,
        own=all(f.own for f in kept),
        adds=any(f.adds for f in kept),
        lines=any(f.lines for f in kept),
        charges=any(f.charges for f in kept),
        star=any(f.star for f in kept),
        stock=any(f.stock for f in kept),
        master=all(f.master for f in kept),
        copies=any(f.copies for f in kept),
        unknown=frozenset[str]().union(*(f.unknown for f in kept)),
    )


def _all(names: Iterable[Names]) -> Names:
    return frozenset(one for some in names for one in some)
