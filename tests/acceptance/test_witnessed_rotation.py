# SPDX-License-Identifier: Apache-2.0
"""The signing key is handed over under the eyes of a witness: before, meanwhile and after, everything verifies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.commands import eventually, serving, wardkeep
from tests.acceptance.watched import Elsewhere, Watched


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Elsewhere]:
    with Elsewhere(tmp_path).running() as one:
        yield one


class Auditor:
    """Whoever has a public key and the witness's, and asks for both."""

    def __init__(self, watched: Watched, witness: Elsewhere, folder: Path) -> None:
        self.watched, self.witness, self.folder = watched, witness, folder
        folder.mkdir()

    def prove(self, name: str, index: str) -> Path:
        """A proof in one file."""
        self.watched.ledger("prove", index, "--bundle", self.folder / name)
        return self.folder / name

    def check(self, proof: Path, *vkeys: str, status: int = 0) -> dict[str, Any]:
        """What `ledger check` says under a policy that lists these keys of the log, and wants the witness."""
        policy = self.policy(*vkeys)
        said = dict(wardkeep("ledger", "check", proof, "--policy", policy, "--json", status=status).said)
        assert wardkeep("verify", proof, "--policy", policy, "--json", status=status).said["ok"] == said["ok"]
        return said

    def policy(self, *vkeys: str) -> Path:
        """A policy that lists these keys of the log, and wants the witness."""
        path = self.folder / "auditor.policy"
        logs = "".join(f"log {vkey}\n" for vkey in vkeys)
        path.write_text(f"{logs}witness w {self.witness.vkey}\nquorum w\n")
        return path


def cosigned_whole(watched: Watched) -> dict[str, Any] | None:
    """What status says, once the newest checkpoint is cosigned."""
    said = watched.ledger("status")
    return said if said["cosigned"] and said["cosigned"]["size"] == said["size"] else None


def holds(watched: Watched, old: str) -> None:
    """The ledger is whole under the key of the beginning, and only grew since the witness saw it."""
    assert watched.ledger("verify", "--vkey", old)["ok"]
    said = watched.ledger("diff")
    assert said["ok"] and {one["verdict"] for one in said["compared"]} <= {"same", "grown"}
    assert watched.ledger("diff", "--vkey", old)["ok"]


def evidence_under_a_policy(watched: Watched, auditor: Auditor, old: str, new: str) -> None:
    """Evidence is made under the cosigned checkpoint, and an auditor may ask for the witness; the older key leads there."""
    watched.grow("not-yet-cosigned")
    out = auditor.folder / "evidence.zip"
    words = ("acts-of-account", "--from", "0", "--to", "3", "--with", "account=cli", "--out", out)
    wardkeep("evidence", "run", *words, "--home", watched.home)
    for keys in ([old], [new], [old, new]):
        said = wardkeep("verify", out, "--policy", auditor.policy(*keys), "--json").said
        assert said["ok"] and [one["name"] for one in said["cosignatures"]] == ["w1.example"]
    assert "w1.example" in wardkeep("verify", out, "--policy", auditor.policy(old), "--lang", "zh").out
    nobody = auditor.folder / "nobody.policy"
    nobody.write_text("quorum none\n")
    assert not wardkeep("verify", out, "--policy", nobody, "--json", status=1).said["ok"]
    wardkeep("verify", out, status=2)
    wardkeep("verify", out, "--policy", nobody, "--vkey", old, status=2)
    wardkeep("verify", out, "--vkey", old)


def test_a_rotation_that_was_announced_leaves_no_moment_without_the_witness(witness: Elsewhere, tmp_path: Path) -> None:
    watched = Watched.made(tmp_path / "home", witness)
    auditor = Auditor(watched, witness, tmp_path / "auditor")
    with serving(watched.home) as served:
        watched.grow("before")
        old = eventually(lambda: cosigned_whole(watched))["vkey"]
        before = auditor.prove("before.proof.json", "2")
        new = watched.ledger("rotate-key", "--announce")["vkey"]
        assert new != old and watched.ledger("rotate-key", "--announce")["vkey"] == new
        assert watched.ledger("status")["vkey"] == old  # nothing was handed over
        wardkeep("witness", "add-log", new, "--every-year", "--folder", witness.folder, status=2)
        witness.know_also(new)
        assert served.stop()[0] == 0
    done = watched.ledger("rotate-key")
    assert (done["old"], done["vkey"]) == (old, new)
    holds(watched, old)
    with serving(watched.home) as served:
        said = eventually(lambda: cosigned_whole(watched))
        assert said["vkey"] == new and said["cosignatures"] == ["w1.example"] and said["problems"] == []
        watched.grow("after")
        size = watched.ledger("status")["size"]
        eventually(lambda: witness.seen()["size"] >= size and cosigned_whole(watched))
        assert served.stop()[0] == 0
    holds(watched, old)
    after = auditor.prove("after.proof.json", "2")
    for proof, keys in ((before, [old]), (after, [new]), (before, [old, new]), (after, [old, new])):
        checked = auditor.check(proof, *keys)
        assert checked["ok"] and [one["name"] for one in checked["cosignatures"]] == ["w1.example"]
    assert auditor.check(after, old)["ok"]  # led by the hand-over in the file
    assert not auditor.check(before, new, status=1)["ok"]  # a file from before knows of no hand-over
    plain, entry = tmp_path / "x.tlog-proof", tmp_path / "x.entry"
    watched.ledger("prove", "2", "--out", plain, "--entry", entry)
    policy = tmp_path / "auditor/auditor.policy"
    policy.write_text(f"log {old}\nlog {new}\nwitness w {witness.vkey}\nquorum w\n")
    assert wardkeep("ledger", "check", plain, "--entry", entry, "--policy", policy, "--json").said["ok"]
    checks = watched.checks()
    assert (checks["witnesses"]["ok"], checks["cosigned"]["ok"]) == (True, True)
    assert witness.seen()["conflicts"] == []


def test_a_witness_that_was_not_told_refuses_and_goes_on_once_it_is(witness: Elsewhere, tmp_path: Path) -> None:
    watched = Watched.made(tmp_path / "home", witness)
    auditor = Auditor(watched, witness, tmp_path / "auditor")
    watched.ledger("cosign")
    old, seen = watched.ledger("status")["vkey"], witness.seen()["size"]
    kept = tmp_path / "kept-checkpoint"
    kept.write_text(watched.ledger("status")["checkpoint"])
    new = watched.ledger("rotate-key")["vkey"]
    watched.grow("one-more")
    asked = watched.ledger("cosign", status=3)  # too few; nobody contradicts
    assert [one["outcome"] for one in asked["asked"]] == ["other_key"]
    said = watched.ledger("status")
    assert said["cosigned"]["size"] == seen and said["problems"] == []
    assert [one["outcome"] for one in said["witnesses"]] == ["other_key"]
    found = watched.checks()["witnesses"]
    assert "--another-key" in f"{found['detail']} {found['mend']}"
    holds(watched, old)
    alone = auditor.prove("alone.proof.json", "2")
    assert "quorum" in auditor.check(alone, old, new, status=1)["reason"]
    wardkeep("ledger", "check", alone, "--vkey", old)
    witness.know_also(new)  # while it runs
    assert [one["outcome"] for one in watched.ledger("cosign")["asked"]] == ["cosigned"]
    assert witness.seen()["size"] == watched.ledger("status")["size"]
    holds(watched, old)
    evidence_under_a_policy(watched, auditor, old, new)
    assert watched.ledger("diff", kept)["compared"][0]["verdict"] == "grown"
    assert auditor.check(auditor.prove("again.proof.json", "2"), old)["ok"]
    # an old key is worth nothing behind the hand-over: another history under it is refused by nobody's key
    again = watched.ledger("rotate-key")["vkey"]
    witness.know_also(again)
    assert watched.ledger("cosign")["ok"]
    assert auditor.check(auditor.prove("third.proof.json", "2"), old)["ok"]
    holds(watched, old)
