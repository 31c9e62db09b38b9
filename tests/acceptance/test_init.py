# SPDX-License-Identifier: Apache-2.0
"""`wardkeep init`, `user` and `doctor`, as an operator calls them."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.commands import wardkeep, words_of


def test_a_home_hands_over_its_shares_and_link_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    said = wardkeep("init", "--home", home, "--timezone", "Asia/Urumqi", "--json").said
    assert said["timezone"] == "Asia/Urumqi"
    assert len(said["recovery_shares"]) == 3
    assert said["link"].startswith("http://127.0.0.1:8420/welcome/")
    assert said["vkey"].startswith("wardkeep.local/hospital/")
    token = said["link"].rstrip("/").rpartition("/")[2]
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert token.encode() not in kept
    assert all(share.encode() not in kept for share in said["recovery_shares"])


def test_a_ledger_is_named_as_its_house_wants_and_else_as_no_other(tmp_path: Path) -> None:
    named = wardkeep("init", "--home", tmp_path / "a", "--origin", "hospital.example/ledger", "--json").said["vkey"]
    assert named.startswith("hospital.example/ledger/")
    plain = [wardkeep("init", "--home", tmp_path / name, "--json").said["vkey"] for name in "bc"]
    origins = [vkey.partition("+")[0].rpartition("/")[0] for vkey in plain]
    assert len(set(origins)) == 2
    for origin, home in zip(origins, "bc", strict=True):
        public = bytes.fromhex(json.loads((tmp_path / home / "data/ledger/ledger.json").read_text())["public"])
        assert origin == f"wardkeep.local/hospital/{hashlib.sha256(public).hexdigest()[:16]}"


def test_a_name_that_no_ledger_can_have_makes_no_home(tmp_path: Path) -> None:
    refused = wardkeep("init", "--home", tmp_path / "home", "--origin", "https://hospital.example/ledger", status=2)
    assert "without https://" in refused.err
    assert not (tmp_path / "home").exists()


def test_a_second_init_changes_nothing(made: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*")}
    refused = wardkeep("init", "--home", made, status=2)
    assert "is not empty" in refused.err
    assert "--home" in refused.err
    assert refused.out == ""
    assert {path: path.stat().st_mtime_ns for path in made.rglob("*")} == before


def test_nothing_in_a_home_can_be_read_by_others(made: Path) -> None:
    loose = [path for path in (made, *made.rglob("*")) if stat.S_IMODE(path.lstat().st_mode) & 0o077]
    assert loose == []


def test_a_database_that_holds_something_is_not_taken(made: Path, tmp_path: Path) -> None:
    if "postgresql" not in (made / "config.toml").read_text():
        pytest.skip("only a server's database can be named twice")
    url = next(line for line in (made / "config.toml").read_text().splitlines() if line.startswith("url"))
    again = wardkeep("init", "--home", tmp_path / "second", "--database", url.split('"')[1], status=2)
    assert "name an empty database" in again.err
    wardkeep("doctor", "--home", tmp_path / "second", status=3)
    wardkeep("doctor", "--home", made)


def test_shares_go_to_an_empty_folder_and_to_no_screen(tmp_path: Path) -> None:
    shares = tmp_path / "shares"
    done = wardkeep("init", "--home", tmp_path / "home", "--shares", shares, "--json")
    assert "recovery_shares" not in done.said
    files = sorted(shares.iterdir())
    assert [file.name for file in files] == ["share-1.txt", "share-2.txt", "share-3.txt"]
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert not any(file.read_text().strip() in done.out + done.err for file in files)
    refused = wardkeep("init", "--home", tmp_path / "other", "--shares", shares, status=2)
    assert "not empty" in refused.err
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--timezone", "Mars/Olympus"), "Mars/Olympus"),
        (("--key-provider", "sticker"), "sticker"),
        (("--database", "mysql://x/y"), "database.url"),
    ],
)
def test_a_wish_that_cannot_be_met_is_named_and_leaves_nothing(
    words: tuple[str, str], named: str, tmp_path: Path
) -> None:
    refused = wardkeep("init", "--home", tmp_path / "home", *words, status=2)
    assert named in refused.err
    assert not (tmp_path / "home").exists()


def test_a_broken_off_init_is_no_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    refused = wardkeep("init", "--home", home, "--database", "postgresql://nobody@127.0.0.1:1/none", status=None)
    assert refused.status != 0
    assert "Traceback" not in refused.err
    for words in (("doctor",), ("serve",), ("user", "create", "li", "--role", "auditor"), ("ledger", "status")):
        said = wardkeep(*words, "--home", home, status=3)
        assert "no home in" in said.err
        assert "wardkeep init" in said.err


def test_keys_under_a_passphrase_need_it_each_time(tmp_path: Path) -> None:
    home = tmp_path / "home"
    memory = os.memfd_create("passphrase")
    os.write(memory, b"open sesame\n")
    handed = {"WARDKEEP_PASSPHRASE_FD": str(memory)}
    try:
        refused = wardkeep("init", "--home", home, "--key-provider", "passphrase", status=3)
        assert "WARDKEEP_PASSPHRASE_FD" in refused.err
        assert not home.exists()
        wardkeep("init", "--home", home, "--key-provider", "passphrase", pass_fds=(memory,), **handed)
        checks = wardkeep("doctor", "--home", home, "--json", pass_fds=(memory,), **handed).said["checks"]
        assert {"name": "keys", "ok": True, "detail": "passphrase", "mend": "", "warn": False} in checks
        without = wardkeep("doctor", "--home", home, "--json", status=1)
        failed = {check["name"] for check in without.said["checks"] if not check["ok"]}
        assert {"keys", "schema", "rows"} <= failed
    finally:
        os.close(memory)


def test_doctor_prints_every_check_with_its_fields(made: Path) -> None:
    said = wardkeep("doctor", "--home", made, "--json").said
    assert all({"name", "ok", "detail", "mend"} <= set(check) for check in said["checks"])
    assert [check["name"] for check in said["checks"] if not check["ok"]] == []
    assert {"python", "settings", "keys", "disk", "database", "schema", "ledger", "outbox", "rows"} <= {
        check["name"] for check in said["checks"]
    }
    made.chmod(0o755)
    failed = wardkeep("doctor", "--home", made, status=1)
    assert "FAIL  home_private" in failed.out
    assert f"mend: chmod -R go-rwx {made}" in failed.out


def test_doctor_speaks_chinese_where_it_is_asked_to(made: Path) -> None:
    said = wardkeep("doctor", "--home", made, "--lang", "zh").out
    assert "正常" in said or "通过" in said
    assert "only the owner" not in said


def test_an_account_is_made_with_a_link_and_listed(made: Path) -> None:
    said = wardkeep("user", "create", "zhou", "--role", "security_specialist", "--home", made, "--json").said
    assert said["link"].startswith("http://127.0.0.1:8420/welcome/")
    listed = wardkeep("user", "list", "--home", made, "--json").out.splitlines()
    assert len(listed) == 2
    again = wardkeep("user", "create", "zhou", "--role", "auditor", "--home", made, status=2)
    assert "There is already an account of this name." in again.err
    new = wardkeep("user", "link", "zhou", "--home", made, "--json").said["link"]
    assert new != said["link"]
    wardkeep("user", "link", "nobody", "--home", made, status=2)
    # Every act is in the ledger at once, as doctor sees.
    (outbox,) = [c for c in wardkeep("doctor", "--home", made, "--json").said["checks"] if c["name"] == "outbox"]
    assert outbox["detail"].startswith("0 ")


def test_what_reads_our_output_may_go_away(made: Path) -> None:
    process = subprocess.Popen(words_of("doctor", "--home", made), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    assert process.wait(60) == 3
    assert b"Traceback" not in said
    assert b"BrokenPipe" not in said
    process.stderr.close()
