# SPDX-License-Identifier: Apache-2.0
"""The score of a case: probability of misuse times harm, from a few visible terms that can only raise it. Pure.

log-odds = sum of value x weight over the terms; every weight is at least zero but that of `base`, every value grows with
suspicion. A term about the strongest patient of a case is an expression over the table `signal`; a term about an account is
a detection that fired.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

from wardkeep.watch.detect.described import DETECTIONS, Family
from wardkeep.watch.detect.finding import Detection as D


@dataclass(frozen=True, slots=True)
class Weighted:
    """One term: what it is worth, and for terms about a patient how it is seen."""

    name: str
    weight: float
    #: SQL over `signal AS s`; empty: the term comes from a finding of this name, or from the case itself.
    seen: str = ""


#: The one table of weights. docs/reference/detections.md says what each rests on.
TERMS: tuple[Weighted, ...] = (
    Weighted("base", -6.0, "1"),
    Weighted("lone", 1.5, "s.lone"),
    Weighted("not_under_care", 2.0, "CASE WHEN s.quiet_days >= :inactive_days THEN 1 ELSE 0 END"),
    Weighted("household", 4.0, "CASE WHEN s.address + s.phone + s.contact + s.contact_name > 0 THEN 1 ELSE 0 END"),
    Weighted("surname", 1.0, "s.surname * s.lone"),
    Weighted("coworker", 2.0, "s.same_department"),
    Weighted("manager", 1.5, "s.manager"),
    Weighted("self_access", 6.0, "s.own"),
    Weighted("vip", 3.5, "s.vip"),
    Weighted("neighbour", 1.5, "s.building * s.lone"),
    Weighted("deceased", 3.5, "CASE WHEN s.died_days >= :deceased_days THEN 1 ELSE 0 END"),
    Weighted("honey", 9.0, "s.honey"),
    Weighted("breakglass", 1.5, "CASE WHEN s.broke > 0 AND s.wrote = 0 THEN 1 ELSE 0 END"),
    Weighted("off_roster", 1.5, "s.off_duty * s.lone"),
    Weighted("repeated", 1.0, "CASE WHEN s.days > 1 THEN s.lone ELSE 0 END"),
    Weighted("batch", 8.0),
    Weighted("bulk_export", 8.0),
    Weighted("low_and_slow", 6.0),
    Weighted("statistics", 8.0),
    Weighted("impossible_travel", 5.0),
    Weighted("overlap", 0.5),
    Weighted("leaver", 8.0),
    Weighted("dormant", 8.0),
    Weighted("vendor", 8.0),
    Weighted("service_misuse", 3.0),
    Weighted("enumeration", 6.0),
    Weighted("more_patients", 0.3),
    Weighted("prior_hits", 0.8),
    Weighted("prior_misses", 0.4),
)
WEIGHTS: Mapping[str, float] = {t.name: t.weight for t in TERMS}
#: Terms that come from a finding about the account.
FROM_FINDINGS = frozenset(t.name for t in TERMS if not t.seen) - {"more_patients", "prior_hits", "prior_misses"}

#: To which family of detections a term counts.
FAMILY: Mapping[str, Family] = {
    **{code.value: d.family for code, d in DETECTIONS.items()},
    "lone": Family.RELATION, "repeated": Family.RELATION,
}  # fmt: skip


def log_odds(terms: Mapping[str, float], weights: Mapping[str, float] = WEIGHTS) -> float:
    """Sum of value times weight."""
    return sum(value * weights[name] for name, value in terms.items())


def probability(logit: float) -> float:
    """The logistic of log-odds, safe at both ends."""
    return 1 / (1 + exp(-logit)) if logit >= 0 else exp(logit) / (1 + exp(logit))


def family_of(terms: Mapping[str, float], weights: Mapping[str, float] = WEIGHTS) -> Family:
    """The family of the term that adds most; relation where none does."""
    adding = [
        (value * weights[name], name) for name, value in terms.items() if name in FAMILY and value * weights[name] > 0
    ]
    return FAMILY[max(adding)[1]] if adding else Family.RELATION


def harm(*, vip: bool, minor: bool, sensitive: bool, records: int, took: bool) -> float:
    """How much a misuse would hurt, 1 to 3: grade of the data, who it is about, how many records, copies taken."""
    many = min(1.0, max(records - 1, 0) / 100)
    return 1.0 + 0.3 * vip + 0.2 * minor + 0.3 * sensitive + 0.2 * took + 1.0 * many


#: The detection whose presence on a random case says that it was drawn.
RANDOM = D.RANDOM.value
