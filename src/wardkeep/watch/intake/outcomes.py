# SPDX-License-Identifier: Apache-2.0
"""How an act ended, by the words of one column. A failed act never reads as success because of what else its cell says.

A word that the map has without a `*` is what the map says. Else patterns of refusal count before those of success, and a
word of refusal (refusals.py) before every pattern of success and before a `*` that means success.
"""

from __future__ import annotations

from collections.abc import Mapping

from wardkeep.watch.intake.mapping import ANY, VOCABULARIES, glob
from wardkeep.watch.intake.refusals import DENIED, FAILURE, refused

SUCCESS = "success"
#: Values that no map has as they stand are remembered, so many and no longer ones.
REMEMBERED, SHORT = 10_000, 100


class Ending:
    """What the cells of a column mean; an empty meaning says nothing."""

    def __init__(self, words: Mapping[str, str], empty: str) -> None:
        """`words` is a value map, `empty` what an empty cell means where the map does not say it."""
        #: Every cell that was read, with what it means.
        self.known = {one: one for one in VOCABULARIES["outcome"]} | {
            word: meant for word, meant in words.items() if ANY not in word
        }
        self.known.setdefault("", empty)
        self._rest = words.get(ANY)
        self._plain = not words
        patterns = [word for word in words if ANY in word and word != ANY]
        # What refuses counts first; of each, the pattern that says most.
        patterns.sort(key=lambda word: (words[word] not in (DENIED, FAILURE), -len(word), word))
        self._patterns = [(glob(word), words[word]) for word in patterns]

    def of(self, cell: str) -> str | None:
        """The meaning of a cell; None where the map has none for it."""
        meant = self.known.get(cell)
        if meant is None:
            meant = self._read(cell)
            if meant is not None and len(self.known) < REMEMBERED and len(cell) < SHORT:
                self.known[cell] = meant
        return meant

    def _read(self, cell: str) -> str | None:
        if self._plain:
            return self.known.get(cell.casefold())
        meant = next((meant for pattern, meant in self._patterns if pattern.fullmatch(cell)), self._rest)
        if meant == SUCCESS and (refusal := refused(cell)):
            return self._rest if self._rest in (DENIED, FAILURE) else refusal
        return meant
