# SPDX-License-Identifier: Apache-2.0
"""Rows that say something in other columns than the rest: which cases of a mapping fit a row, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec

from wardkeep.watch.intake.mapping import ANY, Mapping, Place, glob
from wardkeep.watch.intake.outcomes import REMEMBERED, SHORT
from wardkeep.watch.places import is_one

#: No machine has a name of so many letters.
LONG = 300
_is_one = lru_cache(maxsize=REMEMBERED)(is_one)


class Cases:
    """The cases of a mapping, for one file."""

    def __init__(self, mapping: Mapping, at: Callable[[Place], int]) -> None:
        """`at` says where a column stands; behind the last one, where every cell is empty, if it is absent."""
        places = [[at(case.place(name, header=mapping.header)) for name in case.when] for case in mapping.cases]
        self._asked = sorted({place for one in places for place in one})
        self._cases = [
            [
                (self._asked.index(place), [glob(word) for word in words])
                for place, words in zip(one, case.when.values(), strict=True)
            ]
            for one, case in zip(places, mapping.cases, strict=True)
        ]
        #: Columns of which is asked no more than whether they are empty: they may say anything.
        self._bare = set(self._asked) - {
            place
            for one, case in zip(places, mapping.cases, strict=True)
            for place, words in zip(one, case.when.values(), strict=True)
            if words != [""]
        }
        #: By the number of a case the two columns that have to name one machine.
        self._same = {
            number: (at(case.same[0]), at(case.same[1])) for number, case in enumerate(mapping.cases) if case.same
        }
        #: What the columns that are asked said, and which cases fit it: a log has few such rows.
        self._known: dict[tuple[str, ...], tuple[int, ...]] = {}

    def fitting(self, cells: Sequence[str]) -> tuple[int, ...]:
        """The numbers of the cases that fit a row."""
        said = tuple(cells[at] and ANY if at in self._bare else cells[at] for at in self._asked)
        found = self._known.get(said)
        if found is None:
            found = tuple(
                number
                for number, case in enumerate(self._cases)
                if all(any(word.fullmatch(said[at]) for word in words) for at, words in case)
            )
            if len(self._known) < REMEMBERED and all(len(cell) < SHORT for cell in said):
                self._known[said] = found
        if self._same:
            return tuple(number for number in found if number not in self._same or self._compared(number, cells))
        return found

    def _compared(self, number: int, cells: Sequence[str]) -> bool:
        one, other = (cells[at] for at in self._same[number])
        return len(one) < LONG and len(other) < LONG and _is_one(one, other)


def read_by(mapping: Mapping, fitting: Sequence[int]) -> Mapping:
    """The mapping of the rows to which these cases fit: of several that name a target the first counts."""
    columns, extra = dict(mapping.columns), dict(mapping.extra)
    constants, values = dict(mapping.constants), dict(mapping.values)
    named: set[str] = set()
    for case in (mapping.cases[number] for number in fitting):
        for target in {*case.columns, *case.constants} - named:
            if target in case.columns:
                columns[target] = case.columns[target]
            else:
                columns.pop(target, None)
                values.pop(target, None)
                constants[target] = case.constants[target]
        named |= {*case.columns, *case.constants}
    for case in (mapping.cases[number] for number in reversed(fitting)):
        extra |= case.extra
    optional = [*mapping.optional, *(target for target in named if target in columns)]
    return msgspec.structs.replace(
        mapping, columns=columns, extra=extra, constants=constants, values=values, optional=optional, cases=[]
    )
