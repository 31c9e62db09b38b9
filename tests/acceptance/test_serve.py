# SPDX-License-Identifier: Apache-2.0
"""`wardkeep serve`: everything starts, dead processes come back, and a signal leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
from pathlib import Path

import pytest

from tests.acceptance.commands import Served, alive, eventually, serving, wardkeep

SOCKET = "data/ledger/writer.sock"


def all_there(served: Served) -> dict[str, int]:
    def whole() -> dict[str, int] | None:
        found = served.processes()
        return found if len(found) == 3 else None

    return dict(eventually(whole))


def test_a_signal_ends_everything_clean(made: Path) -> None:
    with serving(made) as served:
        pids = all_there(served)
        assert set(pids) == {"ledger", "clerk", "web"}
        assert served.answers() == 200
        eventually((made / SOCKET).exists)
        status, said = served.stop()
    assert status == 0
    assert "stopped" in said
    assert "did not end" not in said
    assert not any(alive(pid) for pid in pids.values())
    assert not (made / SOCKET).exists()
    assert not (made / "data/wardkeep.sqlite3-wal").exists() or not (made / "data/wardkeep.sqlite3-wal").stat().st_size
    wardkeep("doctor", "--home", made)
    assert wardkeep("ledger", "verify", "--home", made, "--json").said["ok"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_other_signals_that_mean_stop_do_the_same(number: signal.Signals, tmp_path: Path) -> None:
    home = tmp_path / "home"
    wardkeep("init", "--home", home)
    with serving(home) as served:
        pids = all_there(served)
        status, _ = served.stop(number)
    assert status == 0
    assert not any(alive(pid) for pid in pids.values())


def test_a_process_that_is_killed_comes_back_on_the_same_port(made: Path) -> None:
    with serving(made) as served:
        before = all_there(served)
        for name in ("web", "ledger", "clerk"):
            os.kill(before[name], signal.SIGKILL)
            after = eventually(lambda name=name: _again(served, name, before[name]))
            assert after[name] != before[name]
            assert served.answers() == 200
        # An act of a command goes through the writer that came back.
        wardkeep("user", "create", "wu", "--role", "auditor", "--home", made)
        status, said = served.stop()
    assert status == 0
    assert "web ended with status -9" in said
    assert wardkeep("ledger", "verify", "--home", made, "--json").said["ok"]


def _again(served: Served, name: str, before: int) -> dict[str, int] | None:
    found = served.processes()
    return found if found.get(name, before) != before and len(found) == 3 else None


def test_what_the_supervisor_started_ends_with_it_however_it_ends(tmp_path: Path) -> None:
    home = tmp_path / "home"
    wardkeep("init", "--home", home)
    with serving(home) as served:
        pids = all_there(served)
        served.process.kill()
        served.process.wait()
        eventually(lambda: not any(alive(pid) for pid in pids.values()))
    with serving(home) as served:
        assert served.answers() == 200
        assert served.stop()[0] == 0


def test_a_home_is_served_once(made: Path) -> None:
    with serving(made) as served:
        refused = wardkeep("serve", "--home", made, "--port", "0", status=3)
        assert "is being served already" in refused.err
        assert served.answers() == 200
        assert len(served.processes()) == 3


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    wardkeep("init", "--home", home)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = wardkeep("serve", "--home", home, "--port", str(port), status=3)
    assert f"port {port}" in refused.err
    assert "--port" in refused.err


def test_sign_in_in_the_clear_on_another_address_must_be_meant(tmp_path: Path) -> None:
    home = tmp_path / "home"
    wardkeep("init", "--home", home)
    refused = wardkeep("serve", "--home", home, "--bind", "0.0.0.0", "--port", "0", status=2)
    assert "console.hosts" in refused.err
    assert "plain_http" in refused.err


def test_a_command_beside_serve_writes_through_its_writer(made: Path) -> None:
    with serving(made) as served:
        all_there(served)
        before = wardkeep("ledger", "status", "--home", made, "--json").said["size"]
        wardkeep("user", "create", "wu", "--role", "auditor", "--home", made)
        eventually(lambda: wardkeep("ledger", "status", "--home", made, "--json").said["size"] > before)
        served.stop()
    wardkeep("doctor", "--home", made)


def test_keys_under_a_passphrase_serve_too(tmp_path: Path) -> None:
    home = tmp_path / "home"
    memory = os.memfd_create("passphrase")
    os.write(memory, b"open sesame\n")
    handed = {"WARDKEEP_PASSPHRASE_FD": str(memory)}
    try:
        wardkeep("init", "--home", home, "--key-provider", "passphrase", pass_fds=(memory,), **handed)
        with serving(home, pass_fds=(memory,), **handed) as served:
            pids = all_there(served)
            assert served.answers() == 200
            for pid in pids.values():
                assert b"sesame" not in Path(f"/proc/{pid}/environ").read_bytes()
                assert b"sesame" not in Path(f"/proc/{pid}/cmdline").read_bytes()
            status, said = served.stop()
        assert status == 0
        assert "ended with status" not in said
    finally:
        os.close(memory)


@pytest.mark.parametrize("change", ["older", "newer"])
def test_a_database_of_another_version_is_not_served(change: str, made: Path) -> None:
    _migrations(made, change)
    refused = wardkeep("serve", "--home", made, "--port", "0", status=3)
    assert ("is older than" if change == "older" else "is newer than") in refused.err
    assert not (made / SOCKET).exists()
    if change == "newer":
        wardkeep("upgrade", "--home", made, status=3)
    failed = [c for c in wardkeep("doctor", "--home", made, "--json", status=1).said["checks"] if not c["ok"]]
    assert [c["name"] for c in failed] == ["schema"]


def _migrations(home: Path, change: str) -> None:
    """Take the newest migration of cases out of the list, or put one of the future in."""
    statement = {
        "older": "DELETE FROM django_migrations WHERE app = 'cases' AND name = "
        "(SELECT max(name) FROM django_migrations WHERE app = 'cases')",
        "newer": "INSERT INTO django_migrations (app, name, applied) VALUES ('cases', '9999_future', CURRENT_TIMESTAMP)",
    }[change]
    line = next(line for line in (home / "config.toml").read_text().splitlines() if line.startswith("url"))
    url = line.split('"')[1]
    if url == "sqlite":
        connection = sqlite3.connect(home / "data/wardkeep.sqlite3")
        connection.execute(statement)
        connection.commit()
        connection.close()
        return
    import psycopg

    with psycopg.connect(url, autocommit=True) as server:
        server.execute(statement)
