# SPDX-License-Identifier: Apache-2.0
"""Questions to the sealed store: accesses with their reasons, the hospital's own rows, an account beside its peers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
from django.conf import settings

from wardkeep.watch.attribute.spelt import read_through, spellings_of
from wardkeep.watch.cases.coverage import Ruled, ruled
from wardkeep.watch.cases.models import Run
from wardkeep.watch.cases.pages import AccessLine, DayCount, ReasonShown, ShiftShown
from wardkeep.watch.cases.spelt import as_written, spelt_by
from wardkeep.watch.engine import DuckEngine
from wardkeep.watch.hospital.tables import TABLES
from wardkeep.watch.spelling import Spelt

if TYPE_CHECKING:
    import duckdb

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: A page's share of the machine: a judgement may run beside it.
PAGE_MEMORY, PAGE_THREADS = "1GB", 1
#: Artifacts of a run up to this size stay in memory between pages.
KEPT_BYTES = 256 * 1024 * 1024

EMPTY_REASONS = pa.schema(
    [
        ("eid", pa.int64()),
        ("reason", pa.string()),
        ("source_table", pa.string()),
        ("source_id", pa.string()),
        ("late", pa.bool_()),
        ("support", pa.string()),
    ]
)
ABSENT = {
    "departments": "department VARCHAR, name VARCHAR, src VARCHAR",
    "accounts": "account VARCHAR, staff_id VARCHAR, kind VARCHAR, department VARCHAR, src VARCHAR",
    "staff": "staff_id VARCHAR, name VARCHAR, role VARCHAR, department VARCHAR, src VARCHAR",
    "patients": "patient_id VARCHAR, name VARCHAR, src VARCHAR",
}
#: Accesses for which a reason is looked for: they reached a record, or took data out. As the engine's `touch` and `statement`.
ASKED = """(e.kind = 'access' AND e.outcome = 'success' AND CASE WHEN e.patient_id IS NULL
    THEN e.action IN ('query', 'export', 'print') ELSE e.action NOT IN ('login', 'logout') END)"""
LINES = """
    SELECT e.name, e.time_us, e.system, e.account, a.staff_id, s.role, s.department, e.patient_id, e.action,
           e.resource, e.count, e.outcome, e.breakglass, e.workstation, e.ip, e.session_id, e.query, e.log, e.n,
           r.reason, r.source_table, r.source_id, r.late, r.support, e.source, e.position, e.format, e.eid, {asked},
           e.written
    FROM {events} e
    LEFT JOIN accounts a ON a.account = e.account
    LEFT JOIN staff s ON s.staff_id = a.staff_id
    LEFT JOIN run_reason r ON r.eid = e.eid
"""
CARE = {
    "encounters": "kind, start_us, end_us, department, src",
    "appointments": "NULL, time_us, NULL, department, src",
    "orders": "kind, time_us, NULL, performing_department, src",
    "transfers": "NULL, time_us, NULL, to_department, src",
    "care_team": "role, start_us, end_us, NULL, src",
    "work_items": "kind, start_us, end_us, department, src",
}
SHIFTS = """
    SELECT DISTINCT sh.department, sh.start_us, sh.end_us FROM shifts sh JOIN accounts a USING (staff_id)
    WHERE a.account = $account AND sh.start_us < $until AND coalesce(sh.end_us, sh.start_us) >= $since
    ORDER BY 2
"""
#: A shift without an end is shown this long.
OPEN_SHIFT = timedelta(hours=12)
US = timedelta(microseconds=1)
PEERS = """
    WITH me AS (
        SELECT s.role, s.department FROM accounts a JOIN staff s USING (staff_id) WHERE a.account = $account
    ), peers AS (
        SELECT a.account FROM accounts a JOIN staff s USING (staff_id), me
        WHERE s.role = me.role AND s.department = me.department AND a.account <> $account
    ), daily AS (
        SELECT e.account, e.day, count(DISTINCT e.patient_id) AS patients,
               count(DISTINCT e.patient_id) FILTER (WHERE r.eid IS NULL AND {asked}) AS unexplained
        FROM events e LEFT JOIN run_reason r USING (eid)
        WHERE e.account = $account OR e.account IN (SELECT account FROM peers)
        GROUP BY 1, 2
    ), beside AS (
        SELECT day, quantile_cont(patients, 0.5) AS middle, quantile_cont(patients, 0.95) AS high
        FROM daily WHERE account <> $account GROUP BY 1
    )
    SELECT day, coalesce(d.patients, 0), coalesce(d.unexplained, 0), coalesce(b.middle, 0), coalesce(b.high, 0),
           (SELECT count(*) FROM peers)
    FROM (SELECT * FROM daily WHERE account = $account) d FULL JOIN beside b USING (day)
    ORDER BY day
"""


#: Of another event that is a reason (the right record after a wrong one, an entry written that day).
SHOWN_OF_EVENTS = "name AS event, time_us, system, account, patient_id, action, resource, outcome, workstation"


class Counts(NamedTuple):
    """Accesses; those that a reason is looked for, and has; the accounts behind them."""

    total: int
    asked: int
    explained: int
    accounts: int


class Opened:
    """The store as one page sees it, with the reasons of the runs that count for its time."""

    def __init__(self, con: duckdb.DuckDBPyConnection, ruling: Sequence[Ruled], spelt: Sequence[Spelt] = ()) -> None:
        self.con = con
        self.ruling = ruling
        read_through(DuckEngine(con), spelt, events=("events", "all_events"))
        self.tables = {name for (name,) in con.execute("SELECT view_name FROM duckdb_views()").fetchall()}
        for name, columns in ABSENT.items():
            if name not in self.tables:
                con.execute(f"CREATE TEMP TABLE {name} ({columns})")
        self._load_reasons()

    def lines(self, where: str, values: Mapping[str, Any], *, limit: int, order: str = "e.time_us") -> list[AccessLine]:
        """Accesses that `where` keeps, in the order of time."""
        sql = f"{LINES.format(events='events', asked=ASKED)} WHERE {where} ORDER BY {order} LIMIT {int(limit)}"
        found = [self._line(row) for row in self.con.execute(sql, dict(values)).fetchall()]
        return sorted(found, key=lambda line: line.time)

    def one(self, log: str, n: int) -> tuple[AccessLine, str, str, str] | None:
        """The access at an entry of the ledger, with its source file, position and format."""
        sql = f"{LINES.format(events='all_events', asked=ASKED)} WHERE e.log = $log AND e.n = $n LIMIT 1"
        row = self.con.execute(sql, {"log": log, "n": n}).fetchone()
        return None if row is None else (self._line(row), row[24] or "", row[25] or "", row[26] or "")

    def counts(self, where: str, values: Mapping[str, Any]) -> Counts:
        """How many accesses `where` keeps."""
        sql = f"""SELECT count(*), count(*) FILTER ({ASKED}), count(r.eid), count(DISTINCT e.account) FROM events e
                  LEFT JOIN run_reason r ON r.eid = e.eid WHERE {where}"""  # noqa: S608 - our own conditions
        return Counts(*(self.con.execute(sql, dict(values)).fetchone() or (0, 0, 0, 0)))

    def row(self, table: str, source_id: str) -> dict[str, Any]:
        """One of the hospital's rows as stored, times and dates as such; empty where it is not there."""
        if table not in self.tables or table not in (*TABLES, "events"):
            return {}
        columns, name = (SHOWN_OF_EVENTS, "name") if table == "events" else ("*", "src")
        sql = f'SELECT {columns} FROM "{table}" WHERE "{name}" = $src LIMIT 1'  # noqa: S608 - our own names
        cursor = self.con.execute(sql, {"src": source_id})
        names = [column[0] for column in cursor.description or ()]
        row = cursor.fetchone()
        return {} if row is None else {_plain(n): _moment(n, v) for n, v in zip(names, row, strict=True)}

    def care(self, patient_id: str) -> list[dict[str, Any]]:
        """What the tables say of a patient's care, by time."""
        found = []
        for table, columns in CARE.items():
            if table not in self.tables:
                continue
            sql = f"SELECT {columns} FROM {table} WHERE patient_id = $patient"  # noqa: S608 - our own names
            for kind, begins, ends, department, src in self.con.execute(sql, {"patient": patient_id}).fetchall():
                found.append(
                    {
                        "table": table,
                        "kind": kind,
                        "from_at": _at(begins),
                        "to_at": _at(ends),
                        "department": department,
                        "source_id": src,
                    }
                )
        return sorted(found, key=lambda row: (row["from_at"] is None, row["from_at"] or EPOCH))

    def beside_peers(self, account: str) -> tuple[list[DayCount], int]:
        """Each day of an account beside its peers, and how many peers there are."""
        rows = self.con.execute(PEERS.format(asked=ASKED), {"account": account}).fetchall()
        days = [
            DayCount(
                day=date(1970, 1, 1) + timedelta(days=day),
                patients=patients,
                unexplained=unexplained,
                peer_median=middle,
                peer_high=high,
            )
            for day, patients, unexplained, middle, high, _ in rows
        ]
        return days, rows[0][5] if rows else 0

    def shifts(self, account: str, *, from_at: datetime, to_at: datetime) -> list[ShiftShown]:
        """The shifts of the person behind an account that touch a time."""
        if "shifts" not in self.tables:
            return []
        values = {"account": account, "since": _us(from_at - OPEN_SHIFT), "until": _us(to_at)}
        found = self.con.execute(SHIFTS, values).fetchall()
        return [
            ShiftShown(
                department=d,
                start=EPOCH + begins * US,
                end=EPOCH + ends * US if ends else EPOCH + begins * US + OPEN_SHIFT,
            )
            for d, begins, ends in found
        ]

    def account(self, written: str) -> str:
        """The account of the table that a spelling is surely of, else what is written."""
        return spellings_of(DuckEngine(self.con)).account(written)

    def value(self, sql: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row of a question to the hospital's tables."""
        return self.con.execute(sql, dict(values)).fetchone()

    def _line(self, row: Sequence[Any]) -> AccessLine:
        (event_id, time_us, system, account, person, role, department, patient, action, resource, count, outcome) = row[
            :12
        ]
        breakglass, workstation, ip, session, query, log, n, reason, table, source_id, late, support = row[12:24]
        shown = None
        if reason is not None:
            shown = ReasonShown(
                reason=reason, source_table=table, source_id=source_id, late=bool(late), support=_support(support)
            )
        return AccessLine(
            eid=row[27],
            event_id=event_id,
            time=EPOCH + timedelta(microseconds=time_us),
            system=system,
            account=account,
            written=row[29],
            person=person,
            role=role,
            department=department,
            patient_id=patient,
            action=action,
            resource=resource,
            count=count,
            outcome=outcome,
            breakglass=bool(breakglass),
            workstation=workstation,
            ip=ip,
            session_id=session,
            query=query,
            entry=f"{log}:{n}",
            reason=shown,
            asked=row[28],
            judged=row[28] and self._judged(time_us, str(log), n),
        )

    def _load_reasons(self) -> None:
        """`run_reason`: of each access the reason that the run gave which counts for its time."""
        names = [f'"{name}"' for name in EMPTY_REASONS.names]
        self.con.register("run_reason_none", EMPTY_REASONS.empty_table())
        parts = [f"SELECT {', '.join(names)} FROM run_reason_none"]  # noqa: S608 - our own names
        for number, part in enumerate(self.ruling):
            self.con.register(f"run_reason_{number}", _reasons(str(part.run.id)))
            begins, ends = part.span.begins, part.span.ends
            where = [f"e.time_us >= {_us(begins)}"] if begins else []
            where += [f"e.time_us < {_us(ends)}"] if ends else []
            sql = f"SELECT {', '.join(f'r.{name}' for name in names)} FROM run_reason_{number} r"  # noqa: S608
            if where:
                sql += f" JOIN all_events e ON e.eid = r.eid WHERE {' AND '.join(where)}"
            parts.append(sql)
        self.con.execute(f"CREATE TEMP VIEW run_reason AS {' UNION ALL '.join(parts)}")

    def run_of(self, line: AccessLine) -> Run | None:
        """The run that judged an access, None where none did yet."""
        log, _colon, n = line.entry.partition(":")
        return next((part.run for part in self.ruling if part.covers(line.time, log, int(n))), None)

    def _judged(self, time_us: int, log: str, n: int) -> bool:
        moment = EPOCH + timedelta(microseconds=time_us)
        return any(part.covers(moment, log, n) for part in self.ruling)


@contextmanager
def opened(
    *,
    from_at: datetime | None = None,
    to_at: datetime | None = None,
    patients: Sequence[str] | None = None,
    accounts: Sequence[str] | None = None,
) -> Iterator[Opened]:
    """Open the store for one page, narrowed to what the page shows."""
    nothing = from_at is not None and from_at == to_at
    ruling = [] if nothing else ruled(from_at, to_at)
    spelt = spelt_by(ruling)
    con = settings.WARDKEEP_HOME.store().connect(
        from_us=_us(from_at),
        to_us=_us(to_at),
        patients=patients,
        accounts=None if accounts is None else as_written(accounts, spelt),
        memory_limit=PAGE_MEMORY,
        threads=PAGE_THREADS,
    )
    try:
        yield Opened(con, ruling, spelt)
    finally:
        con.close()


def tables() -> AbstractContextManager[Opened]:
    """The hospital's tables alone: an empty interval, so that no events are opened."""
    return opened(from_at=EPOCH, to_at=EPOCH)


@lru_cache(maxsize=4)
def _kept(run_id: str) -> pa.Table:
    table = settings.WARDKEEP_HOME.store().load_run(run_id, "reasons")
    if table.nbytes > KEPT_BYTES:
        raise _TooLarge(table)
    return table


class _TooLarge(Exception):
    """Not kept between pages."""


def _reasons(run_id: str) -> pa.Table:
    try:
        return _kept(run_id)
    except _TooLarge as exc:
        return exc.args[0]


def _support(value: Any) -> Mapping[str, Any]:
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {"text": value}
    return value if isinstance(value, dict) else {"value": value}


def _plain(column: str) -> str:
    return column.removesuffix("_us") if column.endswith("_us") else column.removesuffix("_day")


def _moment(column: str, value: Any) -> Any:
    if value is None:
        return None
    if column.endswith("_us"):
        return _at(value)
    return date(1970, 1, 1) + timedelta(days=value) if column.endswith("_day") else value


def _at(us: int | None) -> datetime | None:
    return None if us is None else EPOCH + timedelta(microseconds=us)


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - EPOCH) // timedelta(microseconds=1)
