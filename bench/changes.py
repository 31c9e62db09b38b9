# SPDX-License-Identifier: Apache-2.0
"""Benchmark 10: which changes of records `late_edit` and `direct_edit` find, and which lawful ones they flag.

    python -m bench.changes [--seeds 10] [--first-seed 1] [--settings B C] [--sources] [--quick] [--workers 2]

A lawful change counts by account and day: so many things would a reader be asked. Every figure comes from simulated hospitals
(docs/reference/simulator.md): it proves a method, not a hospital.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb

import simulate
from bench import folder
from bench.figure import Figure
from bench.outcome import SENTENCE, wilson
from wardkeep.watch.detect.detect import detect, evidence_of, findings
from wardkeep.watch.engine import DuckEngine
from wardkeep.watch.explain.explain import explain, stand_ins
from wardkeep.watch.thresholds import Thresholds

#: What the simulator calls a change, and the detection that is there for it.
FOR = {"record": "late_edit", "database": "direct_edit"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One hospital to measure; picklable, for a worker."""

    seed: int
    setting: str
    sources: bool = False
    staff: int = 300
    patients: int = 20_000
    days: int = 30


@dataclass(frozen=True, order=True, slots=True)
class Form:
    """A form of change: of misuse with its difficulty, of lawful changes without. `scene` is "" where no scene made it."""

    change: str
    lawful: bool
    form: str
    difficulty: str


@dataclass
class Measured:
    """By form how many there were (cases; or accounts and days), and how many of them were flagged."""

    of: Counter[Form]
    flagged: Counter[Form]
    days: int


def archived(con: duckdb.DuckDBPyConnection, hospital: simulate.Hospital) -> None:
    """Make what a home takes from sealed versions: when records of each patient were archived."""
    if hospital.changes is not None:
        con.register("archive_list", hospital.changes.archive)
        con.execute(
            "CREATE TABLE archived AS SELECT patient_id, 'EMR' AS system, record_id AS src, "
            "epoch_us(CAST(archived_at AS TIMESTAMPTZ)) AS archived_us FROM archive_list"
        )
        con.unregister("archive_list")


def measure(task: Task) -> Measured:
    """Build one hospital, look for changes in it, and hold what was flagged against what each change was."""
    hospital = simulate.build(
        task.seed, task.staff, task.patients, task.days, task.setting, sources=task.sources, changes=True
    )
    with tempfile.TemporaryDirectory(prefix="wardkeep-bench-") as place:
        simulate.write(hospital, Path(place))
        con = folder.connect(Path(place), threads=1)
    archived(con, hospital)
    found = _flagged(con)
    out = Measured(Counter(), Counter(), task.days)
    for form, names in _forms(hospital).items():
        for group in names.values():
            out.of[form] += 1
            out.flagged[form] += bool(found[FOR[form.change]] & group)
    _others(con, hospital, found, out)
    con.close()
    return out


def _flagged(con: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """The events that findings of each of the two rest on."""
    first, last = con.execute("SELECT min(time_us), max(time_us) + 1 FROM events").fetchone() or (0, 0)
    numbers = {k: v for k, v in dataclasses.asdict(Thresholds()).items() if isinstance(v, int | float)}
    numbers |= {"from_us": first, "to_us": last, "weekly_self_access": 0}
    engine = DuckEngine(con)
    given = engine.tables()
    stand_ins(engine)
    explain(engine, numbers)
    detect(engine, numbers, tables=given)
    picked = findings(engine, "f.detection IN ('late_edit', 'direct_edit')")
    events = evidence_of(engine, numbers, picked)
    out: dict[str, set[str]] = {name: set() for name in FOR.values()}
    for one in picked:
        out[one.detection].update(event.name for event in events[one.finding_no])
    return out


def _forms(hospital: simulate.Hospital) -> dict[Form, dict[object, set[str]]]:
    """Events of each form, by case; of lawful ones by account and day."""
    out: dict[Form, dict[object, set[str]]] = {}
    day = _days(hospital)
    for row in hospital.changes.truth.to_pylist() if hospital.changes else ():
        form = Form(row["change"], row["lawful"], row["form"], row["difficulty"] or "")
        key = (row["account"], day[row["event_id"]]) if row["lawful"] else row["case_id"]
        out.setdefault(form, {}).setdefault(key, set()).add(row["event_id"])
    return out


def _days(hospital: simulate.Hospital) -> dict[str, str]:
    table = hospital.all_events
    return {
        name: time[:10] for name, time in zip(table["event_id"].to_pylist(), table["time"].to_pylist(), strict=True)
    }


def _others(
    con: duckdb.DuckDBPyConnection, hospital: simulate.Hospital, found: dict[str, set[str]], out: Measured
) -> None:  # fmt: skip
    """What was flagged and no scene of changes made, by the reason that the simulator knows, or the kind of misuse."""
    why = dict(zip(*(hospital.legitimate[c].to_pylist() for c in ("event_id", "reason")), strict=True))
    why |= {row["event_id"]: f"misuse: {row['kind']}" for row in hospital.misuse.to_pylist()}
    known = set(hospital.changes.truth["event_id"].to_pylist()) if hospital.changes else set()
    account = dict(con.execute("SELECT name, account FROM events WHERE action IN ('update', 'delete')").fetchall())
    day = _days(hospital)
    for change, detection in FOR.items():
        groups: dict[Form, set[tuple[str, str]]] = {}
        for name in found[detection] - known:
            form = Form(change, True, f"other: {why.get(name, 'none')}", "")
            groups.setdefault(form, set()).add((account[name], day[name]))
        for form, days in groups.items():
            out.of[form] += len(days)
            out.flagged[form] += len(days)


def run(tasks: Sequence[Task], *, workers: int = 2) -> list[Measured]:
    with ProcessPoolExecutor(max_workers=max(1, workers)) as pool:
        return list(pool.map(measure, tasks))


def as_markdown(found: Iterable[Measured]) -> str:
    """One row a form, over all hospitals together."""
    of: Counter[Form] = sum((m.of for m in found), Counter())
    flagged: Counter[Form] = sum((m.flagged for m in found), Counter())
    lines = [
        f"{SENTENCE} Of misuse cases are counted, of lawful changes accounts and days.\n",
        "| change | form | difficulty | of | flagged | share (95 %) |", "|---|---|---|--:|--:|--:|",
    ]  # fmt: skip
    for form in sorted(of):
        low, high = wilson(flagged[form], of[form])
        what = f"lawful: {form.form}" if form.lawful else form.form
        lines.append(
            f"| {form.change} | {what} | {form.difficulty} | {of[form]} | {flagged[form]} "
            f"| {flagged[form] / of[form]:.2f} ({low:.2f} to {high:.2f}) |"
        )
    return "\n".join(lines)


def _share(found: Sequence[Measured], change: str, difficulty: str) -> list[float]:
    """Found of the cases of a difficulty, by hospital that has any."""
    out = []
    for m in found:
        of = {f: n for f, n in m.of.items() if not f.lawful and (f.change, f.difficulty) == (change, difficulty)}
        if total := sum(of.values()):
            out.append(sum(m.flagged[f] for f in of) / total)
    return out or [0.0]


def figures(*, quick: bool) -> list[Figure]:
    """What `make bench` prints of this benchmark; the whole table goes to the talk."""
    tasks = [Task(seed=seed, setting=s) for s in ("B", "C") for seed in (range(1, 2) if quick else range(1, 11))]
    found = run(tasks)
    print(as_markdown(found))
    out = []
    for change, detection in FOR.items():
        for difficulty in ("easy", "hard"):
            out.append(
                Figure(
                    what=f"changes: {detection} finds, {difficulty}",
                    unit="share",
                    ours=_share(found, change, difficulty),
                )
            )
        wrong = [sum(n for f, n in m.flagged.items() if f.lawful and f.change == change) / m.days for m in found]
        out.append(
            Figure(
                what=f"changes: lawful accounts a day that {detection} flags",
                unit="a day",
                ours=wrong,
                less_is_better=True,
            )
        )
    return out


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.changes", description="Changes of records that are found.")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--settings", nargs="+", default=["B", "C"], choices=["A", "B", "C", "none"])
    parser.add_argument("--sources", action="store_true", help="with a database audit of the applications, too")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="two seeds")
    call = parser.parse_args(words)
    seeds = range(call.first_seed, call.first_seed + (2 if call.quick else call.seeds))
    tasks = [Task(seed=seed, setting=s, sources=call.sources) for s in call.settings for seed in seeds]
    print(as_markdown(run(tasks, workers=call.workers)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
