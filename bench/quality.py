# SPDX-License-Identifier: Apache-2.0
"""Benchmark 3: what the judgement explains, what it lets through, and what a reviewer with a budget finds, beside three rivals.

    python -m bench.quality [--seeds 10] [--settings B C] [--staff 300 --patients 20000 --days 30] [--quick] [--changes]

Every figure comes from simulated hospitals (docs/reference/simulator.md): it proves a method, not a hospital.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import simulate
from bench import folder, relations
from bench.changes import archived
from bench.figure import Figure
from bench.outcome import Outcome, as_markdown
from bench.review import Shown, review, truths
from bench.rivals import RIVALS
from bench.shares import explanations, leaks
from wardkeep.watch.judgement import judge
from wardkeep.watch.thresholds import Thresholds

BUDGETS = (3, 10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One hospital to measure; picklable, for a worker."""

    seed: int
    setting: str
    staff: int = 300
    patients: int = 20_000
    days: int = 30
    threads: int = 1
    #: Records changed late and databases by hand among the rest.
    changes: bool = False


def measure(task: Task) -> Outcome:
    """Build, judge and review one hospital; the rivals see the same one."""
    hospital = simulate.build(task.seed, task.staff, task.patients, task.days, task.setting, changes=task.changes)
    raw = relations.connect(hospital, threads=task.threads)
    out = Outcome(seed=task.seed, setting=task.setting, days=task.days)
    with tempfile.TemporaryDirectory(prefix="wardkeep-bench-") as place:
        simulate.write(hospital, Path(place))
        con = folder.connect(Path(place), threads=task.threads)
    archived(con, hospital)
    first, last = con.execute("SELECT min(time_us), max(time_us) + 1 FROM events").fetchone() or (0, 0)
    began = time.perf_counter()
    judgement = judge(con, thresholds=Thresholds(), from_us=first, to_us=last, as_of_us=last)
    out.seconds = time.perf_counter() - began
    reasons = con.sql(
        "SELECT e.name AS event_id, r.reason, r.source_table, r.source_id, r.support FROM reason_of r JOIN events e USING (eid)"
    ).to_arrow_table()
    explanations(out, raw, hospital, reasons)
    leaks(out, raw)
    day_of = {
        name: day.toordinal()
        for name, day in raw.execute("SELECT event_id, day FROM ev JOIN misuse USING (event_id)").fetchall()
    }
    truth = truths(hospital.misuse.to_pylist(), day_of)
    ours = [
        Shown(account=c.account, day=c.opened_on.toordinal(), rank=c.rank, events=frozenset(c.event_ids))
        for c in judgement.cases
    ]  # fmt: skip
    methods: dict[str, list[Shown]] = {"wardkeep": ours}
    methods |= {name: find(raw) for name, find in RIVALS.items()}
    for name, cases in methods.items():
        out.reviews[name] = {k: review(cases, truth, k=k, days=task.days) for k in BUDGETS}
        out.shown_a_day[name] = len(cases) / task.days
    raw.close()
    con.close()
    return out


def run(tasks: Sequence[Task], *, workers: int = 2) -> list[Outcome]:
    """Measure every task, two at a time; says on stderr how far it is."""
    out: list[Outcome] = []
    began = time.monotonic()
    with ProcessPoolExecutor(max_workers=max(1, workers)) as pool:
        for task, done in zip(tasks, pool.map(measure, tasks), strict=True):
            out.append(done)
            print(
                f"{time.monotonic() - began:6.0f} s  {len(out)}/{len(tasks)}  setting {task.setting} seed {task.seed}: "
                f"judged in {done.seconds:.1f} s",
                file=sys.stderr, flush=True,
            )  # fmt: skip
    return out


def figures(*, quick: bool) -> list[Figure]:
    """What `make bench` prints of this benchmark; the whole table goes to the talk."""
    seeds = range(1, 3) if quick else range(1, 11)
    tasks = [Task(seed=seed, setting=setting) for setting in ("B", "C") for seed in seeds]
    outcomes = run(tasks)
    print(as_markdown(outcomes))
    return summary(outcomes)


def summary(outcomes: Sequence[Outcome]) -> list[Figure]:
    """A dozen figures with their goals (notes of the issue), beside the best rival of each."""
    b, c = ([o for o in outcomes if o.setting == s] for s in "BC")

    def at(of: Sequence[Outcome], method: str, k: int, what: str) -> list[float]:
        reviews = [o.reviews[method][k] for o in of]
        return [r.precision if what == "precision" else (r.recall() or 0.0) for r in reviews]

    def found(of: Sequence[Outcome], name: str, k: int, what: str, goal: float) -> Figure:
        rival = max(RIVALS, key=lambda m: sum(at(of, m, k, what)))
        return Figure(
            what=f"quality: {what} at {k} cases a day, setting {name}", unit="share",
            ours=at(of, "wardkeep", k, what), peer=rival, theirs=at(of, rival, k, what), goal=goal,
        )  # fmt: skip

    every = list(outcomes)
    shares: tuple[tuple[str, list[float], float | None], ...] = (
        ("documented legitimate events explained", [o.documented for o in every], 0.99),
        ("explanations re-checked true", [o.true for o in every], 1.0),
        ("legitimate accesses explained, all", [o.legitimate for o in every], 0.96),
        ("legitimate accesses explained, first", [o.first for o in every], 0.85),
        ("undocumented explained by learning", [o.learned for o in every], None),
        ("flagged legitimate accesses cleared", [o.cleared for o in every], 0.70),
    )
    out = [Figure(what=f"quality: {what}", unit="share", ours=ours, goal=goal) for what, ours, goal in shares]
    leak = [o.leaked("easy") for o in every]
    out.append(Figure(what="quality: leak of easy misuse", unit="share", ours=leak, goal=0.05, less_is_better=True))
    if c:
        out += [found(c, "C", 3, "precision", 0.5), found(c, "C", 10, "recall", 0.65)]
    if b:
        out += [found(b, "B", 3, "recall", 0.8)]
    return out


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.quality", description="Detection quality on simulated hospitals."
    )
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--settings", nargs="+", default=["B", "C"], choices=["A", "B", "C"])
    parser.add_argument("--staff", type=int, default=300)
    parser.add_argument("--patients", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--changes", action="store_true", help="with records changed late and databases by hand")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="two seeds")
    call = parser.parse_args(words)
    seeds = range(call.first_seed, call.first_seed + (2 if call.quick else call.seeds))
    tasks = [
        Task(seed=seed, setting=setting, staff=call.staff, patients=call.patients, days=call.days,
             changes=call.changes)
        for setting in call.settings for seed in seeds
    ]  # fmt: skip
    print(as_markdown(run(tasks, workers=call.workers)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
