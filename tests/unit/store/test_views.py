# SPDX-License-Identifier: Apache-2.0
"""A connection shows exactly what was asked for, and can do nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tests.stored import DAY_US, NOON, NOON_US, Kept, batch, many, row
from wardkeep.watch.store import NotStored, RangeTooLarge, StoreError
from wardkeep.watch.store.views import EVENT_COLUMNS, limit_bytes


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    made = Kept(tmp_path_factory.mktemp("kept"))
    made.take_in(many(2000, days=4))
    made.take_in(many(500, system="his", days=2), at=NOON + timedelta(hours=1))
    return made


def test_the_views_have_the_promised_columns_also_when_nothing_is_in_them(kept: Kept, tmp_path: Path) -> None:
    for store in (kept, Kept(tmp_path)):
        con = store.store.connect()
        try:
            for view in ("events", "all_events"):
                described = con.execute(f"DESCRIBE {view}").fetchall()
                assert [name for name, *_ in described] == list(EVENT_COLUMNS)
            types = {name: kind for name, kind, *_ in described}
        finally:
            con.close()
        expected = {"eid": "BIGINT", "time_us": "BIGINT", "day": "INTEGER", "log": "VARCHAR", "n": "BIGINT"}
        assert {name: types[name] for name in expected} == expected


def test_an_event_is_named_by_its_log_and_its_place_in_it(kept: Kept) -> None:
    (found,) = kept.ask(
        "SELECT bool_and(eid = (log::BIGINT << 40) | n), count(DISTINCT eid), min(n), max(n) FROM events"
    )
    assert found == (True, 2500, 1, 2500)


def test_local_time_is_that_of_the_hospital(kept: Kept) -> None:
    ((local, day),) = kept.ask("SELECT local_us, day FROM events WHERE event_id = 'emr-0'")
    assert (local, day) == (NOON_US + 8 * 3_600_000_000, (NOON_US + 8 * 3_600_000_000) // DAY_US)


@pytest.mark.parametrize(
    "question, where",
    [
        ({"from_us": NOON_US + DAY_US}, f"time_us >= {NOON_US + DAY_US}"),
        ({"to_us": NOON_US + DAY_US}, f"time_us < {NOON_US + DAY_US}"),
        (
            {"from_us": NOON_US + 1, "to_us": NOON_US + DAY_US},
            f"time_us BETWEEN {NOON_US + 1} AND {NOON_US + DAY_US - 1}",
        ),
        ({"accounts": ["a3", "nobody"]}, "account = 'a3'"),
        ({"patients": ["P5", "P6"]}, "patient_id IN ('P5', 'P6')"),
        ({"patients": ["P5"], "accounts": ["a5"]}, "patient_id = 'P5' AND account = 'a5'"),
        ({"patients": []}, "false"),
        ({"as_of_us": NOON_US}, "system = 'emr'"),
    ],
)
def test_a_narrowed_question_gives_the_rows_that_a_filter_gives(
    kept: Kept, question: dict[str, object], where: str
) -> None:
    expected = kept.ask(f"SELECT event_id, system FROM events WHERE {where} ORDER BY eid")
    assert kept.ask("SELECT event_id, system FROM events ORDER BY eid", **question) == expected
    assert expected or where == "false"


def test_people_who_are_in_no_segment_open_none(kept: Kept) -> None:
    con = kept.store.connect(patients=["nobody"])
    assert con.execute("SELECT count(*) FROM all_events").fetchone() == (0,)
    con.close()


def test_records_that_are_no_access_are_not_among_the_events(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(batch([row("e"), row("f", kind="other")]))
    assert kept.ask("SELECT event_id FROM events") == [("e",)]
    assert kept.ask("SELECT count(*) FROM all_events") == [(2,)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/hostname')",
        "COPY (SELECT 1) TO '/dev/shm/wardkeep-test.csv'",
        "ATTACH '/dev/shm/wardkeep-test.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET threads = 1",
        "SET temp_directory = '/tmp'",
        "SET enable_external_access = true",
    ],
)
def test_a_connection_reads_and_writes_nothing_else(kept: Kept, sql: str) -> None:
    with pytest.raises(duckdb.Error):
        kept.ask(sql)


def test_what_does_not_fit_into_memory_fails_and_spills_nothing(kept: Kept) -> None:
    con = kept.store.connect(memory_limit="60MB", threads=1)
    with pytest.raises(duckdb.OutOfMemoryException):
        con.execute(
            "CREATE TEMP TABLE big AS SELECT e.*, f.event_id AS other FROM events e, events f ORDER BY e.position, f.eid"
        )
    con.close()


def test_a_range_over_the_limit_is_refused_before_it_is_opened(kept: Kept) -> None:
    with pytest.raises(RangeTooLarge, match="the limit is") as refused:
        kept.store.connect(memory_limit="10KB")
    assert (refused.value.exit_status, "fewer days" in refused.value.hint) == (2, True)
    con = kept.store.connect(memory_limit="60MB", to_us=NOON_US)
    con.close()


def test_the_decrypted_files_go_with_the_connection(kept: Kept) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    con = kept.store.connect()
    con.execute("SELECT count(*) FROM events").fetchall()
    assert len(set(Path("/proc/self/fd").iterdir())) > len(before)
    con.close()
    con.close()
    assert set(Path("/proc/self/fd").iterdir()) <= before


def test_no_plaintext_lies_in_the_folder(kept: Kept) -> None:
    for path in kept.path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for secret in (b"nurse", b"Lab report", b"select 97", b"emr-1", b"PAR1", b"P17"):
                assert secret not in content, (path, secret)


def test_an_artifact_of_a_run_comes_back_and_is_kept_once(kept: Kept) -> None:
    table = pa.table({"eid": [1, 2], "reason": ["order", None]})
    kept.store.save_run("0197-a", "reasons", table)
    assert kept.store.load_run("0197-a", "reasons").equals(table)
    with pytest.raises(StoreError, match="has reasons already"):
        kept.store.save_run("0197-a", "reasons", table)
    with pytest.raises(NotStored, match="no findings"):
        kept.store.load_run("0197-a", "findings")
    with pytest.raises(StoreError, match="cannot name"):
        kept.store.save_run("../x", "reasons", table)
    assert kept.problems() == []


def test_a_store_that_is_not_there_yet_answers_with_nothing(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    assert kept.ask("SELECT count(*) FROM events") == [(0,)]
    assert (kept.pieces(), kept.store.tables(), kept.problems()) == ([], {}, [])
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("text, size", [("4GB", 4 * 10**9), ("512 MiB", 512 << 20), ("1.5kb", 1500), ("7", 7)])
def test_a_size_is_read_as_duckdb_reads_it(text: str, size: int) -> None:
    assert limit_bytes(text) == size


def test_what_is_no_size_is_refused() -> None:
    with pytest.raises(StoreError, match="'4 apples' is no size"):
        limit_bytes("4 apples")
