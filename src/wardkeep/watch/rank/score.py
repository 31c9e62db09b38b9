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
    #: The same over the first day alone, where the two differ; `0`: it cannot be seen on the first day.
    first: str = ""


_LONE = "s.lone"
#: The one table of weights. docs/reference/detections.md says what each rests on.
TERMS: tuple[Weighted, ...] = (
    Weighted("base", -8.5, "1"),
    # -- about the strongest patient of the case
    Weighted("lone", 0.3, _LONE),
    Weighted("not_under_care", 1.7, "least(s.quiet_days, :inactive_days) / :inactive_days"),
    Weighted("household", 3.4, "CASE WHEN s.address + s.phone + s.contact + s.contact_name > 0 THEN 1 ELSE 0 END"),
    Weighted("surname", 0.3, "s.surname * s.lone"),
    Weighted("coworker", 2.0, "s.same_department"),
    Weighted("manager", 1.3, "s.manager"),
    Weighted("self_access", 9.0, "s.own"),
    Weighted("vip", 3.0, "s.vip * (0.3 + 0.7 * s.lone)"),
    Weighted("neighbour", 1.3, "s.building * s.lone"),
    Weighted("deceased", 2.8, "CASE WHEN s.died_days >= :deceased_days THEN 1 ELSE 0 END"),
    Weighted("honey", 9.0, "s.honey"),
    Weighted("breakglass", 4.5, "s.uncharted * (0.3 + 0.7 * s.lone)"),
    Weighted("off_roster", 3.4, "s.off_duty", "s.first_off_duty"),
    Weighted("repeated", 1.2, "CASE WHEN s.days > 1 AND s.wrote = 0 THEN s.lone ELSE 0 END", "0"),
    Weighted(
        "breadth",
        1.3,
        "CASE WHEN s.wrote = 0 THEN s.lone * ln(greatest(1, least(s.kinds, 8))) / ln(2.0) ELSE 0 END",
        "CASE WHEN s.wrote = 0 THEN s.lone * ln(greatest(1, least(s.first_kinds, 8))) / ln(2.0) ELSE 0 END",
    ),
    Weighted(
        "systems",
        2.2,
        "CASE WHEN s.systems > 1 THEN s.lone ELSE 0 END",
        "CASE WHEN s.first_systems > 1 THEN s.lone ELSE 0 END",
    ),
    Weighted("read_only", 0.9, "CASE WHEN s.wrote = 0 THEN s.lone ELSE 0 END"),
    Weighted("seldom", 1.9, "greatest(0, 1 - s.open_a_day / 3.0)"),
    Weighted("strewn", 1.0, "least(3, greatest(0, s.strewn - 1))", "least(3, greatest(0, s.first_strewn - 1))"),
    # -- about the account
    Weighted("batch", 12.0),
    Weighted("bulk_export", 12.0),
    Weighted("low_and_slow", 8.0),
    Weighted("statistics", 12.0),
    Weighted("impossible_travel", 7.0),
    Weighted("overlap", 0.5),
    Weighted("leaver", 12.0),
    Weighted("dormant", 10.0),
    Weighted("vendor", 11.0),
    Weighted("service_misuse", 4.0),
    Weighted("enumeration", 9.0),
    Weighted("late_edit", 9.0),
    Weighted("direct_edit", 9.0),
    # -- about the case as a whole
    Weighted("more_patients", 0.3),
    Weighted("prior_hits", 0.8),
    Weighted("prior_misses", 0.4),
)
WEIGHTS: Mapping[str, float] = {t.name: t.weight for t in TERMS}

#: To which family of detections a term counts.
FAMILY: Mapping[str, Family] = {
    **{code.value: d.family for code, d in DETECTIONS.items()},
    **dict.fromkeys(("lone", "repeated", "breadth", "systems", "read_only", "seldom", "strewn"), Family.RELATION),
}


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
