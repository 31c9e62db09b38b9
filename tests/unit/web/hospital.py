# SPDX-License-Identifier: Apache-2.0
"""An invented hospital of a few people behind the console's pages: a store and a ledger in memory, rows by the actions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, ClassVar

import duckdb
import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.unit.web.hospital_cases import case_of, findings_of
from wardkeep.ledger import Receipt, event_leaf
from wardkeep.ledger.note import Checkpoint, Verifier
from wardkeep.ledger.proof import write_proof
from wardkeep.ledger.reader import Description
from wardkeep.ledger.tree import inclusion_proof, leaf_hash, node_hash, range_root
from wardkeep.watch.store import Piece
from wardkeep.watch.store.arrivals import Arrived
from wardkeep.watch.store.canonical import FIELDS, render

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000
FIRST = date(2026, 3, 1)
DAYS = 21
NOSY, DOCTOR, SHARED = "lina", "chenwei", "ward3"
#: The ward's account, as one system writes it.
WRITTEN = "HOSP\\WARD3"
LONG_NAME = "阿卜杜热合曼·买买提江·艾合买提吐尔逊"
VICTIM = "P000777"
#: What a page must never show before somebody asked for it.
VICTIM_NAME = "欧阳明月"

STAFF = [
    ("S001", "陈伟", "physician", "心血管内科", "chenwei"),
    ("S002", "李娜", "nurse", "心血管内科", "lina"),
    ("S003", LONG_NAME, "registrar", "门诊挂号处（东院区）", "registrar-east-outpatient-0007"),
    *((f"S01{n}", f"护士{n}", "nurse", "心血管内科", f"nurse{n}") for n in range(6)),
]


def us(day: int, hour: float) -> int:
    """Microseconds of an hour of a local day (Shanghai) counted from FIRST."""
    return ((FIRST - date(1970, 1, 1)).days + day) * DAY + round((hour - 8) * 3600) * 1_000_000


def _events() -> list[tuple[Any, ...]]:
    """(eid, event_id, time, day, account, patient, reason, table, source, late, support)"""
    rng, rows = random.Random(7), []

    def add(day: int, hour: float, account: str, patient: str | None, *why: Any, **more: Any) -> None:
        reason = (*why, None, None, None, False, None)[:5] if why else (None,) * 5
        rows.append((len(rows), f"E{len(rows):05}", us(day, hour), day, account, patient, reason, more))

    for day in range(DAYS):
        for number, _, role, _, account in STAFF:
            if role == "nurse" and (day + int(number[2:])) % 4:
                for n in range(rng.randint(4, 9)):
                    add(day, 8.2 + n * 0.9, account, f"P{100 + n:06}", "ward", "transfers", "transfers.csv:7")
        add(day, 9.5, DOCTOR, "P000123", "order_placed", "orders", "4711", day == 3, None)
        add(day, 7.9, "registrar-east-outpatient-0007", "P000123", "front_desk", "appointments", "A88")
        add(day, 10, SHARED, "P000104", "learned", "encounters", "N9", False, "patients:14 accounts:5 lift:3.1")
    for day, hour in ((4, 13.1), (4, 13.2), (11, 22.4), (11, 22.5), (18, 3.6)):
        add(day, hour, NOSY, VICTIM, resource="门诊病历")
    for n in range(12):
        add(18, 3.2 + n / 60, NOSY, f"P{800 + n:06}", resource="检验报告")
    add(18, 3.7, NOSY, "P000900", breakglass=True)
    add(19, 9, WRITTEN, VICTIM, outcome="denied")
    return rows


ROWS = _events()


def _context(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE staff (staff_id VARCHAR, name VARCHAR, role VARCHAR, department VARCHAR, src VARCHAR)")
    con.execute(
        "CREATE TABLE accounts (account VARCHAR, staff_id VARCHAR, kind VARCHAR, department VARCHAR, src VARCHAR)"
    )
    for number, name, role, department, account in STAFF:
        con.execute("INSERT INTO staff VALUES (?, ?, ?, ?, ?)", [number, name, role, department, number])
        con.execute("INSERT INTO accounts VALUES (?, ?, 'person', NULL, ?)", [account, number, account])
    con.execute("INSERT INTO accounts VALUES (?, NULL, 'shared', '心血管内科', ?)", [SHARED, SHARED])
    con.execute("CREATE TABLE patients (patient_id VARCHAR, name VARCHAR, phone VARCHAR, src VARCHAR)")
    con.execute("INSERT INTO patients VALUES (?, ?, '13800000000', ?)", [VICTIM, VICTIM_NAME, VICTIM])
    con.execute("INSERT INTO patients VALUES ('P000123', '诸葛小雨', NULL, 'P000123')")
    con.execute(
        "CREATE TABLE orders (order_id VARCHAR, patient_id VARCHAR, encounter_id VARCHAR, kind VARCHAR, ordered_by"
        " VARCHAR, performing_department VARCHAR, time_us BIGINT, recorded_at_us BIGINT, src VARCHAR)"
    )
    con.execute(
        "INSERT INTO orders VALUES ('4711', 'P000123', 'N9', 'laboratory', 'S001', '检验科', ?, NULL, '4711')",
        [us(1, 8.25)],
    )
    con.execute(
        "CREATE TABLE shifts (staff_id VARCHAR, department VARCHAR, start_us BIGINT, end_us BIGINT, src VARCHAR)"
    )
    for day in range(DAYS):
        night = day % 5 == 4
        begins, ends = (20, 32) if night else (8, 17)
        con.execute("INSERT INTO shifts VALUES ('S002', '心血管内科', ?, ?, '')", [us(day, begins), us(day, ends)])


class Store:
    """What the console asks of the sealed store."""

    def __init__(self, rows: list[tuple[Any, ...]] | None = None) -> None:
        self.rows = ROWS if rows is None else rows

    def connect(self, *, from_us: int | None = None, to_us: int | None = None, **_: Any) -> duckdb.DuckDBPyConnection:
        con = duckdb.connect(":memory:")
        columns: dict[str, list[Any]] = {name: [] for name in EVENTS.names}
        for eid, event_id, time_us, day, account, patient, _reason, more in self.rows:
            if (from_us is None or time_us >= from_us) and (to_us is None or time_us < to_us):
                values = {
                    **dict.fromkeys(EVENTS.names),
                    **{"eid": eid, "event_id": event_id, "name": event_id, "system": "HIS", "time_us": time_us},
                    **{"local_us": time_us + 8 * 3_600_000_000, "account": account, "patient_id": patient},
                    "day": (FIRST - date(1970, 1, 1)).days + day,
                    **{"action": "read", "resource": "病历首页", "count": 1, "outcome": "success", "breakglass": False},
                    **{"workstation": "WS-0421", "ip": "10.20.30.40", "log": "2026", "n": eid, "kind": "access"},
                    **{"format": "delimited:his", "source": "his_access_202603.txt", "position": str(eid + 2)},
                    **more,
                }
                for name in EVENTS.names:
                    columns[name].append(values[name])
        con.register("events_in", pa.table(columns, schema=EVENTS))
        con.execute("CREATE TABLE all_events AS SELECT * FROM events_in")
        con.execute("CREATE VIEW events AS SELECT * FROM all_events")
        _context(con)
        # The real store gives views of the hospital's tables.
        for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            if name != "all_events":
                con.execute(f'ALTER TABLE "{name}" RENAME TO "_{name}"')
                con.execute(f'CREATE VIEW "{name}" AS SELECT * FROM "_{name}"')
        return con

    def loads(self) -> tuple[str, ...]:
        return ("invented",)

    def arrived(self, *, since_day: int) -> list[Arrived]:
        days = {row[3] + (FIRST - date(1970, 1, 1)).days: 1 for row in self.rows}
        newest = max((row[2] for row in self.rows), default=0)
        if not days:
            return []
        return [Arrived(system="HIS", days=days, newest_us=newest, received_us=newest + 9, delay_us=9)]

    def pieces(self) -> list[Piece]:
        return []

    def sealed(self, log: str, n: int) -> tuple[bytes, bytes]:
        return sealed(n)

    def load_run(self, run_id: str, name: str) -> pa.Table:
        if name == "own_records":
            return OWN_RECORDS
        if name in BEHIND:
            return BEHIND[name]
        if name == "silences":
            return SILENCES
        if name == "spellings":
            return SPELLINGS
        found = [(eid, *reason) for eid, _, _, _, _, _, reason, _ in self.rows if reason[0]]
        columns = list(zip(*found, strict=True)) or [()] * 6
        names = ("eid", "reason", "source_table", "source_id", "late", "support")
        types = (pa.int64(), pa.string(), pa.string(), pa.string(), pa.bool_(), pa.string())
        return pa.table({n: pa.array(c, t) for n, c, t in zip(names, columns, types, strict=True)})


SPELLINGS = pa.table({"written": [WRITTEN], "account": [SHARED], "how": ["spelling"], "accounts": [[SHARED]]})
#: PACS paused, LIS skipped three numbers.
SILENCES = pa.table(
    {
        "kind": ["paused", "skipped"],
        "system": ["PACS", "LIS"],
        "first": ["", "A0000041"],
        "last": ["", "A0000043"],
        "from_us": [us(12, 9) + 8 * 3_600_000_000, us(13, 10) + 8 * 3_600_000_000],
        "to_us": [us(12, 14) + 8 * 3_600_000_000, us(13, 10.5) + 8 * 3_600_000_000],
        "expected": [310, 3],
        "got": [2, 0],
    }
)
#: Behind the nosy nurse's accesses, were the account the ward's: one who is named, and a colleague.
BEHIND = {
    "attribution": pa.table(
        {
            "eid": pa.array([row[0] for row in ROWS for _ in range(3)], pa.int64()),
            "state": ["named"] * 3 * len(ROWS),
            "person": ["S7", "S7", "S8"] * len(ROWS),
            "confidence": [0.97, 0.97, 0.02] * len(ROWS),
            "kind": ["session", "shift", "session"] * len(ROWS),
            "source_table": ["events", "shifts", "events"] * len(ROWS),
            "source_id": ["W000123", "shifts.csv:7", "W000100"] * len(ROWS),
        }
    ),
    "case_people": pa.table(
        {
            "case_id": ["lina-2026-03-10", "lina-2026-03-10"],
            "person": ["S7", "S8"],
            "confidence": [0.97, 0.02],
            "named": [True, False],
            "by": [["session", "shift"], ["session"]],
        }
    ),
    "shared_logins": pa.table(
        {
            "department": ["MED", None],
            "monday": [(FIRST - date(1970, 1, 1)).days + 1, (FIRST - date(1970, 1, 1)).days - 6],
            "accounts": [2, 1],
            "before": [9, 1],
            "accesses": [340, 1],
            "named": [289, 0],
            "people": [11, 0],
        }
    ),
}
#: In two weeks, three openings of the own record.
OWN_RECORDS = pa.table(
    {
        "account": [NOSY, DOCTOR, NOSY],
        "first_us": [us(1, 9), us(9, 10), us(10, 11)],
        "last_us": [us(1, 9.5), us(9, 10), us(12, 8)],
        "first_day": [(FIRST - date(1970, 1, 1)).days + day for day in (1, 9, 10)],
        "accesses": [2, 1, 7],
    }
)
TEXTS = (
    "event_id name system account patient_id action resource purpose outcome workstation ip site session_id query log "
    "kind time_quality format source position"
)
EVENTS = pa.schema(
    [
        *((name, pa.int64()) for name in ("eid", "time_us", "local_us", "day", "count", "n", "duration_ms")),
        ("breakglass", pa.bool_()),
        *((name, pa.string()) for name in TEXTS.split()),
    ]
)


class Reader:
    """What the console asks of the ledger: a real tree, signed, over the rows of the store and what was appended since."""

    #: Acts that were drained into it.
    more: ClassVar[list[bytes]] = []

    def append(self, producer: str, number: int, bodies: list[bytes]) -> Receipt:
        first = self.size("2026")
        self.more.extend(bodies)
        return Receipt("2026", first, first + len(bodies) - 1)

    def logs(self) -> list[str]:
        return ["2026"]

    def size(self, log: str) -> int:
        return len(ROWS) + len(self.more)

    def root(self, log: str) -> bytes:
        return self.root_at(log, self.size(log))

    def root_at(self, log: str, size: int) -> bytes:
        return range_root(self._node, 0, size)

    def note(self, log: str) -> str:
        return Checkpoint(VERIFIER.name, self.size(log), self.root(log)).sign(SIGNER)

    @property
    def description(self) -> Description:
        return Description("wardkeep.example", VERIFIER.public)

    def vkey(self, log: str) -> str:
        return VERIFIER.vkey()

    def body(self, log: str, n: int) -> bytes:
        return self.bodies(log, n, n)[0]

    def bodies(self, log: str, first: int, last: int) -> list[bytes]:
        if not (log == "2026" and 0 <= first <= last < self.size(log)):
            raise LookupError(first)
        return [_event(n) if n < len(ROWS) else self.more[n - len(ROWS)] for n in range(first, last + 1)]

    def proof(self, log: str, n: int) -> str:
        self.body(log, n)
        return write_proof(n, inclusion_proof(self._node, n, self.size(log)), self.note(log))

    def _node(self, height: int, n: int) -> bytes:
        if height == 0:
            return leaf_hash(self.body("2026", n))
        return node_hash(self._node(height - 1, 2 * n), self._node(height - 1, 2 * n + 1))


SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VERIFIER = Verifier.of("wardkeep.example/2026", SIGNER)


@cache
def sealed(n: int) -> tuple[bytes, bytes]:
    """The salt and the canonical row of the event at entry `n`."""
    _, event_id, time_us, _, account, patient, *_ = ROWS[n]
    values: dict[str, Any] = dict.fromkeys((field.name for field in FIELDS[1]), None)
    values |= {
        "event_id": event_id,
        "part": 0,
        "time_us": time_us,
        "account": account,
        "patient_id": patient,
        "count": 1,
    }
    values |= dict.fromkeys(
        ("time_quality", "action", "outcome", "system", "kind", "format", "source", "position"), "-"
    )
    values |= {"breakglass": False, "raw_sha256": bytes(32), "received_us": time_us}
    return n.to_bytes(16, "big"), render(values)


def _event(n: int) -> bytes:
    return event_leaf(*sealed(n))


@contextmanager
def furnished(home: Any, *, store: Store | None = None) -> Iterator[None]:
    """The home's store and ledger are ours for a while."""
    from wardkeep.watch.cases import accesses, directory

    own = store or Store()
    home.store, home.ledger_reader = lambda: own, Reader
    Reader.more.clear()
    accesses._kept.cache_clear()
    directory.forget()
    try:
        yield
    finally:
        del home.store, home.ledger_reader
        accesses._kept.cache_clear()


def a_member(name: str, role: str, language: str = "zh", **more: Any) -> Any:
    """An account with a password and a second factor."""
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP

    from wardkeep.govern.identity.actions import create_user, set_password

    now = datetime(2026, 3, 22, 1, tzinfo=UTC)
    user = create_user(name, role=role, by="cli", at=now, language=language, **more)
    set_password(user, PASSWORD, by="cli", at=now)
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    return user


PASSWORD = "quiet river under stone"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def fill() -> Any:
    """A run and six cases, some decided; returns the case of `lina`."""
    from wardkeep.seal.act import action
    from wardkeep.watch.cases import actions
    from wardkeep.watch.cases.models import Case, CasePatient, History, Run

    at = datetime(2026, 3, 21, 18, 30, tzinfo=UTC)
    days = {}
    for _, _, _, day, _, _, reason, _ in ROWS:
        counts = days.setdefault((FIRST + timedelta(days=day)).isoformat(), [0, 0])
        counts[0] += 1
        counts[1] += reason[0] is not None
    reviewer = a_member("zhou", "security_specialist", full_name="周静", language="zh")
    newest = max(row[2] for row in ROWS)
    with action("judgement:run:stored", actor="cli", at=at) as act:
        run = Run(
            started_at=at,
            finished_at=at,
            trigger="nightly",
            as_of=at,
            hashes={"code": "ab" * 32, "sql": "cd" * 32, "settings": "ef" * 32},
            available={"appointment": "available", "care_team": ["care_team"], "research": ["tickets", "consents"]},
            ledger_log="2026",
            ledger_size=len(ROWS),
            ledger_root="0f" * 32,
            events=len(ROWS),
            explained=sum(row[6][0] is not None for row in ROWS),
            summary={
                "days": days,
                "systems": {"HIS": {d: n for d, (n, _) in days.items()}, "PACS": {}, "LIS": {}},
                "reasons": {"ward": 400, "order_placed": 21, "front_desk": 21, "learned": 21},
                "evaluated": {"household": "evaluated", "self_access": "evaluated", "vip": ["patients"]},
                "last_event_us": {"HIS": newest, "PACS": newest - 2 * DAY, "LIS": newest - 3_600_000_000},
            },
            cases_opened=6,
        )
        run.save()
        act.fact("run", str(run.id))
        cases = [case_of(run, n) for n in range(6)]
        for case in cases:
            case.save()
            CasePatient.objects.bulk_create(CasePatient(case=case, patient_id=p) for p in case.patients)
            History(case=case, happening="settled", run=run, at=at).save()
        for finding in findings_of(cases[0], run, VICTIM):
            finding.save()
    actions.note(cases[0], text="已电话询问护士长：\n当晚无人借用账号。", by=reviewer, at=at + timedelta(hours=8))
    for number, outcome in ((3, "misuse"), (4, "not_misuse")):
        case = Case.objects.get(pk=cases[number].pk)
        actions.decide(
            case, outcome=outcome, reason="查阅排班与会诊记录后确认。", by=reviewer, at=at + timedelta(hours=9)
        )
    return Case.objects.get(pk=cases[0].pk)


def kept_day() -> str:
    """A day whose checkpoint is kept in the home that Django was configured for."""
    from django.conf import settings

    folder = settings.WARDKEEP_HOME.ledger_folder / "daily/2026-03-01"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "checkpoint").write_text(Checkpoint(VERIFIER.name, 5, Reader().root_at("2026", 5)).sign(SIGNER))
    return str(folder.name)
