# SPDX-License-Identifier: Apache-2.0
"""`Outcome`: what one hospital showed about the judgement; and the table of many of them, with medians and ranges."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.review import Review

DIFFICULTIES = ("easy", "hard", "no_attribute", "explained")
SENTENCE = "A simulated hospital proves a method, not a hospital."
Counts = dict[str, tuple[int, int]]


@dataclass
class Outcome:
    """Shares are of events with a patient; counts are (part, whole)."""

    seed: int
    setting: str
    days: int
    seconds: float = 0.0
    documented: float = 0.0
    undocumented: float = 0.0
    learned: float = 0.0
    legitimate: float = 0.0
    first: float = 0.0
    cleared: float = 0.0
    true: float = 1.0
    named: int = 0
    unchecked: tuple[str, ...] = ()
    false_by_reason: dict[str, int] = field(default_factory=dict)
    documented_missed: Counts = field(default_factory=dict)
    undocumented_found: Counts = field(default_factory=dict)
    leak: Counts = field(default_factory=dict)
    leak_by_kind: Counts = field(default_factory=dict)
    reviews: dict[str, dict[int, Review]] = field(default_factory=dict)
    shown_a_day: dict[str, float] = field(default_factory=dict)

    def leaked(self, difficulty: str) -> float:
        part, whole = self.leak.get(difficulty, (0, 0))
        return part / whole if whole else 0.0


def wilson(found: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927), for few cases too."""
    if not of:
        return 0.0, 1.0
    share, room = found / of, z * z / of
    middle = (share + room / 2) / (1 + room)
    half = z / (1 + room) * math.sqrt(share * (1 - share) / of + room / (4 * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def spread(values: Sequence[float | None], form: str = ".2f") -> str:
    """Median and range over the seeds."""
    known = [v for v in values if v is not None]
    if not known:
        return ""
    middle = format(statistics.median(known), form)
    return middle if len(known) == 1 else f"{middle} ({min(known):{form}} to {max(known):{form}})"


def as_markdown(outcomes: Sequence[Outcome]) -> str:
    parts = [f"{SENTENCE} {len(outcomes)} hospitals; median and range over the seeds.\n", _explained(outcomes)]
    for setting in sorted({o.setting for o in outcomes}):
        of = [o for o in outcomes if o.setting == setting]
        parts += [_budget(setting, of), _kinds(setting, of)]
    parts.append(_notes(outcomes))
    return "\n".join(parts)


def _explained(outcomes: Sequence[Outcome]) -> str:
    rows: list[tuple[str, Callable[[Outcome], float | None]]] = [
        ("documented legitimate events explained", lambda o: o.documented),
        ("explanations that name a row and are true", lambda o: o.true),
        ("undocumented events explained (any reason)", lambda o: o.undocumented),
        ("undocumented events explained by learning", lambda o: o.learned),
        ("legitimate accesses explained, all", lambda o: o.legitimate),
        ("legitimate accesses explained, first of account and patient", lambda o: o.first),
        ("flagged legitimate accesses explained", lambda o: o.cleared),
        *((f"leak: {d} misuse explained", lambda o, d=d: o.leaked(d) if o.leak.get(d) else None) for d in DIFFICULTIES),
    ]
    settings = sorted({o.setting for o in outcomes})
    lines = ["| share of events | " + " | ".join(f"setting {s}" for s in settings) + " |"]
    lines.append("|---|" + "--:|" * len(settings))
    for what, value in rows:
        cells = [spread([value(o) for o in outcomes if o.setting == s], ".4f") for s in settings]
        lines.append(f"| {what} | " + " | ".join(cells) + " |")
    cells = [spread([o.seconds for o in outcomes if o.setting == s], ".1f") for s in settings]
    lines.append("| seconds of a judgement | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _budget(setting: str, outcomes: Sequence[Outcome]) -> str:
    cases = [float(len(next(iter(o.reviews.values()))[3].truth)) for o in outcomes]
    found = {
        method: {k: [o.reviews[method][k] for o in outcomes] for k in sorted(outcomes[0].reviews[method])}
        for method in outcomes[0].reviews
    }
    return f"Setting {setting}: {spread(cases, '.0f')} cases of misuse.\n\n{budget_rows(found)}\n"


def budget_rows(found: Mapping[str, Mapping[int, Sequence[Review]]]) -> str:
    """One row per method and budget: medians and ranges over its reviews."""
    lines = [
        "| method | k a day | precision | ceiling | recall | easy | hard | no attribute | days to detect |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for method, budgets in found.items():
        for k, reviews in budgets.items():
            cells = [
                spread([r.precision for r in reviews]), spread([r.ceiling for r in reviews]),
                spread([r.recall() for r in reviews]),
                *(spread([r.recall(difficulty=d) for r in reviews]) for d in DIFFICULTIES[:3]),
                spread([statistics.median(d) for r in reviews if (d := r.days_to_detect())], ".0f"),
            ]  # fmt: skip
            lines.append(f"| {method} | {k} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _kinds(setting: str, outcomes: Sequence[Outcome]) -> str:
    """Recall by kind over all seeds together, with its interval: single hospitals have few of each."""
    head = f"| setting {setting}: kind | cases | found at 3 a day | found at 10 a day | leak of events |"
    lines = [head, "|---|--:|--:|--:|--:|"]
    kinds = sorted({t.kind for o in outcomes for t in o.reviews["wardkeep"][3].truth})
    for kind in kinds:
        cells = []
        for k in (3, 10):
            reviews = [o.reviews["wardkeep"][k] for o in outcomes]
            asked = [(t.case_id in r.found) for r in reviews for t in r.truth if t.kind == kind]
            low, high = wilson(sum(asked), len(asked))
            cells.append(f"{sum(asked) / len(asked):.2f} ({low:.2f} to {high:.2f})")
        part, whole = (sum(o.leak_by_kind.get(kind, (0, 0))[i] for o in outcomes) for i in (0, 1))
        leak = f"{part / whole:.3f}" if whole else ""
        lines.append(f"| {kind} | {len(asked)} | {cells[0]} | {cells[1]} | {leak} |")
    return "\n".join(lines) + "\n"


def _notes(outcomes: Sequence[Outcome]) -> str:
    """What was missed and what was false, so that nobody has to ask."""
    missed: dict[str, list[int]] = {}
    false: dict[str, int] = {}
    learned: dict[str, list[int]] = {}
    for o in outcomes:
        for source, into in ((o.documented_missed, missed), (o.undocumented_found, learned)):
            for reason, (part, whole) in source.items():
                total = into.setdefault(reason, [0, 0])
                total[0] += part
                total[1] += whole
        for reason, n in o.false_by_reason.items():
            false[reason] = false.get(reason, 0) + n
    gone = ", ".join(f"{r} {a} of {b}" for r, (a, b) in sorted(missed.items()) if a)
    lines = [
        f"Documented, not explained: {gone or 'none'}.",
        "Explanations not confirmed: " + (", ".join(f"{r} {n}" for r, n in sorted(false.items())) or "none") + ".",
        "Undocumented, explained: " + ", ".join(f"{r} {a / b:.2f}" for r, (a, b) in sorted(learned.items()) if b) + ".",
    ]
    if unknown := sorted({name for o in outcomes for name in o.unchecked if name}):
        lines.append(f"Tables named and not re-checked: {', '.join(unknown)}.")
    return "\n".join(lines)
