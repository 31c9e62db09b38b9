# SPDX-License-Identifier: Apache-2.0
"""Pulling from real servers: every row once, whatever its watermark, whenever it comes, wherever a pull ends."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOON
from tests.integration.pull.conftest import MAPPING, Puller
from wardkeep.jobs.pulling import Pulled, source_named
from wardkeep.jobs.pulling.database import ServerLost, View
from wardkeep.watch.pull import BadSource, SchemaChanged, TooManyAlike


def at(second: float) -> str:
    return f"2026-03-02 08:{int(second // 60):02d}:{second % 60:09.6f}"


def rows(first: int, last: int) -> list[tuple[Any, ...]]:
    return [(at(i), f"u{i:04d}", f"P{i}", "浏览", 'a "q", 中\nb') for i in range(first, last)]


def names(first: int, last: int) -> list[str]:
    return [f"u{i:04d}" for i in range(first, last)]


def test_a_view_is_pulled_once_and_goes_on_where_it_ended(pull: Puller) -> None:
    pull.server.add(*rows(0, 230))
    first = pull()
    assert (first.read, first.accepted, first.without_watermark, first.stopped) == (230, 230, 0, False)
    assert first.watermark == at(229) and pull.stored() == names(0, 230)
    assert pull.stored("account, patient_id, action, format, source, system")[0] == (
        "u0000", "P0", "read", "delimited:his", "his-audit.pull", "HIS",
    )  # fmt: skip
    pull.server.add(*rows(230, 240))
    again = pull(overlap=5)
    assert (again.read, again.accepted, again.duplicates) == (16, 10, 6)
    assert pull.stored() == names(0, 240)
    nothing = pull()
    assert (nothing.accepted, nothing.watermark) == (0, at(239))


def test_a_row_that_was_committed_late_is_found_within_the_overlap(pull: Puller) -> None:
    pull.server.add(*rows(0, 10), *rows(20, 30))
    pull()
    pull.server.add(*rows(10, 20))
    late = pull(overlap=60)
    assert (late.accepted, late.duplicates) == (10, 20)
    assert pull.stored() == names(0, 30)


@pytest.mark.parametrize("alike", [49, 51, 400])
def test_many_rows_of_one_watermark_are_each_read_once_at_the_border_of_pages(pull: Puller, alike: int) -> None:
    same = [(at(10), f"s{i:04d}", "P", "浏览", "") for i in range(alike)]
    twins = [(at(10), "twin", "P", "浏览", "")] * 3
    pull.server.add(*rows(0, 10), *same, *twins, *rows(11, 40))
    done = pull()
    assert (done.read, done.accepted) == (10 + alike + 3 + 29, 10 + alike + 3 + 29)
    again = pull(overlap=3600)
    assert (again.accepted, again.duplicates) == (0, done.read)
    pull.server.add(("2026-03-02 08:00:10.000000", "twin", "P", "浏览", ""))
    assert pull(overlap=3600).accepted == 1  # a fourth of the same


def test_more_alike_than_are_held_is_an_error_that_says_so(pull: Puller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wardkeep.jobs.pulling.pulling.ALIKE", 100)
    pull.server.add(*rows(0, 5), *[(at(10), f"s{i}", "P", "浏览", "") for i in range(120)])
    with pytest.raises(TooManyAlike, match="more than 100 rows of v_access have one log_time"):
        pull()
    assert pull.stored() == names(0, 5)  # what came before is sealed


def test_a_row_without_a_watermark_is_told_and_never_silent(pull: Puller) -> None:
    pull.server.add(*rows(0, 3), (None, "lost", "P", "浏览", ""))
    done = pull()
    assert (done.read, done.without_watermark) == (3, 1)


def test_a_row_from_the_future_hides_none_that_comes_after_it(pull: Puller) -> None:
    """What a nightly job fills in, or a replica that lags, is older than now by hours."""
    pull.server.add(*rows(0, 3), ("2099-01-01 00:00:00", "future", "P", "浏览", ""))
    done = pull(at=NOON)
    assert done.accepted == 4 and done.watermark == at(2)
    pull.server.add(*rows(3, 6))
    assert pull(at=NOON + timedelta(minutes=5)).accepted == 3
    pull.server.add(("2026-03-02 12:30:00", "after", "P", "浏览", ""))
    assert pull(at=NOON + timedelta(hours=1)).accepted == 1


def test_a_row_that_is_no_event_is_kept_and_the_pull_goes_on(pull: Puller) -> None:
    pull.server.add(*rows(0, 3), (at(3), "u3", "P3", "焚烧", ""), *rows(4, 6))
    done = pull()
    assert (done.accepted, done.quarantined) == (5, 1)
    (piece,) = pull.home.store().pieces()
    assert piece.reason.startswith("unmapped-action") and "P3" not in piece.reason
    assert piece.head.startswith(b"log_time,account,patient,what,said\n") and b"P3" in piece.raw
    from wardkeep.jobs.ingesting import mapping_named
    from wardkeep.watch.event import AccessEvent, Rejected
    from wardkeep.watch.intake import reread

    (pull.folder / "his.toml").write_text(MAPPING.replace('"%Y/%m/%d"', '"iso"') + '"焚烧" = "delete"\n')
    kept = Rejected(
        reason=piece.reason,
        format=piece.format,
        source=piece.source,
        position=piece.position,
        raw=piece.raw,
        head=piece.head,
    )
    (mended,) = reread(kept, zone="Asia/Shanghai", mapping=mapping_named(str(pull.folder / "his.toml")))
    assert isinstance(mended, AccessEvent) and (mended.action, mended.patients) == ("delete", ("P3",))


def test_a_pull_that_is_told_to_stop_goes_on_later_and_loses_none(pull: Puller) -> None:
    pull.server.add(*rows(0, 230))
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    first = pull(stop=stop)
    assert first.stopped and 0 < first.accepted < 230 and first.without_watermark is None
    assert pull.stored() == names(0, first.accepted)
    assert pull().accepted == 230 - first.accepted
    assert pull.stored() == names(0, 230)


def test_a_rate_is_kept_and_a_stop_does_not_wait_for_it(pull: Puller) -> None:
    pull.server.add(*rows(0, 100))
    begun = time.monotonic()
    assert pull(rate=100, batch=40).read == 100
    assert time.monotonic() - begun >= 0.7  # two full pages of 39 rows, a second for each 100
    begun = time.monotonic()
    calls = iter([False, True, True, True])
    assert pull(rate=1, batch=40, overlap=3600, stop=lambda: next(calls)).stopped
    assert time.monotonic() - begun < 20


def test_a_server_lost_in_the_middle_leaves_what_came_before_sealed(
    pull: Puller, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull.server.add(*rows(0, 230))
    whole = View.page
    asked = 0

    def page(self: View, columns: Any, begin: Any, limit: int) -> Any:
        nonlocal asked
        asked += 1
        if asked == 3:  # every session of ours is ended by the server before it answers
            _kill_the_next(pull, self)
        return whole(self, columns, begin, limit)

    monkeypatch.setattr(View, "page", page)
    with pytest.raises(ServerLost) as lost:
        pull()
    assert "goes on" in str(lost.value.hint) and pull.server.password not in str(lost.value)
    assert lost.value.exit_status == 3
    assert pull.stored() == names(0, 98)
    monkeypatch.setattr(View, "page", whole)
    assert pull().accepted == 230 - 98
    assert pull.stored() == names(0, 230)


def _kill_the_next(pull: Puller, view: View) -> None:
    """End the session in which the next page is asked, right after it was opened."""
    from sqlalchemy import event

    killed: list[Any] = []

    def opened(connection: Any, record: Any) -> None:
        if killed:
            return
        killed.append(connection)
        cursor = connection.cursor()
        if pull.server.kind == "postgres":
            cursor.execute("SELECT pg_backend_pid()")
            pull.server.do(f"SELECT pg_terminate_backend({cursor.fetchone()[0]})")
        else:
            cursor.execute("SELECT CONNECTION_ID()")
            pull.server.do(f"KILL {cursor.fetchone()[0]}")

    event.listen(view._engine, "connect", opened)


def test_a_crash_between_sealing_and_the_state_costs_nothing(pull: Puller, monkeypatch: pytest.MonkeyPatch) -> None:
    pull.server.add(*rows(0, 30))

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("wardkeep.jobs.pulling.pulling.write_state", crash)
        with pytest.raises(KeyboardInterrupt):
            pull()
    assert not (pull.home.data_folder / "pull" / "his-audit.json").exists() and pull.stored() == names(0, 30)
    again = pull()
    assert (again.accepted, again.duplicates) == (0, 30)


def test_a_column_more_changes_nothing_and_one_less_that_is_needed_is_named(pull: Puller) -> None:
    pull.server.add(*rows(0, 10))
    pull()
    pull.server.do("DROP VIEW v_access", "ALTER TABLE access_log ADD COLUMN mood VARCHAR(9) DEFAULT 'x'",
                   "CREATE VIEW v_access AS SELECT mood, log_time, account, patient, what, said FROM access_log")  # fmt: skip
    more = pull()
    assert (more.accepted, more.duplicates, more.columns_added) == (0, 10, ["mood"])
    pull.server.do(
        "DROP VIEW v_access",
        "CREATE VIEW v_access AS SELECT log_time, account AS person, patient, what FROM access_log",
    )
    with pytest.raises(SchemaChanged, match=r"column 'account\|user_id', which is to become account, is not there"):
        pull()
    assert json.loads((pull.home.data_folder / "pull" / "his-audit.json").read_text())["rows"] == 20
    pull.server.do("DROP VIEW v_access", "CREATE VIEW v_access AS SELECT account, patient, what FROM access_log")
    with pytest.raises(SchemaChanged, match="no column log_time"):
        pull()
    pull.server.do("DROP VIEW v_access")
    with pytest.raises(SchemaChanged, match="v_access"):
        pull()


def test_a_watermark_of_another_kind_or_view_is_refused(pull: Puller) -> None:
    pull.server.add(*rows(0, 3))
    pull()
    pull.server.do(
        "DROP VIEW v_access",
        "CREATE VIEW v_access AS SELECT 7 AS log_time, account, patient, what, said FROM access_log",
    )
    with pytest.raises(SchemaChanged):
        pull()
    with pytest.raises(SchemaChanged, match=r"his-audit\.json tells of v_access by log_time, not of other by log_time"):
        pull(view="other")
    pull.server.do(
        "DROP VIEW v_access",
        "CREATE VIEW v_access AS SELECT 'x' AS log_time, account, patient, what, said FROM access_log",
    )
    with pytest.raises(SchemaChanged, match="the watermark column log_time holds str"):
        pull(name="fresh")


def test_a_number_may_be_the_watermark(pull: Puller) -> None:
    made = "BIGSERIAL" if pull.server.kind == "postgres" else "BIGINT AUTO_INCREMENT UNIQUE"
    pull.server.do(
        "DROP VIEW v_access",
        f"ALTER TABLE access_log ADD COLUMN id {made}",
        "CREATE VIEW v_access AS SELECT * FROM access_log",
    )
    pull.server.add(*rows(0, 120))
    mapping = MAPPING.replace("[columns]", '[columns]\nevent_id = "id"')
    done = pull(mapping=mapping, watermark="id", overlap=10, start=21)
    assert (done.accepted, done.watermark) == (100, "120")
    pull.server.add(*rows(120, 130))
    again = pull(mapping=mapping, watermark="id", overlap=10)
    assert (again.accepted, again.duplicates) == (10, 11)


def test_nothing_can_be_written_even_by_a_view_that_would(pull: Puller) -> None:
    if pull.server.kind == "postgres":
        pull.server.do(
            "DROP VIEW v_access",
            "CREATE OR REPLACE FUNCTION sneak() RETURNS int LANGUAGE sql VOLATILE AS "
            "$$ INSERT INTO access_log (account) VALUES ('sneaked'); SELECT 1 $$",
            "CREATE VIEW v_access AS SELECT *, sneak() AS s FROM access_log",
        )
        used = "s"
    else:
        pull.server.do(
            "DROP VIEW v_access", "DROP FUNCTION IF EXISTS sneak",
            "CREATE FUNCTION sneak() RETURNS int MODIFIES SQL DATA BEGIN "
            "INSERT INTO access_log (account) VALUES ('sneaked'); RETURN 1; END",
            "CREATE VIEW v_access AS SELECT *, sneak() AS s FROM access_log",
        )  # fmt: skip
        used = "s"
    pull.server.add(*rows(0, 3))
    with pytest.raises((ServerLost, SchemaChanged)):
        pull(mapping=MAPPING + f'[extra]\nsneak = "{used}"\n')
    connection = pull.server.connect()
    cursor = connection.cursor()
    cursor.execute("SELECT count(*) FROM access_log WHERE account = 'sneaked'")
    assert cursor.fetchone()[0] == 0


def test_a_statement_that_takes_too_long_is_given_up_by_the_server(pull: Puller) -> None:
    sleep = "(SELECT 1 FROM pg_sleep(30))" if pull.server.kind == "postgres" else "SLEEP(30)"
    pull.server.do(
        "DROP VIEW v_access",
        f"CREATE VIEW v_access AS SELECT log_time, account, patient, what, said, {sleep} AS z FROM access_log",
    )
    pull.server.add(*rows(0, 2))
    begun = time.monotonic()
    with pytest.raises(ServerLost):
        pull(statement_timeout=1, mapping=MAPPING + '[extra]\nz = "z"\n')
    assert time.monotonic() - begun < 25


def test_an_error_of_the_data_names_no_value(pull: Puller) -> None:
    broken = "CAST(patient AS int)" if pull.server.kind == "postgres" else "loud(patient)"
    if pull.server.kind == "mariadb":
        pull.server.do(
            "DROP FUNCTION IF EXISTS loud",
            "CREATE FUNCTION loud(said VARCHAR(50)) RETURNS int NO SQL BEGIN "
            "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = said; RETURN 1; END",
        )
    pull.server.do(
        "DROP VIEW v_access",
        f"CREATE VIEW v_access AS SELECT log_time, account, {broken} AS patient, what, said FROM access_log",
    )
    pull.server.add((at(1), "u", "]王芳[", "浏览", ""))
    with pytest.raises(ServerLost) as error:
        pull()
    assert "王芳" not in str(error.value) and "王芳" not in str(error.value.hint)


@pytest.mark.parametrize("server", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    "what",
    [
        "current_setting(patient)",
        "patient::regtype::text",
        "patient::regclass::text",
        "patient::regproc::text",
        "nextval(patient)::text",
        "to_tsquery(patient || ' x')::text",
        "has_database_privilege(patient, 'connect')::text",
        "pg_read_file(patient)",
    ],
)
def test_a_name_that_is_made_of_a_value_is_not_told(pull: Puller, what: str) -> None:
    pull.server.do(
        "DROP VIEW v_access",
        f"CREATE VIEW v_access AS SELECT log_time, account, {what} AS patient, what, said FROM access_log",
    )
    pull.server.add((at(1), "u", "psecret", "浏览", ""))
    with pytest.raises((ServerLost, SchemaChanged)) as error:
        pull()
    assert "psecret" not in str(error.value) and "psecret" not in str(error.value.hint)


def test_a_wrong_password_or_address_is_told_without_the_password(pull: Puller) -> None:
    pull.write()
    source = source_named(pull.folder / "source.toml")
    from dataclasses import replace

    from wardkeep.jobs.pulling import pull_source

    with pytest.raises(ServerLost) as error:
        pull_source(pull.home, replace(source, password="wrong-secret"), at=NOON)
    assert "wrong-secret" not in str(error.value) + str(error.value.hint)
    with pytest.raises(ServerLost):
        pull(url=pull.server.url.replace(":" + pull.server.url.rpartition("127.0.0.1:")[2].partition("/")[0], ":1"))


def test_a_password_that_others_can_read_is_refused(pull: Puller) -> None:
    path = pull.write()
    (pull.folder / "secret").chmod(0o644)
    with pytest.raises(BadSource, match="can be read by others"):
        source_named(path)


def test_a_password_may_be_a_credential_of_the_service(pull: Puller, monkeypatch: pytest.MonkeyPatch) -> None:
    pull.server.add(*rows(0, 2))
    (pull.folder / "creds").mkdir()
    (pull.folder / "creds" / "his").write_text(pull.server.password)
    path = pull.write(password_file=None, password_credential="his")
    with pytest.raises(BadSource, match="there are no credentials here"):
        source_named(path)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(pull.folder / "creds"))
    assert source_named(path).password == pull.server.password
    assert isinstance(pull(password_file=None, password_credential="his"), Pulled)


FAR = {
    "postgres": ("infinity", "-infinity", "0044-03-15 00:00:00 BC", "20000-01-01 00:00:00"),
    "mariadb": ("0000-00-00 00:00:00", "2026-02-30 08:00:00"),
}


def test_a_time_that_python_cannot_hold_sets_its_row_aside_and_stops_no_other(pull: Puller) -> None:
    far = FAR[pull.server.kind]
    pull.server.add((at(1), "a", "P1", "浏览", ""), (at(2), "b", "P1", "浏览", ""))
    if pull.server.kind == "mariadb":
        pull.server.do(
            *(
                "SET STATEMENT sql_mode = 'ALLOW_INVALID_DATES' FOR INSERT INTO access_log"
                f" VALUES ('{one}', 'far', 'P1', 'x', '')"
                for one in far
            )
        )
    else:
        pull.server.add(*((one, "far", "P1", "浏览", "") for one in far))
    done = pull()
    assert (done.read, done.accepted, done.quarantined) == (len(far) + 2, 2, len(far))
    assert done.watermark == "2026-03-02 08:00:02.000000"
    assert {piece.reason.partition(":")[0] for piece in pull.home.store().pieces()} == {"bad-time"}
    # What comes later is read, and what was set aside is not set aside again.
    pull.server.add((at(3), "c", "P1", "浏览", ""))
    done = pull(batch=1)
    assert done.accepted == 1 and done.watermark == "2026-03-02 08:00:03.000000"
    assert pull.stored() == ["a", "b", "c"]
    assert len(list(pull.home.store().pieces())) == len(far)


@pytest.mark.parametrize("server", ["postgres"], indirect=True)
@pytest.mark.parametrize("what", ["'24:00'::time", "'infinity'::date", "'20000-01-01'::date", "'24:00:00+00'::timetz"])
def test_such_a_value_in_another_column_is_its_text(pull: Puller, what: str) -> None:
    pull.server.do(
        "DROP VIEW v_access",
        f"CREATE VIEW v_access AS SELECT log_time, account, patient, what, {what} AS said FROM access_log",
    )
    pull.server.add((at(1), "a", "P1", "浏览", ""))
    assert pull().accepted == 1
    assert pull.stored("query")[0].startswith(what.split("'")[1])
