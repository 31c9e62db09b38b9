# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger`: status, verify, prove and check, as an operator and an outside auditor call them."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.acceptance.commands import Done, wardkeep
from wardkeep.ledger.note import Verifier, open_checkpoint
from wardkeep.ledger.page import page as verifier_page
from wardkeep.ledger.spool import START, Spool


class Bench:
    """A home with a few acts, a proof of one of them, and the key that an auditor was given."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        self.vkey = wardkeep("init", "--home", self.home, "--json").said["vkey"]
        for number in range(3):
            wardkeep("user", "create", f"person{number}", "--role", "auditor", "--home", self.home)
        self.proof, self.entry = folder / "3.tlog-proof", folder / "3.entry"
        self.proved = self.call("prove", "3", "--out", self.proof, "--entry", self.entry).said

    @property
    def ledger(self) -> Path:
        return self.home / "data/ledger"

    def call(self, *words: str | Path, status: int = 0) -> Done:
        return wardkeep("ledger", *words, "--home", self.home, "--json", status=status)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Never to be changed."""
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture
def copy(bench: Bench, tmp_path: Path) -> Bench:
    """The same, to be damaged."""
    other = object.__new__(Bench)
    other.__dict__ = {**bench.__dict__, "folder": tmp_path, "home": tmp_path / "home"}
    shutil.copytree(bench.home, other.home)
    return other


# --- status


def test_status_shows_a_checkpoint_that_the_key_of_init_opens(bench: Bench) -> None:
    said = bench.call("status").said
    assert set(said) >= {"origin", "size", "root", "checkpoint", "cosignatures"}
    checkpoint = open_checkpoint(said["checkpoint"], Verifier.parse(bench.vkey))
    assert (checkpoint.origin, checkpoint.size, checkpoint.root.hex()) == (said["origin"], said["size"], said["root"])
    assert said["cosignatures"] == []
    assert said["vkey"] == bench.vkey
    assert [log["size"] for log in said["logs"]] == [said["size"]]


def test_status_for_people_is_in_their_language(bench: Bench) -> None:
    english = wardkeep("ledger", "status", "--home", bench.home, "--lang", "en").out
    chinese = wardkeep("ledger", "status", "--home", bench.home, "--lang", "zh").out
    assert bench.vkey in english and bench.vkey in chinese
    assert "entries" in english


def test_each_act_grows_the_ledger(copy: Bench) -> None:
    before = copy.call("status").said["size"]
    wardkeep("user", "create", "one-more", "--role", "auditor", "--home", copy.home)
    assert copy.call("status").said["size"] > before
    assert copy.call("verify").said["ok"] is True


@pytest.mark.parametrize("words", [["status"], ["verify"], ["prove", "1", "--out", "x"]])
def test_without_a_home_there_is_no_ledger(tmp_path: Path, words: list[str]) -> None:
    done = wardkeep("ledger", *words, "--home", tmp_path, "--json", status=3)
    assert "no home" in done.err
    assert done.out == ""


# --- verify


def test_verify_counts_every_entry(bench: Bench) -> None:
    said = bench.call("verify").said
    size = bench.call("status").said["size"]
    assert said == {"ok": True, "size": size, "intact": size, "expunged": 0, "problems": [], "not_verified": []}
    assert bench.call("verify", "--vkey", bench.vkey).said == said
    assert bench.call("verify", "--ledger-only").said == said


def test_verify_names_an_edited_entry_and_ends_with_1(copy: Bench) -> None:
    (bundle,) = (copy.ledger / "logs").glob("*/tile/entries/000.p/" + str(copy.call("status").said["size"]))
    raw = bundle.read_bytes()
    bundle.write_bytes(raw.replace(b'"actor":"cli"', b'"actor":"clj"', 1))
    said = copy.call("verify", status=1).said
    assert said["ok"] is False
    (problem,) = [p for p in said["problems"] if p["part"] == "ledger"]
    assert problem["kind"] == "entry"
    assert problem["where"].partition(":")[2].isdigit()
    assert said["intact"] == said["size"] - 1
    spoken = wardkeep("ledger", "verify", "--home", copy.home, "--lang", "zh", status=1)
    assert problem["where"] in spoken.out


def test_verify_under_another_key_ends_with_1(bench: Bench) -> None:
    other = Verifier.of(bench.vkey.partition("+")[0], Ed25519PrivateKey.generate()).vkey()
    said = bench.call("verify", "--vkey", other, status=1).said
    assert [p["kind"] for p in said["problems"] if p["part"] == "ledger"] == ["key"]


def test_verify_names_an_edited_row_of_the_database(copy: Bench) -> None:
    import sqlite3

    with sqlite3.connect(copy.home / "data/wardkeep.sqlite3") as db:
        db.execute("UPDATE identity_user SET role = 'system_administrator' WHERE name = 'person1'")
    db.close()
    said = copy.call("verify", status=1).said
    (problem,) = said["problems"]
    assert (problem["part"], problem["kind"]) == ("database", "edited")
    assert problem["where"].startswith("identity_user/") and problem["where"].endswith("/role")
    assert said["intact"] == said["size"]
    assert copy.call("verify", "--ledger-only").said["ok"] is True


def test_what_could_not_be_verified_is_never_called_verified(copy: Bench) -> None:
    (copy.home / "data/wardkeep.sqlite3").write_bytes(b"no database at all" * 100)
    done = copy.call("verify", status=3)
    assert (done.said["ok"], done.said["not_verified"], done.said["problems"]) == (False, ["database"], [])
    assert copy.call("verify", "--ledger-only").said["ok"] is True


# --- prove


def test_prove_writes_the_proof_and_the_entry(bench: Bench) -> None:
    log = bench.proved["index"].partition(":")[0]
    assert bench.proved["index"] == f"{log}:3"
    assert bench.proved["vkey"] == bench.vkey
    assert bench.proof.read_text().startswith("c2sp.org/tlog-proof@v1\nindex 3\n")
    assert json.loads(bench.entry.read_text())["act"]
    again = bench.call("prove", f"{log}:3", "--out", bench.folder / "again").said
    assert again["entry"] is None
    assert (bench.folder / "again").read_text() == bench.proof.read_text()


def test_a_bundle_holds_all_that_check_needs_and_the_page_lies_beside_it(bench: Bench, tmp_path: Path) -> None:
    bundle, page = tmp_path / "3.proof.json", tmp_path / "verifier.html"
    said = bench.call("prove", "3", "--bundle", bundle, "--page", page).said
    assert (said["proof"], said["bundle"], said["page"]) == (None, str(bundle), str(page))
    assert page.read_bytes() == verifier_page()
    words = ("check", bundle, "--vkey", bench.vkey, "--home", tmp_path / "no-home", "--json")
    found = wardkeep("ledger", *words).said
    assert (found["ok"], found["index"], found["row"]) == (True, 3, None)
    bundle.write_bytes(bundle.read_bytes().replace(b"index 3", b"index 2"))
    assert wardkeep("ledger", *words, status=1).said["ok"] is False


def test_a_bundle_of_an_access_shows_its_row_where_that_is_asked_for(copy: Bench, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(
        "event_id,time,account,patient_id,action\nE1,2026-03-01T09:00:00+08:00,lina,P000777,read\n"
        "E2,2026-03-01T09:01:00+08:00,lina,P000778,read\n"
    )
    index = wardkeep("ingest", tmp_path / "log.csv", "--home", copy.home, "--json").said["first_index"]
    bundle = tmp_path / "access.proof.json"
    words = ("check", bundle, "--vkey", copy.vkey, "--home", tmp_path / "no-home", "--json")
    copy.call("prove", index, "--bundle", bundle)
    assert wardkeep("ledger", *words).said["row"] is None
    assert b'"row"' not in bundle.read_bytes()
    copy.call("prove", index, "--bundle", bundle, "--with-row")
    assert b'"row"' in bundle.read_bytes()
    row = wardkeep("ledger", *words).said["row"]
    assert "2:E1," in row
    assert "7:P000777," in row
    assert "P000777" in wardkeep("ledger", "check", bundle, "--vkey", copy.vkey).out
    assert "no event" in copy.call("prove", "3", "--bundle", bundle, "--with-row", status=2).err


def test_a_bundle_leads_from_the_key_that_was_published_to_the_one_that_signs_now(copy: Bench, tmp_path: Path) -> None:
    now = copy.call("rotate-key").said["vkey"]
    bundle = tmp_path / "3.proof.json"
    copy.call("prove", "3", "--bundle", bundle)
    assert now != copy.vkey
    for vkey in (copy.vkey, now):
        words = ("check", bundle, "--vkey", vkey, "--home", tmp_path / "no-home", "--json")
        assert wardkeep("ledger", *words).said["ok"] is True


def test_prove_and_check_say_which_file_they_lack(bench: Bench, tmp_path: Path) -> None:
    assert "--out" in bench.call("prove", "3", status=2).err
    assert "--bundle" in bench.call("prove", "3", "--out", tmp_path / "x", "--with-row", status=2).err
    assert "--entry" in bench.call("check", bench.proof, "--vkey", bench.vkey, status=2).err


@pytest.mark.parametrize("index", ["999", "1999:0", "x", "2026:", "-1"])
def test_an_index_that_is_not_there_ends_with_2_and_writes_nothing(bench: Bench, index: str) -> None:
    out = bench.folder / "none.tlog-proof"
    done = wardkeep("ledger", "prove", "--out", out, "--home", bench.home, "--json", "--", index, status=2)
    assert done.err
    assert not out.exists()


def test_a_folder_that_takes_no_proof_ends_with_3(bench: Bench) -> None:
    done = bench.call("prove", "3", "--out", bench.folder / "nowhere" / "x.tlog-proof", status=3)
    assert "nowhere" in done.err


def test_an_entry_that_is_not_what_was_sealed_is_not_handed_out(copy: Bench) -> None:
    for bundle in (copy.ledger / "logs").glob("*/tile/entries/000.p/*"):
        bundle.write_bytes(bundle.read_bytes().replace(b'"actor":"cli"', b'"actor":"clj"'))
    out, entry = copy.folder / "x.tlog-proof", copy.folder / "x.entry"
    done = copy.call("prove", "4", "--out", out, "--entry", entry, status=3)
    assert ":4 is not what was sealed" in done.err
    assert not out.exists() and not entry.exists()


# --- reconcile


def test_an_older_copy_of_the_rows_is_reconciled_on_purpose(copy: Bench) -> None:
    assert copy.call("reconcile").said["younger"] == []
    database = copy.home / "data/wardkeep.sqlite3"
    older = database.read_bytes()
    wardkeep("user", "create", "lost", "--role", "auditor", "--home", copy.home)
    for extra in ("-wal", "-shm"):
        database.with_name(database.name + extra).unlink(missing_ok=True)
    database.write_bytes(older)

    said = copy.call("reconcile", status=1).said
    assert (said["ok"], said["restored"]) == (False, False)
    assert {act["act"] for act in said["younger"]} == {"account:user:created", "account:link:made"}
    assert copy.call("verify", status=1).said["problems"]
    made = wardkeep("user", "create", "meanwhile", "--role", "auditor", "--home", copy.home, "--json")
    assert made.said["link"]  # the account is there; its act waits, and that is said
    assert "wait" in made.err and "wardkeep ledger reconcile" in made.err

    mended = copy.call("reconcile", "--restored").said
    assert (mended["ok"], mended["restored"]) == (True, True)
    assert mended["incarnation"] != said["incarnation"]
    assert mended["younger"] == said["younger"]
    assert copy.call("reconcile").said["younger"] == []
    assert copy.call("verify").said["ok"] is True


# --- check: on a machine without a home


def check(proof: Path, entry: Path, vkey: str, status: int, folder: Path) -> Done:
    words = ("check", proof, "--entry", entry, "--vkey", vkey, "--home", folder / "no-home", "--json")
    return wardkeep("ledger", *words, status=status)


def test_check_says_yes_without_a_home(bench: Bench, tmp_path: Path) -> None:
    said = check(bench.proof, bench.entry, bench.vkey, 0, tmp_path).said
    status = bench.call("status").said
    assert said["ok"] is True
    assert (said["index"], said["origin"], said["size"], said["root"]) == (
        3,
        status["origin"],
        status["size"],
        status["root"],
    )
    assert "YES" in wardkeep("ledger", "check", bench.proof, "--entry", bench.entry, "--vkey", bench.vkey).out


def test_a_proof_stays_good_while_the_ledger_grows(copy: Bench, tmp_path: Path) -> None:
    wardkeep("user", "create", "one-more", "--role", "auditor", "--home", copy.home)
    assert check(copy.proof, copy.entry, copy.vkey, 0, tmp_path).said["index"] == 3


def test_check_says_no_to_another_key_another_entry_and_another_proof(bench: Bench, tmp_path: Path) -> None:
    other_key = Verifier.of(bench.vkey.partition("+")[0], Ed25519PrivateKey.generate()).vkey()
    proof, entry = tmp_path / "4.tlog-proof", tmp_path / "4.entry"
    bench.call("prove", "4", "--out", proof, "--entry", entry)
    (tmp_path / "large").write_bytes(b"{" + b" " * 70_000 + b"}")
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    for chosen in (
        (bench.proof, bench.entry, other_key),
        (bench.proof, entry, bench.vkey),
        (proof, bench.entry, bench.vkey),
        (bench.entry, bench.entry, bench.vkey),
        (bench.proof, tmp_path / "large", bench.vkey),
        (tmp_path / "binary", bench.entry, bench.vkey),
    ):
        said = check(*chosen, 1, tmp_path).said
        assert said["ok"] is False
        assert said["reason"]


def test_check_cannot_use_what_is_no_key_or_no_file(bench: Bench, tmp_path: Path) -> None:
    for vkey in ("", "nonsense", bench.vkey[:-2], bench.vkey.replace("+", "-", 1)):
        assert "--vkey" in check(bench.proof, bench.entry, vkey, 2, tmp_path).err
    check(tmp_path / "none", bench.entry, bench.vkey, 2, tmp_path)
    check(bench.proof, tmp_path / "none", bench.vkey, 2, tmp_path)
    wardkeep("ledger", "check", bench.proof, "--entry", bench.entry, status=2)


def test_each_of_a_thousand_edited_proofs_is_refused(bench: Bench, tmp_path: Path) -> None:
    """The command itself, called in this process: 1,000 single edits of proof or entry, 0 accepted."""
    mutate(bench, tmp_path, 1_000, seed=1)


@pytest.mark.soak
def test_each_of_ten_thousand_edited_proofs_is_refused(bench: Bench, tmp_path: Path) -> None:
    mutate(bench, tmp_path, 10_000, seed=2)


def mutate(bench: Bench, folder: Path, count: int, seed: int) -> None:
    from wardkeep.cli.ledger import command

    dice, runner = random.Random(seed), CliRunner()
    files = {"proof": bench.proof.read_bytes(), "entry": bench.entry.read_bytes()}
    paths = {name: folder / name for name in files}

    def call() -> Any:
        words = ["check", str(paths["proof"]), "--entry", str(paths["entry"]), "--vkey", bench.vkey, "--json"]
        return runner.invoke(command, words)

    for name, raw in files.items():
        paths[name].write_bytes(raw)
    assert call().exit_code == 0
    for number in range(count):
        name = dice.choice(("proof", "proof", "entry"))
        changed = edited(files[name], dice)
        if changed == files[name]:
            continue
        paths[name].write_bytes(changed)
        done = call()
        assert done.exit_code == 1, (number, name, changed, done.output)
        assert json.loads(done.output)["ok"] is False
        paths[name].write_bytes(files[name])


def edited(raw: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(raw))
    choices: list[Callable[[], bytes]] = [
        lambda: raw[:at] + bytes([raw[at] ^ (1 << dice.randrange(8))]) + raw[at + 1 :],
        lambda: raw[:at] + raw[at + 1 + dice.randrange(40) :],
        lambda: raw[:at] + os.urandom(1 + dice.randrange(3)) + raw[at:],
    ]
    return dice.choice(choices)()


# --- verify since, and one entry


def test_verify_goes_on_from_what_was_verified_last(copy: Bench) -> None:
    whole = copy.call("verify").said
    size, log = whole["size"], copy.call("status").said["logs"][-1]["log"]
    again = copy.call("verify", "--since", "last").said
    assert (again["since"], again["size"], again["intact"]) == ({log: size}, size, 0)
    wardkeep("user", "create", "newcomer", "--role", "auditor", "--home", copy.home)
    more = copy.call("verify", "--since", "last").said
    assert more["ok"] and more["since"] == {log: size}
    assert more["intact"] == more["size"] - size > 0
    assert copy.call("verify", "--since", "last").said["since"] == {log: more["size"]}


def test_verify_since_a_checkpoint_that_was_kept_elsewhere(copy: Bench, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text(copy.call("status").said["checkpoint"])
    wardkeep("user", "create", "newcomer", "--role", "auditor", "--home", copy.home)
    said = copy.call("verify", "--since", kept, "--vkey", copy.vkey).said
    assert said["ok"] and 0 < said["intact"] < said["size"]
    kept.write_text(kept.read_text().replace("\n", "\n1", 1))
    copy.call("verify", "--since", kept, status=1)


def test_verify_names_a_log_that_was_set_back_behind_what_was_verified(copy: Bench, tmp_path: Path) -> None:
    older = shutil.copytree(copy.ledger, tmp_path / "older")
    wardkeep("user", "create", "newcomer", "--role", "auditor", "--home", copy.home)
    copy.call("verify", "--ledger-only")
    shutil.rmtree(copy.ledger)
    shutil.copytree(older, copy.ledger)
    for words in (["--ledger-only"], ["--since", "last"]):
        said = copy.call("verify", *words, status=1).said
        assert [problem["kind"] for problem in said["problems"]] == ["rollback"]
    (copy.home / "data/verified.json").unlink()
    copy.call("verify", "--ledger-only")


def test_what_cannot_be_read_of_the_last_verification_ends_with_3(copy: Bench) -> None:
    (copy.home / "data/verified.json").write_text("{}")
    assert "verified.json" in copy.call("verify", "--since", "last", status=3).err


def test_verify_of_one_entry_says_its_state(copy: Bench) -> None:
    log = copy.call("status").said["logs"][-1]["log"]
    said = copy.call("verify", "--entry", "3").said
    assert (said["ok"], said["index"], said["state"]) == (True, f"{log}:3", "intact")
    copy.call("verify", "--entry", "999", status=2)
    copy.call("verify", "--entry", "3", "--since", "last", status=2)
    bundle = max(copy.ledger.glob("logs/*/tile/entries/000.p/*"), key=lambda path: int(path.name))
    raw = bundle.read_bytes()
    body = copy.entry.read_bytes()
    bundle.write_bytes(raw.replace(body, body[:-1] + b"]"))
    said = copy.call("verify", "--entry", "3", status=1).said
    assert said["state"] == "changed"


# --- reconcile


def test_reconcile_carries_a_spool_over_once_and_says_where_it_went(copy: Bench) -> None:
    spool = Spool.make(copy.home / "data/spool/gateway.wks", "gateway", size=START + 8192)
    for number in range(4):
        spool.put(number, 1_700_000_000_000_000, b'{"act":"care:record:read","n":%d}' % number)
    held = copy.call("reconcile").said
    assert (held["ok"], held["spools"][0]["in_use"]) == (True, True)
    spool.close()
    before = copy.call("status").said["size"]
    assert "wait" in wardkeep("doctor", "--home", copy.home, "--lang", "en", status=1).out
    said = copy.call("reconcile").said
    log = copy.call("status").said["logs"][-1]["log"]
    assert said["ok"] and said["younger"] == []
    assert said["spools"] == [
        {"file": "gateway.wks", "entries": 4, "last": f"{log}:{before + 3}", "in_use": False, "damage": None}
    ]
    assert copy.call("reconcile").said["spools"][0]["entries"] == 0
    assert copy.call("status").said["size"] == before + 5  # and the act that says so
    copy.call("verify", "--ledger-only")


def test_reconcile_keeps_a_damaged_spool_and_carries_what_is_whole(copy: Bench) -> None:
    spool = Spool.make(copy.home / "data/spool/gateway.wks", "gateway", size=START + 8192)
    for number in range(4):
        spool.put(number, 1_700_000_000_000_000, b"x" * 50)
    spool.close()
    raw = bytearray(spool.path.read_bytes())
    raw[START + 300] ^= 1
    aside = spool.path.with_name("gateway.1.damaged")
    aside.write_bytes(bytes(raw))
    spool.path.unlink()
    said = copy.call("reconcile", status=1).said
    assert (said["ok"], said["spools"][0]["entries"]) == (False, 2)
    assert "does not hold" in said["spools"][0]["damage"]
    assert [path.name for path in spool.path.parent.iterdir()] == ["gateway.1.kept"]
    assert copy.call("reconcile").said["spools"] == []
