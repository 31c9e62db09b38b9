# SPDX-License-Identifier: Apache-2.0
"""`Verdict`: what kind of statistics a statement asks for, and in which names that was seen. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Concept(StrEnum):
    """What a column or a table is about."""

    DRUG = "drug"
    CONSUMABLE = "consumable"
    REAGENT = "reagent"
    #: An item of a bill or an order, which may be any of the three.
    ITEM = "item"
    PRESCRIBER = "prescriber"
    DEPARTMENT = "department"
    QUANTITY = "quantity"
    AMOUNT = "amount"
    #: One patient, visit or stay; a statement that names one is narrow.
    PATIENT = "patient"
    #: One prescription, order, operation or row; the same.
    PRESCRIPTION = "prescription"
    DAY = "day"


GOODS = frozenset({Concept.DRUG, Concept.CONSUMABLE, Concept.REAGENT})
WHO = frozenset({Concept.PRESCRIBER, Concept.DEPARTMENT})
MEASURES = frozenset({Concept.QUANTITY, Concept.AMOUNT})
#: What a condition on one value of makes narrow.
ONE = frozenset({Concept.PATIENT, Concept.PRESCRIPTION})
#: What the finding names.
SHOWN = GOODS | WHO | MEASURES | {Concept.ITEM}


class Answer(StrEnum):
    ORDINARY = "ordinary"
    #: Too narrow alone; many of them make the statistic.
    PIECE = "piece"
    #: Calls what is in no imported schema: neither clean nor flagged.
    UNKNOWN = "unknown"
    STATISTICS = "statistics"


class How(StrEnum):
    #: Sums or counts in groups.
    SUMS = "sums"
    #: The lines themselves, to be added up elsewhere.
    LINES = "lines"
    #: A report or menu function by that name.
    REPORT = "report"
    #: The tables or the lines copied: a dump, a table of one's own, a test database.
    COPY = "copy"


class By(StrEnum):
    PRESCRIBER = "prescriber"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """A concept, and the name in which it was seen."""

    concept: Concept
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What one statement asks for; `how` and `by` where it is a statistic or a piece of one."""

    answer: Answer = Answer.ORDINARY
    how: How | None = None
    by: By | None = None
    seen: tuple[Seen, ...] = ()
    #: False where the text could not be parsed, or was cut: told from its words.
    certain: bool = True
    #: Procedures and functions that no imported schema explains.
    unknown: tuple[str, ...] = ()


ORDINARY = Verdict()
_RANK = {Answer.ORDINARY: 0, Answer.PIECE: 1, Answer.UNKNOWN: 2, Answer.STATISTICS: 3}
_HOW = {None: 0, How.LINES: 1, How.REPORT: 2, How.SUMS: 3, How.COPY: 4}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest of the verdicts on the parts of one text; what nobody could evaluate is kept beside it."""
    kept = list(verdicts)
    if not kept:
        return ORDINARY
    top = max(kept, key=lambda v: (_RANK[v.answer], v.by is By.PRESCRIBER, _HOW[v.how], v.certain))
    unknown = tuple(sorted({name for v in kept for name in v.unknown}))
    if unknown == top.unknown:
        return top
    return Verdict(answer=top.answer, how=top.how, by=top.by, seen=top.seen, certain=top.certain, unknown=unknown)
