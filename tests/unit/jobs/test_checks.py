# SPDX-License-Identifier: Apache-2.0
"""Each check of `doctor` fails for its own reason and says how to mend it; the others still run."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
from collections import namedtuple
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation

from tests.conftest import NOON
from tests.fakes import FakeLedger
from tests.rows import a_run, a_user, populate
from wardkeep.home import Home, now
from wardkeep.jobs import checks
from wardkeep.jobs.checks import CHECKS, Check, examine
from wardkeep.ledger.spool import START, Spool
from wardkeep.settings import Engine, Settings, SettingsError, parse_settings

pytestmark = pytest.mark.usefixtures("rows")


@pytest.fixture
def home(django_home: Home, ledger: FakeLedger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A home in which nothing is wrong."""
    folders = (django_home.path, django_home.data_folder, django_home.keys_folder)
    for folder in folders:
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
    monkeypatch.setattr(django_home, "ledger_reader", lambda: ledger, raising=False)
    monkeypatch.setattr(django_home, "connect_ledger", lambda **_: nullcontext(ledger), raising=False)
    for role in ("system_administrator", "security_administrator", "audit_administrator"):
        a_user(role[:6], role)
    from wardkeep.seal.outbox import drain

    drain(ledger)
    with translation.override("en"):
        yield django_home
    for folder in folders:
        folder.chmod(0o700)


def found(home: Any, name: str) -> Check:
    (check,) = [check for check in examine(home) if check.name == name]
    return check


def failing(home: Any) -> dict[str, str]:
    return {check.name: check.mend for check in examine(home) if not check.ok}


def test_mappings_that_are_not_what_was_confirmed_are_named_with_the_next_step(home: Any) -> None:
    from tests.unit.jobs.test_mappings import OTHER, TEXT
    from wardkeep.jobs.mappings import confirm_mapping, mapping_file, mappings_folder, put_in_place

    try:
        for name in ("his", "lis"):
            confirm_mapping(home, name, TEXT, by=a_user(name), at=NOON)
        assert found(home, "mappings") == Check(name="mappings", ok=True, detail="confirmed: 2")
        mapping_file(home, "his").write_text(OTHER, encoding="utf-8")
        mapping_file(home, "lis").unlink()
        check = found(home, "mappings")
        assert not check.ok and check.detail == "not what was confirmed: his; confirmed, and not there: lis"
        assert "put back what was confirmed" in check.mend
        for name in ("his", "lis"):
            put_in_place(home, name)
        assert found(home, "mappings").ok
    finally:
        shutil.rmtree(mappings_folder(home), ignore_errors=True)


def test_a_sound_home_passes_every_check_and_warns_of_its_key_file(home: Any) -> None:
    results = list(examine(home))
    assert [check.name for check in results] == list(CHECKS)
    assert [check for check in results if not check.ok] == []
    assert [check.name for check in results if check.warn] == ["keys"]
    assert all(check.detail for check in results)


def test_an_old_python_is_named(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.sys, "version_info", (3, 10, 4, "final", 0))
    check = found(home, "python")
    assert (check.ok, check.detail) == (False, "3.10.4")
    assert "3.11" in check.mend


@pytest.mark.parametrize("folder", ["path", "keys_folder", "data_folder"])
def test_a_folder_that_others_can_read_is_named_with_its_mode(folder: str, home: Any) -> None:
    getattr(home, folder).chmod(0o755)
    check = found(home, "home_private")
    assert not check.ok
    assert f"{getattr(home, folder)} (755)" in check.detail
    assert check.mend == f"chmod -R go-rwx {home.path}"


def test_entries_of_care_that_wait_for_the_ledger_are_counted_and_damage_is_named(home: Any) -> None:
    spool = Spool.make(home.spool_folder / "gateway.wks", "gateway", size=START + 4096)
    assert found(home, "spool").ok
    for number in range(3):
        spool.put(number, 1, b"x")
    check = found(home, "spool")  # though its process has it open
    assert (check.ok, check.mend) == (False, "wardkeep ledger reconcile")
    assert check.detail.startswith("3 ")
    spool.close()
    raw = bytearray(spool.path.read_bytes())
    raw[START + 10] ^= 1
    spool.path.write_bytes(bytes(raw))
    assert "gateway.wks" in found(home, "spool").detail
    spool.path.unlink()


def test_keys_that_cannot_be_opened_fail_and_say_what_the_provider_says(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.home import NoPassphrase

    def closed() -> Any:
        raise NoPassphrase("no passphrase was handed over")

    monkeypatch.setattr(home, "keyring", closed, raising=False)
    check = found(home, "keys")
    assert not check.ok
    assert check.detail == "no passphrase was handed over"
    assert "systemd" in check.mend


def test_keys_within_the_data_folder_are_told(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(home), "keys_folder", property(lambda self: self.data_folder / "keys"))
    assert "keys_apart" in failing(home)


def test_a_link_does_not_take_the_keys_out_of_the_data_folder(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = home.data_folder / "hidden"
    inside.mkdir(exist_ok=True)
    link = home.path / "linked-keys"
    link.symlink_to(inside)
    monkeypatch.setattr(type(home), "keys_folder", property(lambda _: link))
    try:
        assert "keys_apart" in failing(home)
    finally:
        link.unlink()
        inside.rmdir()


def test_a_full_disk_is_told(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: usage(100, 99, 10**8))
    check = found(home, "disk")
    assert (check.ok, check.detail[:3]) == (False, "0.1")


def test_a_memory_limit_that_the_machine_does_not_have_is_told(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    much = dataclasses.replace(Settings(), engine=Engine(memory_limit="9000GB"))
    monkeypatch.setattr(home, "settings", much, raising=False)
    check = found(home, "memory")
    assert not check.ok
    assert "engine.memory_limit" in check.mend


@pytest.mark.parametrize("limit", ["4GB", "900MB", "4GiB", "512MiB"])
def test_every_unit_of_the_memory_limit_is_understood(limit: str, home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    small = dataclasses.replace(Settings(), engine=Engine(memory_limit=limit))
    monkeypatch.setattr(home, "settings", small, raising=False)
    monkeypatch.setattr(checks.os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 16 * 2**30 // 4096}.__getitem__)
    check = found(home, "memory")
    assert check.ok
    assert float(check.detail.split()[0]) == {"4GB": 4, "900MB": 0.9, "4GiB": 4.3, "512MiB": 0.5}[limit]


def test_a_damaged_database_is_told(home: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "rows.sqlite3"
    broken.write_bytes(b"SQLite format 3\0" + os.urandom(8192))
    monkeypatch.setattr(type(home), "database", property(lambda _: broken))
    assert "database" in failing(home)


def test_pending_migrations_are_told_with_their_command(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.jobs import upgrading

    monkeypatch.setattr(upgrading, "pending_migrations", lambda: ["cases.0002_more"])
    assert failing(home)["schema"] == "wardkeep upgrade"
    monkeypatch.setattr(upgrading, "unknown_migrations", lambda: ["cases.0003_newer"])
    assert "cases.0003_newer" in found(home, "schema").detail


def test_a_ledger_that_cannot_be_read_fails_with_its_own_words(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.ledger import LedgerReader

    monkeypatch.setattr(home, "ledger_reader", lambda: LedgerReader(home.path / "nothing"), raising=False)
    check = found(home, "ledger")
    assert not check.ok
    assert "there is no ledger in" in check.detail
    assert "wardkeep init" in check.mend


def test_a_store_whose_manifest_was_edited_is_told(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.watch.store import StoreDamaged

    class Edited:
        class manifest:
            @staticmethod
            def trusted() -> Any:
                raise StoreDamaged("manifest.sqlite3: its rows are not as they were signed")

    monkeypatch.setattr(home, "store", Edited, raising=False)
    assert "store" in failing(home)
    assert "manifest.sqlite3" in found(home, "store").detail


def test_pieces_set_aside_are_a_warning_with_their_command(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Holding:
        def pieces(self) -> list[Any]:
            return [SimpleNamespace(state=state) for state in ("open", "open", "replayed")]

    monkeypatch.setattr(home, "store", Holding, raising=False)
    check = found(home, "quarantine")
    assert (check.ok, check.warn, check.mend) == (True, True, "wardkeep quarantine list")
    assert check.detail.startswith("2 ")


def test_acts_that_pile_up_are_told(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.seal import outbox

    monkeypatch.setattr(outbox, "waiting", lambda: 1000)
    assert failing(home)["outbox"] == "wardkeep serve"


def test_a_row_edited_behind_our_back_is_named(home: Any, ledger: FakeLedger) -> None:
    from django.db import connection

    from wardkeep.seal.outbox import drain

    populate()
    drain(ledger)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_case SET account = 'somebody' WHERE key = 'c1'")
    check = found(home, "rows")
    assert not check.ok
    assert check.detail.startswith("1: edited cases_case/")
    assert "restore" in check.mend


def test_acts_that_the_ledger_has_and_the_rows_have_not_are_told(home: Any, ledger: FakeLedger) -> None:
    from wardkeep.seal.models import Placed

    newest = Placed.objects.order_by("-seq").first()
    assert newest is not None
    newest.delete()
    check = found(home, "rows")
    assert not check.ok
    assert "act_missing" in check.detail


def test_a_writer_that_is_busy_is_said_and_does_not_fail_the_rows(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.ledger import LedgerUnavailable

    def busy(**_: Any) -> Any:
        raise LedgerUnavailable("locked")

    monkeypatch.setattr(home, "connect_ledger", busy, raising=False)
    check = found(home, "rows")
    assert check.ok
    assert "could not be asked" in check.detail


def test_an_administrator_who_is_missing_is_a_warning_with_the_command(home: Any) -> None:
    from wardkeep.govern.identity.actions import set_active
    from wardkeep.govern.identity.models import User

    set_active(User.objects.get(role="audit_administrator"), False, by="cli", at=NOON)
    check = found(home, "administrators")
    assert (check.ok, check.warn) == (True, True)
    assert check.mend == "wardkeep user create NAME --role audit_administrator"


def test_settings_that_cannot_be_used_fail_alone(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unusable(_: Any) -> Any:
        raise SettingsError(["console.port = 99999: use 0 to 65535"], home.config)

    monkeypatch.setitem(CHECKS, "settings", unusable)
    assert list(failing(home)) == ["settings"]
    assert found(home, "settings").mend == f"mend {home.config}"


def test_a_check_that_breaks_is_not_passed_and_says_no_more_than_its_kind(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_: Any) -> Any:
        raise KeyError("P-0001")

    monkeypatch.setitem(CHECKS, "disk", breaks)
    results = list(examine(home))
    assert [check.name for check in results] == list(CHECKS)
    (check,) = [check for check in results if not check.ok]
    assert (check.name, check.detail) == ("disk", "KeyError")
    assert "P-0001" not in check.mend


def test_a_stored_run_is_among_the_rows_that_are_compared(home: Any, ledger: FakeLedger) -> None:
    from wardkeep.seal.outbox import drain

    before = found(home, "rows").detail
    a_run()
    drain(ledger)
    assert found(home, "rows").detail != before
    assert sys.version_info >= (3, 11)


def test_a_listener_that_says_what_is_wrong_is_named(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.home import now
    from wardkeep.jobs.listen.places import ALERTING, LISTENING, live_folder
    from wardkeep.jobs.listening import write_status

    settings = parse_settings({"intake": {"listeners": {"his": {"protocol": "syslog-udp", "port": 514}}}})
    monkeypatch.setattr(home, "settings", settings, raising=False)
    assert (found(home, "live").ok, found(home, "live").detail) == (True, "listeners: 1")
    said = {"listeners": {"his": {"trouble": "does not listen: Permission denied"}}}
    write_status(live_folder(home) / LISTENING, {"at": now().isoformat(), **said})
    check = found(home, "live")
    assert (check.ok, check.detail) == (False, "his: does not listen: Permission denied")
    assert "intake status" in check.mend
    write_status(live_folder(home) / LISTENING, {"at": "2026-03-02T00:00:00+00:00", **said})
    assert found(home, "live").ok  # nothing runs: that is no fault of the installation
    write_status(live_folder(home) / ALERTING, {"at": now().isoformat(), "trouble": "OperationalError"})
    assert (found(home, "live").ok, found(home, "live").detail) == (False, "alerting: OperationalError")
    write_status(live_folder(home) / ALERTING, {"at": "2026-03-02T00:00:00+00:00", "trouble": "OperationalError"})
    assert found(home, "live").ok


def test_a_pulled_source_that_fails_is_named_while_the_process_runs(home: Any) -> None:
    from wardkeep.jobs.listen.places import PULLING, live_folder
    from wardkeep.jobs.listening import write_status

    assert (found(home, "pulls").ok, found(home, "pulls").detail) == (True, "sources: 0")
    before = home.settings
    home.adopt(parse_settings({"intake": {"pulls": ["his.toml"]}}), None)
    try:
        sources = {"his.toml": {"name": "his", "trouble": "his: no route to host"}}
        write_status(live_folder(home) / PULLING, {"at": now().isoformat(), "sources": sources})
        check = found(home, "pulls")
        assert (check.ok, check.detail) == (False, "his: no route to host")
        assert check.mend == "wardkeep intake status"
        write_status(live_folder(home) / PULLING, {"at": "2026-03-02T00:00:00+00:00", "sources": sources})
        assert found(home, "pulls").ok
    finally:
        home.adopt(before, None)
        (live_folder(home) / PULLING).unlink()


SOURCE = """name = "his"
url = "{}"
view = "audit"
mapping = "windows-security"
watermark = "id"
"""


def test_what_crosses_the_network_unencrypted_is_worth_a_warning(home: Any) -> None:
    before = home.settings
    hears = {
        "his": {"protocol": "mllp", "port": 2575, "bind": "0.0.0.0"},
        "own": {"protocol": "syslog-udp", "port": 514},
        "emr": {"protocol": "syslog-tls", "port": 6514, "bind": "0.0.0.0"},
    }
    assert found(home, "encrypted") == Check(name="encrypted", ok=True, detail="as far as the settings say")
    (home.path / "lab.toml").write_text(SOURCE.format("mysql+pymysql://w@10.0.0.7/lab"))
    (home.path / "his.toml").write_text(SOURCE.format("postgresql+psycopg://w@db/his?sslmode=verify-full"))
    intake = {"listeners": hears, "pulls": ["lab.toml", "his.toml", "missing.toml"], "certificate": "c", "key": "k"}
    home.adopt(parse_settings({"intake": intake}), None)
    try:
        check = found(home, "encrypted")
    finally:
        home.adopt(before, None)
        (home.path / "lab.toml").unlink()
        (home.path / "his.toml").unlink()
    assert (check.ok, check.warn) == (True, True)
    assert check.detail == (
        "other machines send to it unencrypted: his; nothing in its url asks for encryption and the right server: lab.toml"
    )
    assert "mllp-tls" in check.mend and "pull-from-a-database" in check.mend
