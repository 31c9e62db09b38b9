# SPDX-License-Identifier: Apache-2.0
"""Speed of telling statistics queries: statements a second over 20,000 distinct ones, every call with values of its own.

The peer is what the verdict would cost without a normaliser: one parse by sqlglot for each statement.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator

import sqlglot

from bench.figure import Figure
from wardkeep.watch.statistics.reader import Reader

#: Wanted statements a second, where every shape has been seen before.
GOAL = 50_000
_TABLES = (
    "prescription_item", "reg_visit", "bed", "zy_brxx", "lab_result", "mz_cfmx", "dbo.RxFlat", "staff", "appointment",
    "order_queue", "icu_monitor", "billing_head", "image_study", "nursing_note", "ward_round", "drug_stock",
)  # fmt: skip
_FORMS = (
    "SELECT c{n}, name, status FROM {t} WHERE id = {v} AND day = '{d}'",
    "select a.c{n}, b.name from {t} a join dict_{n} b on a.k = b.k where a.patient_id = '{v}' order by a.t{n} desc",
    "UPDATE {t} SET c{n} = {v}, changed = '{d}' WHERE id = {v}",
    "SELECT doctor_id, c{n}, SUM(quantity) FROM {t} WHERE d{n} BETWEEN '{d}' AND '{d}' GROUP BY doctor_id, c{n}",
    "SELECT COUNT(*) FROM {t} WHERE c{n} IN ({v}, {v}, {v}) AND day > '{d}' -- call {v}",
    "INSERT INTO {t} (c{n}, x, y) VALUES ('{v}', {v}, '{d}')",
    "WITH w AS (SELECT c{n} a, qty q FROM {t} WHERE visit_id = {v}) SELECT a, SUM(q) FROM w GROUP BY a",
    "SELECT t.* FROM {t} t WHERE t.c{n} LIKE '{v}%' AND rownum < {v}",
)


def forms(count: int) -> list[str]:
    """So many distinct statements, with places for values."""
    return [
        _FORMS[n % len(_FORMS)].replace("{n}", str(n)).replace("{t}", _TABLES[n % len(_TABLES)]) for n in range(count)
    ]


def calls(made: list[str], count: int, seed: int) -> Iterator[str]:
    """Calls of these statements, few of them most of the time, each with values of its own."""
    r = random.Random(seed)
    for n in range(count):
        form = made[min(int(r.paretovariate(0.4)) - 1, len(made) - 1)] if n % 2 else r.choice(made)
        yield form.replace("{v}", str(r.randrange(10**8))).replace(
            "{d}", f"2026-0{r.randrange(1, 9)}-{r.randrange(10, 28)}"
        )


def figures(*, quick: bool) -> list[Figure]:
    shapes, count, rounds = (500, 5_000, 1) if quick else (20_000, 200_000, 5)
    made = forms(shapes)
    first, warm, plain = [], [], []
    for n in range(rounds):
        reader = Reader()
        new = [form.replace("{v}", "4711").replace("{d}", "2026-01-31") for form in made]
        start = time.perf_counter()
        for text in new:
            reader.verdict(text)
        first.append(len(new) / (time.perf_counter() - start))
        texts = list(calls(made, count, n))
        start = time.perf_counter()
        for text in texts:
            reader.verdict(text)
        warm.append(len(texts) / (time.perf_counter() - start))
        sample = texts[: 200 if quick else 1_000]
        start = time.perf_counter()
        for text in sample:
            sqlglot.parse(text)
        plain.append(len(sample) / (time.perf_counter() - start))
        print(f"statistics: round {n + 1} of {rounds}, {warm[-1]:,.0f} statements a second", file=sys.stderr)
    name = f"{shapes:,} distinct statements"
    return [
        Figure(what=f"statistics queries: {name}, seen before", unit="stmt/s", ours=warm, peer="sqlglot, each parsed",
               theirs=plain, goal=GOAL),
        Figure(what=f"statistics queries: {name}, each for the first time", unit="stmt/s", ours=first),
    ]  # fmt: skip
