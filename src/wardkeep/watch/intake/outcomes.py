# SPDX-License-Identifier: Apache-2.0
"""How an act ended, by the words of one column. A failed act never reads as success because of what else its cell says.

A word that the map has without a `*` is what the map says, also in other case where no pattern fits. Else patterns of refusal
count before those of success, but for those within one of success that fits too (未阻断 holds 阻断). A word of refusal
(endings.py) counts before every pattern of success, before a `*` that means it, and where nothing fits. Where nothing fits and
there is no `*`, a word of success is one, and every other word unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

from wardkeep.watch.intake.endings import DENIED, FAILURE, refused, went_well
from wardkeep.watch.intake.mapping import ANY, VOCABULARIES, glob

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
        self._folded = {word.casefold(): meant for word, meant in reversed(self.known.items())}
        self._rest = words.get(ANY)
        self._plain = not words
        patterns = [word for word in words if ANY in word and word != ANY]
        # What refuses counts first; of each, the pattern that says most.
        patterns.sort(key=lambda word: (words[word] not in (DENIED, FAILURE), -len(word), word))
        self._patterns = [(glob(word), word.strip(ANY).casefold(), words[word]) for word in patterns]

    def of(self, cell: str) -> str | None:
        """The meaning of a cell; None where the map has none for it."""
        meant = self.known.get(cell)
        if meant is None:
            meant = self._read(cell)
            if meant is not None and len(self.known) < REMEMBERED and len(cell) < SHORT:
                self.known[cell] = meant
        return meant

    def _read(self, cell: str) -> str | None:
        fitting = [(word, meant) for pattern, word, meant in self._patterns if pattern.fullmatch(cell)]
        meant = fitting[0][1] if fitting else None
        folded = self._folded.get(cell.casefold()) if meant is None else None
        if folded is not None or self._plain:
            return folded
        others = [(word, said) for word, said in fitting if said not in (DENIED, FAILURE)]
        refusals = [word for word, said in fitting if said in (DENIED, FAILURE)]
        if others and refusals and all(any(word in more for more, _ in others) for word in refusals):
            return others[0][1]
        meant = self._rest if meant is None else meant
        if meant in (SUCCESS, None) and (refusal := refused(cell)):
            return self._rest if self._rest in (DENIED, FAILURE) else refusal
        return SUCCESS if meant is None and went_well(cell) else meant
