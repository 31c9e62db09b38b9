# SPDX-License-Identifier: Apache-2.0
"""One judgement from end to end: the store's views, our own reviewers' reasons, the engine, the run that is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wardkeep.home import Home, now
from wardkeep.jobs import silent
from wardkeep.seal.uuid7 import uuid7
from wardkeep.watch.attribute import spelt
from wardkeep.watch.attribute.attribute import KEPT
from wardkeep.watch.judgement import JudgedCase, Judgement, judge
from wardkeep.watch.statistics.schema import EMPTY, Schema, SchemaError, read_schema, schema_file

if TYPE_CHECKING:
    import duckdb

    from wardkeep.watch.cases.models import Run
    from wardkeep.watch.store import Store

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_US = 86_400_000_000
REASONS_SQL = """
    SELECT e.name AS event_id, r.eid IS NOT NULL AS explained, r.reason,
           CASE WHEN r.reason IS NULL THEN NULL ELSE r.source_id END AS source_id,
           r.source_table, r.late
    FROM events e LEFT JOIN reason_of r USING (eid)
    WHERE e.time_us >= coalesce(?::BIGINT, e.time_us)
    ORDER BY e.time_us, e.eid
"""
ARTIFACT_SQL = "SELECT eid, reason, source_table, source_id, late, support FROM reason_of ORDER BY eid"


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A judgement, and the run that keeps it; None with `store=False`."""

    judgement: Judgement
    run: Run | None


def judge_home(
    home: Home,
    *,
    from_us: int | None = None,
    to_us: int | None = None,
    trigger: str = "command",
    by: Any = "cli",
    store: bool = True,
    reasons: Path | None = None,
) -> Judged:
    """Judge what the home's store holds between two moments. Django must be set up.

    reasons: where to write one row per event with its reason, as Parquet. The run, its cases and its act are kept
    unless `store` is False.
    """
    from wardkeep.watch.cases import own_records, shared_logins, who  # noqa: PLC0415
    from wardkeep.watch.cases.run_actions import RunFacts, known_cases, store_run  # noqa: PLC0415

    started = now()
    settings = home.settings
    events = home.store()
    log, size, root = _ledger_state(home)
    thresholds = settings.judging.all_thresholds()
    con = events.connect(
        # What is learned is learned from the days before those that are judged.
        from_us=None if from_us is None else from_us - (thresholds.learned_days + 1) * DAY_US,
        to_us=to_us,
        as_of_us=_us(started),
        details=True,
        memory_limit=settings.engine.memory_limit,
        threads=settings.engine.threads,
    )
    try:
        merged = show_merged(con)
        con.register("assignments", under_every_number(con, assignments()) if merged else assignments())
        con.register("mandates", mandates())
        con.register("archived", under_every_number(con, archived(events)) if merged else archived(events))
        judgement = judge(
            con,
            thresholds=thresholds,
            from_us=from_us,
            to_us=to_us,
            as_of_us=_us(started),
            priors=priors(),
            history=known_cases(),
            labels=labels(),
            # Nobody knows the root before the ledger has it, so nobody knows what the lot will draw.
            seed=root,
            schema=schema_of(home),
        )
        if reasons is not None:
            write_reasons(con, reasons, from_us)
        if not store:
            return Judged(judgement=judgement, run=None)
        run_id = uuid7()
        events.save_run(str(run_id), "reasons", con.sql(ARTIFACT_SQL).to_arrow_table())
        events.save_run(str(run_id), own_records.ARTIFACT, con.sql(own_records.ARTIFACT_SQL).to_arrow_table())
        events.save_run(str(run_id), who.ARTIFACT, con.sql(KEPT).to_arrow_table())
        events.save_run(str(run_id), who.OF_CASES, who.of_cases(judgement.cases))
        events.save_run(str(run_id), shared_logins.ARTIFACT, con.sql(shared_logins.ARTIFACT_SQL).to_arrow_table())
        events.save_run(str(run_id), silent.ARTIFACT, silent.silences_in(con))
        if judgement.spelt:
            events.save_run(str(run_id), spelt.ARTIFACT, con.sql(spelt.ARTIFACT_SQL).to_arrow_table())
        facts = RunFacts(
            run_id=run_id,
            started_at=started,
            finished_at=now(),
            trigger=trigger,
            from_us=from_us,
            to_us=to_us,
            as_of=started,
            ledger_log=log,
            ledger_size=size,
            ledger_root=root,
            context=snapshots(con),
            systems=_newest(con),
        )
    finally:
        con.close()
    return Judged(judgement=judgement, run=store_run(judgement, facts, by=by, at=now()))


def schema_of(home: Home) -> Schema:
    """What names in statements mean, by the file that the settings name. Raises SchemaUnusable."""
    name = home.settings.judging.statistics
    if not name:
        return EMPTY
    path = home.path / name
    try:
        labels = path.read_text(encoding="utf-8")
        table = schema_file(labels)
        return read_schema((path.parent / table).read_text(encoding="utf-8-sig") if table else "", labels)
    except (OSError, UnicodeDecodeError, SchemaError) as exc:
        raise SchemaUnusable(path, str(exc)) from exc


class SchemaUnusable(Exception):
    """The file that says what names in statements mean cannot be used."""

    exit_status = 2

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.hint = "mend it, or empty `statistics` under [judging]; docs/how-to/statistics-queries.md shows it"


def case_line(case: JudgedCase, zone: Any) -> dict[str, Any]:
    """A case as `wardkeep judge --json` prints it."""
    return {
        "case_id": case.case_id,
        "account": case.account,
        "person": case.person,
        "confidence": case.confidence,
        "candidates": [
            {"person": one.person, "confidence": one.confidence, "by": list(one.by)} for one in case.candidates
        ],
        "opened_on": case.opened_on.isoformat(),
        "rank": case.rank,
        "from": (EPOCH + timedelta(microseconds=case.from_us)).astimezone(zone).isoformat(),
        "to": (EPOCH + timedelta(microseconds=case.to_us)).astimezone(zone).isoformat(),
        "score": case.score,
        "detections": list(case.detections),
        "patients": list(case.patients),
        "event_ids": list(case.event_ids),
        "reasons_missing": list(case.reasons_missing),
        "random": case.random,
    }


def write_reasons(con: duckdb.DuckDBPyConnection, target: Path, from_us: int | None) -> None:
    """One row per event, to a file that appears whole or not at all."""
    draft = target.with_name(target.name + ".part")
    reader: pa.RecordBatchReader = con.sql(REASONS_SQL, params=[from_us]).to_arrow_reader(100_000)
    with pq.ParquetWriter(draft, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)
    draft.replace(target)


def assignments() -> pa.Table:
    """Cases in our reviewers' hands, as reasons for their own accesses."""
    from wardkeep.watch.cases.models import Assignment  # noqa: PLC0415

    rows = [
        (row.user.access_account, patient, _us(row.at), _us(row.ended_at) if row.ended_at else None, row.case.key)
        for row in Assignment.objects.select_related("user", "case")
        for patient in row.case.patients
    ]
    return _table(rows, ("account", "patient_id", "start_us", "end_us", "src"))


def archived(store: Store) -> pa.Table:
    """When records of patients were archived, as far as it is sealed."""
    table = store.known_table("record_versions")
    table = table.filter(pc.and_(pc.equal(table["stage"], "archived"), pc.is_valid(table["patient_id"])))
    return table.select(["patient_id", "system", "time_us", "src"]).rename_columns(
        ["patient_id", "system", "archived_us", "src"]
    )


def show_merged(con: duckdb.DuckDBPyConnection) -> bool:
    """Let the texts see which numbers of patients are of one person; whether any were merged."""
    kept = "SELECT 1 FROM information_schema.tables WHERE table_schema = 'kept' AND table_name = 'same_person'"
    if not con.execute(kept).fetchone():
        return False
    con.execute("CREATE TEMP VIEW one_person AS SELECT patient_id, other_id FROM kept.same_person")
    return True


def under_every_number(con: duckdb.DuckDBPyConnection, table: pa.Table) -> pa.Table:
    """What is said of a number of a patient, said of every other of the same person too."""
    con.register("of_patients", table)
    try:
        return con.sql(
            """SELECT * FROM of_patients UNION ALL
            SELECT t.* REPLACE (s.other_id AS patient_id) FROM of_patients t
            JOIN one_person s ON s.patient_id = t.patient_id"""
        ).to_arrow_table()
    finally:
        con.unregister("of_patients")


def mandates() -> pa.Table:
    """Audit mandates, as reasons for their holders' accesses."""
    from wardkeep.govern.identity.models import Mandate  # noqa: PLC0415

    rows = [
        (row.user.access_account, _us(row.starts_at), _us(row.ends_at), str(row.id))
        for row in Mandate.objects.select_related("user")
    ]
    return _table(rows, ("account", "start_us", "end_us", "src"))


def priors() -> dict[str, tuple[int, int]]:
    """account -> (decided as misuse, decided otherwise): the repeat-offender prior."""
    from wardkeep.watch.cases.case import HITS, MISSES  # noqa: PLC0415
    from wardkeep.watch.cases.models import Case  # noqa: PLC0415

    counts: dict[str, tuple[int, int]] = {}
    for account, outcome in Case.objects.filter(state="decided").values_list("account", "outcome"):
        hits, misses = counts.get(account, (0, 0))
        counts[account] = (hits + (outcome in HITS), misses + (outcome in MISSES))
    return counts


def labels() -> list[tuple[dict[str, float], bool]]:
    """Terms of decided cases, and whether they were misuse: what weights can be fitted to. Drawn cases have no terms."""
    from wardkeep.watch.cases.case import HITS, MISSES  # noqa: PLC0415
    from wardkeep.watch.cases.models import Case  # noqa: PLC0415

    decided = Case.objects.filter(state="decided", random=False).order_by("key").values_list("terms", "outcome")
    return [
        ({term["name"]: float(term["value"]) for term in terms}, outcome in HITS)
        for terms, outcome in decided
        if outcome in HITS | MISSES
    ]


def snapshots(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Context table -> SHA-256 of what this run saw of it: its row count and an order-free hash of its rows."""
    found = {}
    for (name,) in con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1").fetchall():
        if name in ("events", "all_events", "event_detail", "assignments", "mandates"):
            continue
        row = con.execute(f'SELECT count(*), bit_xor(hash(t)) FROM "{name}" t').fetchone()  # noqa: S608 - names of views
        found[name] = hashlib.sha256(msgspec.json.encode([name, *map(str, row or ())])).hexdigest()
    return found


def _newest(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return dict(con.execute("SELECT system, max(time_us) FROM all_events GROUP BY system").fetchall())


def _ledger_state(home: Home) -> tuple[str, int, str]:
    """Log, size and root of the newest log: what the run could have seen, named before it looks."""
    reader = home.ledger_reader()
    checkpoint = reader.checkpoint(reader.current)
    return reader.current, checkpoint.size, checkpoint.root.hex()


def _table(rows: list[tuple[Any, ...]], names: tuple[str, ...]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in names]
    types = {name: pa.int64() if name.endswith("_us") else pa.string() for name in names}
    return pa.table({name: pa.array(c, types[name]) for name, c in zip(names, columns, strict=True)})


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def lines(judgement: Judgement, zone: Any) -> Iterator[dict[str, Any]]:
    """Every case as a line, by day, best first."""
    for case in sorted(judgement.cases, key=lambda c: (c.opened_on, c.rank)):
        yield case_line(case, zone)
