# SPDX-License-Identifier: Apache-2.0
"""A witness in a process of its own, and ledgers that it watches: cosigned, killed, caught up, set back, forked."""

from __future__ import annotations

import contextlib
import http.client
import random
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.commands import eventually, serving, wardkeep
from tests.acceptance.watched import Elsewhere, Watched
from wardkeep.ledger.cosignature import Cosigner, cosignatures
from wardkeep.ledger.policy import parse_policy
from wardkeep.ledger.proof import check_proof, read_proof


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Elsewhere]:
    with Elsewhere(tmp_path).running() as one:
        yield one


def test_a_served_ledger_is_cosigned_and_its_proofs_carry_it(witness: Elsewhere, tmp_path: Path) -> None:
    watched = Watched.made(tmp_path / "home", witness)
    with serving(watched.home) as served:
        assert set(eventually(lambda: len(found := served.processes()) == 4 and found)) >= {"collector"}
        watched.grow("served")

        def cosigned() -> dict[str, Any] | None:
            said = watched.ledger("status")
            whole = said["cosigned"] and said["cosigned"]["size"] == said["size"]
            return said if whole and "w1.example" in said["checkpoint"] else None

        said = eventually(cosigned)
        assert said["cosignatures"] == ["w1.example"]
        assert said["cosigned"]["enough"] and 0 <= said["cosigned"]["age_seconds"] < 60
        # the file that a web server hands out carries it too
        eventually(lambda: "w1.example" in (watched.home / "data/ledger/logs/2026/checkpoint").read_text())
        status, talk = served.stop()
        assert status == 0 and not re.search("ERROR|Traceback|contradict", talk), talk
    proof, entry = tmp_path / "x.tlog-proof", tmp_path / "x.entry"
    vkey = watched.ledger("prove", "2", "--out", proof, "--entry", entry)["vkey"]
    check_proof(proof.read_text(), entry.read_bytes(), vkey)
    policy = parse_policy(f"log {vkey}\nwitness w {witness.vkey}\nquorum w\n".encode())
    assert policy.open(read_proof(proof.read_text())[2])[0].size == said["size"]
    rules = tmp_path / "auditor.policy"
    rules.write_text(f"log {vkey}\nwitness w {witness.vkey}\nquorum w\n")
    check = ("ledger", "check", proof, "--entry", entry)
    checked = wardkeep(*check, "--policy", rules, "--json").said
    assert checked["ok"] and [one["name"] for one in checked["cosignatures"]] == ["w1.example"]
    assert "w1.example" in wardkeep(*check, "--policy", rules, "--lang", "zh").out
    stranger = Elsewhere(tmp_path, "stranger").vkey
    rules.write_text(f"log {vkey}\nwitness w {witness.vkey}\nwitness s {stranger}\ngroup g all w s\nquorum g\n")
    assert "quorum" in wardkeep(*check, "--policy", rules, "--json", status=1).said["reason"]
    rules.write_text("quorum none")
    wardkeep(*check, "--policy", rules, status=2)
    wardkeep(*check, status=2)
    wardkeep(*check, "--policy", rules, "--vkey", vkey, status=2)
    assert watched.ledger("verify")["ok"]
    assert (watched.checks()["witnesses"]["ok"], watched.checks()["cosigned"]["ok"]) == (True, True)


def test_a_witness_that_is_killed_remembers_and_refuses_what_was_set_back(witness: Elsewhere, tmp_path: Path) -> None:
    watched = Watched.made(tmp_path / "home", witness)
    watched.ledger("cosign")
    older = watched.copied(tmp_path / "older")
    watched.grow("two")
    assert watched.ledger("cosign")["ok"]
    size = watched.ledger("status")["size"]
    assert witness.seen()["size"] == size
    witness.end(signal.SIGKILL)
    assert watched.ledger("diff", status=3)["not_compared"][0]["with"] == witness.address
    witness.start()
    assert witness.seen()["size"] == size
    assert watched.ledger("diff")["compared"][0]["verdict"] == "same"
    # the older copy in the place of the newer; the alarm is for two sightings, so that nobody cries at a late file
    older.ledger("cosign", status=1)
    assert older.ledger("status")["problems"] == []
    older.ledger("cosign", status=1)
    said = older.ledger("status", status=1)
    assert "entries were taken away, or an older copy was put back" in said["problems"][0]
    (compared,) = older.ledger("diff", status=1)["compared"]
    assert (compared["verdict"], compared["size"]) == ("rollback", size)
    found = older.checks()["witnesses"]
    assert not found["ok"] and not found["warn"] and "wardkeep ledger verify" in found["mend"]


def test_two_ledgers_of_one_origin_are_a_split_view_and_refused(witness: Elsewhere, tmp_path: Path) -> None:
    watched = Watched.made(tmp_path / "home", witness)
    other, third = watched.copied(tmp_path / "other"), watched.copied(tmp_path / "third")
    watched.grow("shown-to-one")
    watched.ledger("cosign")
    kept = tmp_path / "kept-checkpoint"
    kept.write_text(watched.ledger("status")["checkpoint"])
    other.grow("shown-to-another")
    other.grow("and-one-more")
    asked = other.ledger("cosign", status=1)
    assert [one["outcome"] for one in asked["asked"]] == ["fork"]
    said = other.ledger("status", status=1)
    assert "another history" in said["problems"][0]
    evidence = said["witnesses"][0]["conflicts"]["2026"]["evidence"]
    assert cosignatures(evidence, [Cosigner.parse(witness.vkey)])
    for what in (kept, witness.address):
        (compared,) = other.ledger("diff", what, status=1)["compared"]
        assert compared["verdict"] == "fork"
    assert watched.ledger("diff", kept)["compared"][0]["verdict"] == "same"
    chinese = wardkeep("ledger", "status", "--home", other.home, "--lang", "zh", status=1)
    assert "另一段历史" in chinese.out
    # as long as the first, and another: the witness keeps the proof that one key signed two trees of one size
    third.grow("shown-to-a-third")
    third.ledger("cosign", status=1)
    (evidence_there,) = witness.seen()["conflicts"]
    shown = wardkeep("ledger", "diff", evidence_there, "--home", watched.home, "--json", status=1).said
    assert shown["compared"][0]["verdict"] == "fork"
    wardkeep("witness", "status", "--folder", witness.folder, status=1)
    status, said_there = witness.end()
    assert status == 0 and f"422 '{watched.ledger('status')['origin']}'" in said_there


def test_two_hospitals_as_they_were_installed_share_one_witness(witness: Elsewhere, tmp_path: Path) -> None:
    for name in ("east", "west"):
        hospital = Watched.made(tmp_path / name, witness)
        assert hospital.ledger("cosign")["ok"]
        hospital.grow("one-more")
        assert hospital.ledger("cosign")["ok"] and hospital.ledger("diff")["ok"]
    logs = wardkeep("witness", "status", "--folder", witness.folder, "--json").said["logs"]
    assert len({one["origin"] for one in logs}) == 2 and not any(one["conflicts"] for one in logs)


def test_k_of_n_are_enough_and_one_that_was_away_is_caught_up(tmp_path: Path) -> None:
    one, two, three = (Elsewhere(tmp_path, f"w{n}") for n in (1, 2, 3))
    watched = Watched.made(tmp_path / "home", one, two, three, needed=2)
    with one.running(), two.running():
        said = watched.ledger("cosign")
        assert [entry["outcome"] for entry in said["asked"]] == ["cosigned", "cosigned", "unreachable"]
        watched.grow("two")
        watched.ledger("cosign")
    with two.running(), three.running():
        watched.grow("three")
        said = watched.ledger("cosign")
        assert [entry["outcome"] for entry in said["asked"]] == ["unreachable", "cosigned", "cosigned"]
        assert three.seen()["size"] == two.seen()["size"] == watched.ledger("status")["size"]
        assert watched.ledger("status")["cosignatures"] == ["w2.example", "w3.example"]
    watched.grow("four")
    watched.ledger("cosign", status=3)
    assert watched.ledger("status")["cosigned"]["enough"]  # the older one that had enough stays


def test_a_witness_with_two_kinds_of_key_cosigns_with_both_and_a_policy_may_want_both(tmp_path: Path) -> None:
    pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="no ML-DSA in this cryptography")
    one = Elsewhere(tmp_path)
    second = wardkeep("witness", "second-key", "--folder", one.folder, "--json").said["vkey"]
    wardkeep("witness", "second-key", "--folder", one.folder, status=3)
    watched = Watched.made(tmp_path / "home", one)
    rules = f"witness w {one.vkey} {one.address}\nwitness w-ml-dsa {second} {one.address}\n"
    rules += "group both all w w-ml-dsa\nquorum both\n"
    (watched.home / "witnesses.policy").write_text(rules)
    with one.running():
        assert watched.ledger("cosign")["ok"]
        watched.grow("two")
        assert watched.ledger("cosign")["ok"]
        assert watched.ledger("diff")["ok"]
    said = watched.ledger("status")
    assert said["cosigned"]["size"] == said["size"] and len(said["cosigned"]["by"]) == 2
    status = wardkeep("witness", "status", "--folder", one.folder, "--json").said
    assert (status["vkey"], status["second_vkey"]) == (one.vkey, second)
    auditor = tmp_path / "auditor.policy"
    watched.ledger("prove", "2", "--out", tmp_path / "p", "--entry", tmp_path / "e")
    auditor.write_text(f"log {said['vkey']}\nwitness w {second}\nquorum w\n")
    checked = wardkeep("ledger", "check", tmp_path / "p", "--entry", tmp_path / "e", "--policy", auditor, "--json").said
    assert checked["ok"] and [who["name"] for who in checked["cosignatures"]] == ["w1.example"]
    assert watched.ledger("verify")["ok"]


def test_a_witness_that_takes_the_call_and_never_answers_slows_no_command(tmp_path: Path) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(16)
        one = Elsewhere(tmp_path)
        one.port = deaf.getsockname()[1]
        watched = Watched.made(tmp_path / "home", one)
        with serving(watched.home) as served:
            eventually(lambda: "collector" in served.processes())
            deaf.settimeout(20)
            deaf.accept()
            began = time.monotonic()
            watched.grow("meanwhile")
            assert time.monotonic() - began < 60  # the deaf one answers never
            eventually(lambda: watched.ledger("status")["size"] > 5)
            began = time.monotonic()
            status, talk = served.stop()
            assert status == 0 and "did not end" not in talk
            assert time.monotonic() - began < 40


def test_without_a_policy_nobody_is_asked_and_no_process_for_it_runs(tmp_path: Path) -> None:
    wardkeep("init", "--home", tmp_path / "home")
    with serving(tmp_path / "home") as served:
        assert set(eventually(lambda: len(found := served.processes()) == 3 and found)) == {"ledger", "clerk", "web"}
    home = Watched(tmp_path / "home")
    said = home.ledger("status")
    assert (said["cosignatures"], said["cosigned"], said["witnesses"], said["problems"]) == ([], None, [], [])
    assert "no witnesses are named" in wardkeep("ledger", "cosign", "--home", home.home, status=2).err
    assert not (home.home / "data/ledger/witnesses.json").exists()
    wardkeep("doctor", "--home", home.home)


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ("quorum nobody\n", "line 1 of the policy"),
        ("witness w1 KEY http://192.0.2.7\nquorum w1\n", "is not encrypted"),
        ("witness w1 KEY ftp://192.0.2.7\nquorum w1\n", "no address of a witness"),
        ("witness w1 KEY https://user:secret@192.0.2.7/\nquorum w1\n", "no address of a witness"),
        (None, "cannot be read"),
    ],
)
def test_a_policy_that_cannot_be_used_is_named_and_stops_nothing_else(
    policy: str | None, why: str, tmp_path: Path
) -> None:
    one = Elsewhere(tmp_path)
    watched = Watched.made(tmp_path / "home", one)
    path = watched.home / "witnesses.policy"
    if policy is None:
        path.unlink()
    else:
        path.write_text(policy.replace("KEY", one.vkey))
    assert why in watched.ledger("status")["problems"][0]
    assert why in watched.checks()["witnesses"]["detail"]
    assert why in wardkeep("ledger", "cosign", "--home", watched.home, status=None).err
    with serving(watched.home) as served:
        assert served.answers() == 200
        watched.grow("all-the-same")
        eventually(lambda: "collector" in served.processes())
        _, talk = served.stop()
    assert why in talk and "ended with status" not in talk


def test_requests_that_are_none_do_a_witness_no_harm(witness: Elsewhere, tmp_path: Path) -> None:
    watched = Watched.made(tmp_path / "home", witness)
    watched.ledger("cosign")
    size, dice = witness.seen()["size"], random.Random(5)

    def ask(method: str, path: str, body: bytes | None) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", witness.port, timeout=30)
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # hung up on before all of it was sent
                connection.request(method, path, body)
            return connection.getresponse().status
        finally:
            connection.close()

    assert ask("GET", "/add-checkpoint", None) == 405
    assert ask("POST", "/", b"x") == 404
    assert ask("GET", "/" + "0" * 64 + "/checkpoint", None) == 404
    assert ask("GET", "/../witness.key", None) == 404
    assert ask("GET", "/%2e%2e/witness.key", None) == 404
    with contextlib.suppress(ConnectionResetError):  # its answer, too, may be lost with what it would not read
        assert ask("POST", "/add-checkpoint", b"x" * 700_000) in (400, 413)
    statuses = [0] * 600

    def fuzz(part: range) -> None:
        for number in part:
            raw = f"old {dice.choice((size, 0, 7))}\n{dice.randbytes(40).hex()}\n\n".encode() + dice.randbytes(60)
            statuses[number] = ask("POST", "/add-checkpoint", raw)

    threads = [threading.Thread(target=fuzz, args=(range(n, 600, 4),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {400}
    assert witness.seen()["size"] == size
    watched.grow("two")
    assert watched.ledger("cosign")["ok"]


def test_two_witnesses_do_not_share_a_folder(witness: Elsewhere) -> None:
    done = wardkeep("witness", "serve", "--folder", witness.folder, "--port", "0", status=3)
    assert "being served already" in done.err
    assert (
        "already holds a witness"
        in wardkeep("witness", "init", "--folder", witness.folder, "--name", "x", status=3).err
    )


def test_diff_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    wardkeep("init", "--home", tmp_path / "home")
    watched = Watched(tmp_path / "home")
    junk = tmp_path / "junk"
    for content in (b"", b"junk", b"\xff\xfe", b"c2sp.org/tlog-proof@v1\n"):
        junk.write_bytes(content)
        assert wardkeep("ledger", "diff", junk, "--home", watched.home, status=None).status in (1, 2)
    wardkeep("ledger", "diff", tmp_path / "missing", "--home", watched.home, status=2)
    wardkeep("ledger", "diff", "--home", watched.home, status=2)
    proof = tmp_path / "x.tlog-proof"
    watched.ledger("prove", "1", "--out", proof)
    watched.grow("two")
    (compared,) = watched.ledger("diff", proof)["compared"]
    assert compared["verdict"] == "grown" and compared["size"] < compared["our_size"]
