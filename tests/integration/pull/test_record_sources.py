# SPDX-License-Identifier: Apache-2.0
"""Signed records sealed from real servers, and read again: what was changed, removed or put in behind is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOON
from tests.integration.pull.conftest import Server
from wardkeep.home import Home
from wardkeep.jobs.record_sources import FromSource, read_again, record_source_named, seal_from
from wardkeep.jobs.records import sealed_versions
from wardkeep.watch.integrity import Problem, Stage
from wardkeep.watch.pull import BadSource, PullError, SchemaChanged

TABLE = (
    "CREATE TABLE notes (part {char}(6), id {number}, title VARCHAR(60), body TEXT NULL, amount DECIMAL(10, 2), "
    "scan {bytes} NULL, signed {time} NULL, patient VARCHAR(20), who VARCHAR(20), state VARCHAR(20))"
)
KINDS = {
    "postgres": {"char": "char", "number": "bigint", "bytes": "bytea", "time": "timestamp"},
    "mariadb": {"char": "char", "number": "bigint", "bytes": "blob", "time": "datetime(6)"},
}
ROW = "INSERT INTO notes VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


def note(number: int, **more: Any) -> tuple[Any, ...]:
    row = {
        "part": "A", "id": number, "title": f"note {number}", "body": "stable 稳定", "amount": "1.50",
        "scan": b"\x00\xff", "signed": f"2026-03-02 {8 + number // 60:02d}:{number % 60:02d}:00",
        "patient": f"P{number}", "who": "s1", "state": "signed",
    }  # fmt: skip
    return tuple({**row, **more}.values())


class Notes:
    """A table of notes, and a source of it."""

    def __init__(self, folder: Path, server: Server, home: Home) -> None:
        self.folder, self.server, self.home = folder, server, home
        server.do("DROP VIEW IF EXISTS v_slow", "DROP TABLE IF EXISTS notes", TABLE.format(**KINDS[server.kind]))

    def add(self, *rows: tuple[Any, ...]) -> None:
        connection = self.server.connect()
        connection.cursor().executemany(ROW, rows)
        connection.close()

    def source(self, **more: Any) -> Path:
        secret = self.folder / "secret"
        secret.write_text(self.server.password)
        secret.chmod(0o600)
        keys = {
            "name": "emr-notes", "url": self.server.url, "password_file": "secret", "view": "notes", "system": "EMR",
            "kind": "note", "key": ["part", "ID"], "content": ["title", "body", "amount", "scan"], "time": "signed",
            "patient": "patient", "by": "who", "stage": "state", "zone": "Asia/Shanghai", "batch": 40,
        } | more  # fmt: skip
        path = self.folder / "notes.toml"
        path.write_text("".join(f"{key} = {value!r}\n" for key, value in keys.items() if value is not None), "utf-8")
        return path

    def seal(self, **more: Any) -> FromSource:
        return seal_from(self.home, record_source_named(self.source(**more)), at=NOON + timedelta(days=365))

    def check(self, sample: int | None = 1000, **more: Any) -> FromSource:
        given = record_source_named(self.source(**more))
        return read_again(self.home, given, at=NOON + timedelta(days=365), sample=sample)


@pytest.fixture
def notes(tmp_path: Path, server: Server, home: Home) -> Notes:
    home.config.touch()
    return Notes(tmp_path, server, home)


def problems(done: FromSource) -> list[tuple[str, str]]:
    return sorted((d.record.replace(" ", ""), str(d.problem)) for d in done.differences)


def test_each_record_is_sealed_once_and_found_again_as_it_was(notes: Notes) -> None:
    notes.add(*(note(n) for n in range(150)), note(900, signed=None), note(901, state="lost"))
    first = notes.seal()
    assert (first.read, first.sealed, first.unusable, problems(first)) == (151, 150, 1, [])
    again = notes.check()
    assert (again.sealed, again.compared, again.intact, problems(again)) == (0, 150, 150, [])
    [one] = [v for v in sealed_versions(notes.home) if v.record.endswith("/7")]
    assert (one.system, one.kind, one.patient, one.by, one.stage) == ("EMR", "note", "P7", "s1", Stage.SIGNED)
    assert one.time_us == 1772410020000000  # 2026-03-02 08:07 in Shanghai
    assert "稳定" not in str(sealed_versions(notes.home))


def test_what_was_changed_removed_or_put_in_behind_is_named_and_never_sealed(notes: Notes) -> None:
    notes.add(*(note(n) for n in range(150)))
    notes.seal()
    notes.server.do(
        "UPDATE notes SET body = 'never well' WHERE id = 5",
        "UPDATE notes SET scan = NULL WHERE id = 6",
        "UPDATE notes SET body = NULL WHERE id = 149",  # within the overlap: read again by the sealing itself
        "DELETE FROM notes WHERE id = 8",
    )
    notes.add(note(500, signed="2026-03-02 09:00:30"))
    expected = [("A/149", "changed"), ("A/5", "changed"), ("A/6", "changed"), ("A/8", "missing")]
    behind = ("A/500", "back_dated")
    assert problems(notes.seal()) == expected[:1]
    for _ in range(2):  # it stays so: what was found is not taken for what was signed
        assert set(problems(notes.check(batch=500))) - {behind} == set(expected)
    assert problems(notes.check(sample=None)) == sorted([*expected, behind])
    late = notes.check(sample=None, overlap=3 * 3600)  # an overlap says that rows come so late
    assert (late.sealed, problems(late)) == (1, expected)


def test_a_record_that_was_put_in_behind_is_named_on_the_night_on_which_its_time_is_drawn(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes.add(*(note(n) for n in range(150)))
    notes.seal()
    notes.add(note(500, signed="2026-03-02 09:00:30"))
    nights = []
    for night in range(5):
        monkeypatch.setattr("wardkeep.jobs.record_sources.fresh_seed", lambda _, night=night: str(night))
        nights.append(tuple(problems(notes.check(sample=1))))
    assert set(nights) == {(), (("A/500", "back_dated"),)}


def test_a_change_that_the_system_itself_tells_is_a_version(notes: Notes) -> None:
    notes.add(*(note(n) for n in range(100)))
    notes.seal()
    notes.server.do(
        "UPDATE notes SET body = 'addendum', state = 'changed', signed = '2026-03-02 11:00:00' WHERE id = 5"
    )
    done = notes.check()
    assert (done.sealed, problems(done)) == (1, [])
    notes.server.do("UPDATE notes SET body = 'stable 稳定' WHERE id = 5")
    assert problems(notes.check()) == [("A/5", "reverted")]
    notes.server.do("UPDATE notes SET state = 'archived', signed = '2026-03-02 12:00:00' WHERE id = 6")
    assert notes.check(stages=None).sealed == 1
    assert [v.stage for v in sealed_versions(notes.home) if v.record.endswith("/6")] == [Stage.ARCHIVED]


def test_a_change_with_a_later_time_that_its_status_does_not_tell_is_sealed_and_named_once(notes: Notes) -> None:
    notes.add(*(note(n) for n in range(5)))
    notes.seal()
    notes.server.do(
        "UPDATE notes SET body = 'never well', signed = '2026-03-02 11:00:00' WHERE id = 2",
        "UPDATE notes SET body = 'never here', state = 'unsigned', signed = NULL WHERE id = 3",
    )
    done = notes.check()
    assert [(d.record.replace(" ", ""), d.problem) for d in done.doubtful] == [("A/2", Problem.UNMARKED)]
    assert (done.sealed, problems(done)) == (1, [("A/3", "unsigned")])
    again = notes.check()
    assert (again.sealed, again.doubtful, problems(again)) == (0, [], [("A/3", "unsigned")])


def test_a_sample_reads_only_the_drawn_records_and_the_server_gives_up_a_slow_one(notes: Notes) -> None:
    notes.add(*(note(n) for n in range(60)))
    notes.seal()
    assert notes.check(sample=7).compared == 7
    slow = "pg_sleep(3)::text" if notes.server.kind == "postgres" else "sleep(3)"
    notes.server.do(
        "DROP VIEW IF EXISTS v_slow",
        f"CREATE VIEW v_slow AS SELECT part, id, title, {slow} AS body, amount, scan, signed, patient, who, state FROM notes",
    )
    with pytest.raises(PullError):
        notes.check(view="v_slow", name="slow", statement_timeout=1)


def test_where_everything_is_gone_everything_drawn_is_missing(notes: Notes) -> None:
    notes.add(*(note(n) for n in range(20)))
    notes.seal()
    notes.server.do("DELETE FROM notes")
    assert {problem for _, problem in problems(notes.check(sample=5))} == {"missing"}


def test_numbers_that_do_not_fit_the_key_are_counted_and_not_taken_for_missing(notes: Notes) -> None:
    notes.add(*(note(n) for n in range(5)), note(7, part="a/b"))
    notes.seal()
    done = notes.check()
    assert (done.compared, done.intact, done.unaskable, problems(done)) == (5, 5, 1, [])


def test_words_of_the_hospital_say_the_stage(notes: Notes) -> None:
    notes.add(note(1, state="归档"))
    path = notes.source()
    path.write_text(path.read_text("utf-8") + '[stages]\n"归档" = "archived"\n', "utf-8")
    seal_from(notes.home, record_source_named(path), at=NOON)
    assert [v.stage for v in sealed_versions(notes.home)] == [Stage.ARCHIVED]


def test_a_source_that_is_not_as_it_says_is_refused(notes: Notes) -> None:
    with pytest.raises(SchemaChanged, match="no column nobody"):
        notes.seal(content=["nobody"])
    for wrong in (
        {"key": []},
        {"content": ["a", "a"]},
        {"system": " "},
        {"batch": 0},
        {"colour": "red"},
        {"time": None},
        {"zone": "Asia/Nowhere"},
    ):
        with pytest.raises(BadSource):
            notes.seal(**wrong)
    given = record_source_named(notes.source())
    with pytest.raises(PullError):
        seal_from(notes.home, replace(given, password="wrong"), at=NOON)
