# SPDX-License-Identifier: Apache-2.0
"""`Item`: what one account did to one patient, or one finding about an account: the smallest thing that a case is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log2

from wardkeep.watch.detect.described import Family
from wardkeep.watch.rank.score import WEIGHTS, family_of, harm, log_odds, probability


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """Evidence that became complete on one local day."""

    account: str
    a: int
    #: Number of the patient, None where it is about the account.
    p: int | None
    #: Detection, where it is about the account.
    code: str | None
    first_us: int
    last_us: int
    first_day: int
    last_day: int
    #: Local day on which the evidence was complete.
    day: int
    #: Value by name of term, without `base`.
    terms: Mapping[str, float]
    records: int = 1
    vip: bool = False
    minor: bool = False
    sensitive: bool = False
    took: bool = False
    finding_nos: tuple[int, ...] = ()

    @property
    def key(self) -> tuple[int | None, str | None]:
        """Items with one key continue each other."""
        return self.p, self.code


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    terms: Mapping[str, float]
    logit: float
    probability: float
    harm: float
    family: Family

    @property
    def score(self) -> float:
        return self.probability * self.harm


def score_of(
    items: Sequence[Item], *, prior: tuple[int, int] = (0, 0), weights: Mapping[str, float] = WEIGHTS
) -> Score:
    """The score of items of one account: the strongest patient, what is said of the account, how many more, the past."""
    patients = [i for i in items if i.p is not None]
    strongest = max(patients, key=lambda i: (log_odds(i.terms, weights), -i.first_us), default=None)
    terms: dict[str, float] = {"base": 1.0}
    if strongest is not None:
        terms |= strongest.terms
    for item in items:
        if item.p is None:
            for name, value in item.terms.items():
                terms[name] = max(value, terms.get(name, 0.0))
    if (more := len({i.p for i in patients}) - 1) > 0:
        terms["more_patients"] = round(log2(1 + more), 3)
    hits, misses = prior
    if hits:
        terms["prior_hits"] = round(log2(1 + hits), 3)
    if misses:
        terms["prior_misses"] = -round(log2(1 + misses), 3)
    logit = log_odds(terms, weights)
    return Score(
        terms=terms, logit=logit, probability=probability(logit), harm=_harm(items), family=family_of(terms, weights)
    )  # fmt: skip


def _harm(items: Iterable[Item]) -> float:
    every = list(items)
    records = max(len({i.p for i in every if i.p is not None}), max((i.records for i in every), default=1))
    return harm(
        vip=any(i.vip for i in every), minor=any(i.minor for i in every), sensitive=any(i.sensitive for i in every),
        records=records, took=any(i.took for i in every),
    )  # fmt: skip


@dataclass(kw_only=True, slots=True)
class Opened:
    """A case while it is put together."""

    account: str
    a: int
    day: int
    items: list[Item] = field(default_factory=list)
    #: The name of a case that an earlier run opened.
    known: str | None = None
    #: By lot, among what the ranking passed over.
    picked: bool = False
    score: Score | None = None
