# SPDX-License-Identifier: Apache-2.0
"""`wardkeep records --from`: signed records of a view, sealed and checked, on a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.commands import eventually
from tests.acceptance.program import Program

VIEW = (
    "DROP TABLE IF EXISTS signed_notes CASCADE",
    "CREATE TABLE signed_notes (id bigserial, body text, signed timestamptz, patient text)",
    "CREATE VIEW v_signed_notes AS SELECT * FROM signed_notes",
    "INSERT INTO signed_notes (body, signed, patient) SELECT 'stable', timestamptz '2026-03-02 08:00+08' "
    "+ i * interval '1 minute', 'P' || i FROM generate_series(1, 300) i",
)
SOURCE = """
name = "emr-notes"
url = "{url}"
password_file = "secret"
view = "public.v_signed_notes"
system = "EMR"
kind = "note"
key = ["id"]
content = ["body"]
time = "signed"
patient = "patient"
"""


def do(url: str, *statements: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def source(tmp_path: Path, postgres_url: str) -> Path:
    """A source of 300 signed notes."""
    do(postgres_url, *VIEW)
    password = postgres_url.partition("wardkeep:")[2].partition("@")[0]
    (tmp_path / "secret").write_text(password)
    (tmp_path / "secret").chmod(0o600)
    plain = postgres_url.replace(f"wardkeep:{password}@", "wardkeep@").replace("postgresql:", "postgresql+psycopg:")
    path = tmp_path / "notes.toml"
    path.write_text(SOURCE.format(url=plain))
    return path


def test_records_of_a_database_are_sealed_and_what_was_done_behind_is_named(
    program: Program, source: Path, postgres_url: str
) -> None:
    first = program.json("records", "seal", "--from", source)
    assert (first["read"], first["sealed"], first["different"]) == (300, 300, 0)
    assert program.call("records", "check", "--from", source, "--json").lines == []
    do(
        postgres_url,
        "UPDATE signed_notes SET body = 'never well' WHERE id IN (7, 300)",
        "DELETE FROM signed_notes WHERE id = 8",
        "INSERT INTO signed_notes (body, signed, patient) VALUES ('consented', '2026-03-02 09:00:30+08', 'P1')",
    )
    contradicting = program.call("records", "seal", "--from", source, "--json", status=1)
    assert contradicting.one["different"] == 1 and "not sealed: changed  EMR 300" in contradicting.err
    said = program.call("records", "check", "--from", source, "--whole", "--json", status=1)
    assert sorted((line["record"], line["problem"], line["patient_id"]) for line in said.lines) == [
        ("300", "changed", "P300"), ("301", "back_dated", "P1"), ("7", "changed", "P7"), ("8", "missing", "P8"),
    ]  # fmt: skip
    assert "never well" not in said.out + said.err
    program.verify()


def test_a_source_that_cannot_be_asked_is_not_called_intact(program: Program, source: Path, postgres_url: str) -> None:
    program.json("records", "seal", "--from", source)
    secret = source.parent / "secret"
    right = secret.read_text()
    secret.write_text("wrong")
    refused = program.call("records", "check", "--from", source, "--json", status=3)
    assert refused.out == "" and "password authentication failed" in refused.err and right not in refused.err
    secret.write_text(right)
    do(postgres_url, "ALTER TABLE signed_notes RENAME COLUMN body TO text", "DROP VIEW v_signed_notes")
    assert "v_signed_notes" in program.call("records", "check", "--from", source, status=2).err
    assert "name FILEs" in program.call("records", "check", status=2).err
    assert "name FILEs" in program.call("records", "seal", source, "--from", source, status=2).err


def configured(program: Program, *sources: str, nightly_at: str = "03:30") -> None:
    import re

    config = program.home / "config.toml"
    text = re.sub(
        r"(\[records\]\nsources = ).*", lambda m: m[1] + str(list(sources)).replace("'", '"'), config.read_text()
    )
    text = re.sub(r'(nightly_at = )"03:30"', rf'\1"{nightly_at}"', text)
    config.write_text(text)


def test_each_source_is_checked_and_one_that_cannot_be_read_keeps_no_other_from_it(
    program: Program, source: Path, postgres_url: str
) -> None:
    gone = source.parent / "gone.toml"
    gone.write_text(source.read_text().replace("emr-notes", "gone").replace("v_signed_notes", "v_gone"))
    configured(program, str(gone), str(source), "nowhere.toml")
    first = program.call("records", "nightly", "--json", status=3)
    assert [(line["source"], line["outcome"], line["compared"]) for line in first.lines] == [
        ("gone", "not_evaluated", 0), ("emr-notes", "checked", 200), ("nowhere", "not_evaluated", 0),
    ]  # fmt: skip
    assert "v_gone" in first.lines[0]["reason"]
    configured(program, str(source))
    do(postgres_url, "DELETE FROM signed_notes")
    second = program.call("records", "nightly", "--json", status=1).one
    assert (second["different"], second["fresh"], second["intact"]) == (200, 200, 0)
    do(postgres_url, *VIEW[-1:])
    program.verify()


def test_a_served_home_checks_its_records_by_night_and_tells_what_differs(
    program: Program, source: Path, postgres_url: str
) -> None:
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    program.json("records", "seal", "--from", source)
    do(postgres_url, "DELETE FROM signed_notes")
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    begins = max(now - timedelta(minutes=1), now.replace(hour=0, minute=0))
    configured(program, str(source), nightly_at=begins.strftime("%H:%M"))
    with program.serving():
        found = eventually(lambda: checks(program), within=180)
    assert found[0] == ("emr-notes", "checked", 200, 200)
    assert len(checks(program)) == 1  # once a night


def checks(program: Program) -> list[tuple[object, ...]]:
    import sqlite3

    with sqlite3.connect(f"file:{program.home}/data/wardkeep.sqlite3?mode=ro", uri=True) as rows:
        return rows.execute("SELECT source, outcome, compared, fresh FROM records_recordcheck ORDER BY at").fetchall()
