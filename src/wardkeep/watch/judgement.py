# SPDX-License-Identifier: Apache-2.0
"""`judge`: every event explained or flagged, and the flags as ranked cases. Values in, values out."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wardkeep.watch.attribute import attribute as attributing
from wardkeep.watch.attribute.attribute import Clock
from wardkeep.watch.attribute.spelt import spelt_of
from wardkeep.watch.detect import detect as detecting
from wardkeep.watch.detect.detect import SharedLogin
from wardkeep.watch.engine import DuckEngine, digest
from wardkeep.watch.explain import explain as explaining
from wardkeep.watch.explain.reason import availability
from wardkeep.watch.rank.assemble import Assembler
from wardkeep.watch.rank.case import JudgedCase, KnownCase, Term
from wardkeep.watch.rank.fit import fit
from wardkeep.watch.rank.score import WEIGHTS
from wardkeep.watch.spelling import Spelt
from wardkeep.watch.statistics.schema import EMPTY, Schema
from wardkeep.watch.thresholds import Thresholds

if TYPE_CHECKING:
    import duckdb

DAY_US = 86_400_000_000
#: Rooms whose code and words decide what is found.
ROOMS = ("attribute", "explain", "detect", "rank", "statistics", "intake/database")

__all__ = ["JudgedCase", "Judgement", "KnownCase", "SharedLogin", "Term", "Thresholds", "judge"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What a run found. `reason_of`, `finding` and what attribution made stay in its connection."""

    cases: tuple[JudgedCase, ...]
    #: reason -> "available", or the names of the tables that are missing for it.
    available: Mapping[str, str | tuple[str, ...]]
    #: SHA-256 of code, SQL and thresholds (`settings`), by name.
    hashes: Mapping[str, str]
    #: Events that touched a record (or ran a query or export), and those with a reason.
    events: int
    explained: int
    #: Events by reason code.
    reasons: Mapping[str, int]
    #: (local day as days since 1970-01-01, system) -> (events, explained).
    by_day: Mapping[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    #: detection -> "evaluated", or the names of the tables that are missing for it.
    evaluated: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    #: What was estimated of the sources' clocks, where anybody was looked for behind an account.
    clocks: tuple[Clock, ...] = ()
    #: Departments' accounts in use, by department and week.
    shared: tuple[SharedLogin, ...] = ()
    #: Weight by term, and how many decided cases they were fitted to (0: the stated ones).
    weights: Mapping[str, float] = field(default_factory=dict)
    labels: int = 0
    #: Procedures that statements call and no imported schema explains, with the number of calls: not evaluated.
    unknown: Mapping[str, int] = field(default_factory=dict)
    #: Accounts that are written otherwise than in the table, and what they were taken for.
    spelt: tuple[Spelt, ...] = ()


def judge(
    con: duckdb.DuckDBPyConnection,
    *,
    thresholds: Thresholds,
    from_us: int | None = None,
    to_us: int | None = None,
    as_of_us: int,
    priors: Mapping[str, tuple[int, int]] | None = None,
    history: Sequence[KnownCase] = (),
    labels: Sequence[tuple[Mapping[str, float], bool]] | None = None,
    seed: str = "",
    schema: Schema = EMPTY,
) -> Judgement:
    """Explain, detect and rank what lies in `con` (views `events` and the hospital's tables) between two moments.

    as_of_us: the moment of which the context is. priors: account -> earlier cases decided as misuse and otherwise. history:
    cases of earlier runs. labels: terms of decided cases, and whether they were misuse: with enough of them the weights are
    fitted again. seed: what the lot is drawn from. schema: what names in statements mean.
    Leaves `reason_of` and `finding` in `con`.
    """
    engine = DuckEngine(con)
    given = engine.tables()
    available = availability(given)
    explaining.stand_ins(engine)
    numbers = _numbers(engine, thresholds, from_us, to_us, as_of_us)
    explaining.explain(engine, numbers)
    view = explaining.REASON_OF.replace(":from_us", str(numbers["from_us"]))
    con.execute(f"CREATE OR REPLACE TEMP VIEW reason_of AS {view}")
    evaluated = detecting.detect(engine, numbers, tables=given, schema=schema)
    fitted = fit([terms for terms, _ in labels or ()], [label for _, label in labels or ()], stated=WEIGHTS)
    weights = fitted or WEIGHTS
    assembler = Assembler(
        engine,
        numbers,
        thresholds=thresholds,
        priors=priors or {},
        available=available,
        weights=weights,
        seed=seed,
    )
    cases = assembler.cases(history, whole_days_until=_day_of(engine, as_of_us))
    days = {
        (day, system): (events, events - open_) for day, system, events, open_ in
        engine.rows("SELECT day, system, events, unexplained FROM daily ORDER BY day, system")
    }  # fmt: skip
    return Judgement(
        cases=tuple(cases),
        available=available,
        hashes=_hashes(thresholds, weights, schema, fitted=fitted is not None),
        events=sum(events for events, _ in days.values()),
        explained=sum(explained for _, explained in days.values()),
        reasons=dict(engine.rows("SELECT reason, events FROM reason_count ORDER BY reason")),
        by_day=days,
        clocks=tuple(attributing.clocks(engine)),
        shared=tuple(detecting.shared_logins(engine)),
        evaluated=evaluated,
        weights=weights,
        labels=len(labels or ()) if fitted else 0,
        unknown=dict(
            engine.rows("SELECT procedure, count(*) FROM statistics_unknown GROUP BY procedure ORDER BY procedure")
        ),
        spelt=spelt_of(engine),
    )


def _numbers(
    engine: DuckEngine, thresholds: Thresholds, from_us: int | None, to_us: int | None, as_of_us: int
) -> dict[str, int | float]:
    """What the texts ask for: thresholds and the judged time."""
    numbers = {k: v for k, v in dataclasses.asdict(thresholds).items() if isinstance(v, int | float)}
    ((first, last),) = engine.rows("SELECT min(time_us), max(time_us) FROM events")
    numbers["from_us"] = from_us if from_us is not None else (first if first is not None else as_of_us)
    numbers["to_us"] = to_us if to_us is not None else (last + 1 if last is not None else as_of_us)
    numbers["weekly_self_access"] = int(thresholds.self_access == "weekly")
    return numbers


def _day_of(engine: DuckEngine, moment_us: int) -> int:
    """The local day of a moment, by the largest offset of the events (UTC where there is none)."""
    ((offset,),) = engine.rows("SELECT max(t.offset_us) FROM touch AS t")
    return int((moment_us + (offset or 0)) // DAY_US)


def code_hash(room: Path) -> str:
    """The hash of what a judgement is made with: of the rooms below `room`, their lists of words too."""
    code = hashlib.sha256()
    for folder in ROOMS:
        for path in sorted([*(room / folder).glob("*.py"), *(room / folder).glob("*.toml")]):
            code.update(f"{folder}/{path.name}\0".encode() + path.read_bytes() + b"\0")
    for name in ("places.py", "spelling.py", Path(__file__).name):
        code.update((room / name).read_bytes())
    return code.hexdigest()


def _hashes(thresholds: Thresholds, weights: Mapping[str, float], schema: Schema, *, fitted: bool) -> dict[str, str]:
    settings = sorted(dataclasses.asdict(thresholds).items())
    return {
        "code": code_hash(Path(__file__).parent),
        "sql": digest([*attributing.QUERIES.values(), *explaining.QUERIES.values(), *detecting.QUERIES.values()]),
        "settings": hashlib.sha256(repr(settings).encode()).hexdigest(),
        **({"schema": schema.digest} if schema.digest else {}),
        "weights_fitted" if fitted else "weights": hashlib.sha256(repr(sorted(weights.items())).encode()).hexdigest(),
    }
