# SPDX-License-Identifier: Apache-2.0
"""Verifiers that nobody here wrote: the Go team's (sumdb/note, sumdb/tlog), and Sigstore's (@sigstore/verify, part of npm).

Each sees 10,000 proofs of random sizes and indexes and refuses none, and 10,000 mutations of such and accepts none.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.ledger import chances
from tests.conformance.ledger.chances import MUTATIONS, PAIRS, Chance, mutations, pairs
from tests.conformance.ledger.test_own_vectors import ENTRIES, LOG, SAID
from tests.unit.house.files import ROOT
from wardkeep.ledger import ProofRefused, check_proof

HERE = Path(__file__).parent
#: Where Debian's golang-golang-x-mod-dev puts the sources; a toolchain from elsewhere has them among those of its own commands.
DEBIAN = Path("/usr/share/gocode")
MODULE = Path("golang.org/x/mod")
GO = shutil.which("go")
NODE, NPM = shutil.which("node"), shutil.which("npm")

#: Answers questions, a JSON line each: true where a verifier accepts.
Ask = Callable[[Iterator[str]], list[bool]]


def _answers(command: list[str], lines: Iterator[str]) -> list[bool]:
    done = subprocess.run(command, input="".join(lines), capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return [word == "1" for word in done.stdout.split()]


def _sources(folder: Path) -> Path | None:
    """A GOPATH that has the module, None where it is nowhere."""
    if (DEBIAN / "src" / MODULE / "sumdb" / "tlog").is_dir():
        return DEBIAN
    said = subprocess.run([str(GO), "env", "GOROOT"], capture_output=True, text=True, check=True, timeout=60)
    own = Path(said.stdout.strip()) / "src" / "cmd" / "vendor"
    if not (own / MODULE / "sumdb" / "tlog").is_dir():
        return None
    shutil.copytree(own / MODULE.parent, folder / "src" / MODULE.parent)
    return folder


@pytest.fixture(scope="module")
def by_go(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    folder = tmp_path_factory.mktemp("go")
    sources = _sources(folder / "path") if GO else None
    if sources is None:
        pytest.skip("Go or its sumdb is not installed: apt-get install golang-go golang-golang-x-mod-dev")
    program = folder / "verifier"
    environment = os.environ | {
        **{"GO111MODULE": "off", "GOPATH": str(sources), "GOFLAGS": "", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"},
        "GOCACHE": str(ROOT / ".cache" / "go"),
    }
    words = [str(GO), "build", "-o", str(program), "main.go"]
    done = subprocess.run(
        words, cwd=HERE / "go_verifier", env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return lambda lines: _answers([str(program)], lines)


@pytest.fixture(scope="module")
def by_sigstore() -> Ask:
    if NODE is None or NPM is None:
        pytest.skip("Node and its npm are not installed")
    package = Path(NPM).resolve().parents[1] / "node_modules" / "@sigstore" / "verify"
    if not (package / "dist" / "tlog" / "merkle.js").is_file():
        pytest.skip(f"this npm brings no @sigstore/verify: {package}")
    return lambda lines: _answers([NODE, str(HERE / "sigstore_verifier.cjs"), str(package)], lines)


def ours(lines: Iterator[str]) -> list[bool]:
    def accepts(said: dict[str, Any]) -> bool:
        try:
            check_proof(said["proof"], bytes.fromhex(said["entry"]), said["vkey"])
        except ProofRefused:
            return False
        return True

    return [accepts(json.loads(line)) for line in lines]


@pytest.fixture(params=["ours", "by_go", "by_sigstore"])
def verifier(request: pytest.FixtureRequest) -> Ask:
    found: Ask = ours if request.param == "ours" else request.getfixturevalue(request.param)
    return found


def of(why: str, chosen: list[Chance], answers: list[bool], wanted: bool) -> Counter[str]:
    """What was answered otherwise, by kind."""
    assert len(answers) == len(chosen), why
    return Counter(one.why for one, answer in zip(chosen, answers, strict=True) if answer is not wanted)


def test_no_good_proof_of_any_size_and_index_is_refused(verifier: Ask) -> None:
    chosen = pairs()
    assert len(chosen) == PAIRS
    assert len({one.proof for one in chosen}) > PAIRS / 2
    assert of("pairs", chosen, verifier(one.line() for one in chosen), True) == {}


def test_no_mutation_is_accepted(verifier: Ask) -> None:
    chosen = mutations()
    assert len(chosen) == MUTATIONS
    assert {one.why for one in chosen} == set(chances.KINDS)
    assert of("mutations", chosen, verifier(one.line() for one in chosen), False) == {}


def test_our_vectors_hold_elsewhere(verifier: Ask) -> None:
    vkey = SAID["key"]["vkey"]
    good = [Chance("good", one["proof"], ENTRIES[one["index"]], vkey) for one in LOG["proofs"]]
    assert verifier(one.line() for one in good) == [True] * len(good)


def test_go_refuses_each_of_our_broken_vectors(by_go: Ask) -> None:
    broken = [Chance(one["why"], one["proof"], bytes.fromhex(one["entry"]), one["vkey"]) for one in SAID["no_proofs"]]
    # Go's own decoder lets bits behind the end of base 64 through; they change nothing that is said.
    strict = [one for one in broken if one.why != "base64 with bits behind its end"]
    assert of("broken", strict, by_go(one.line() for one in strict), False) == {}


def test_go_follows_our_log_from_size_to_size(by_go: Ask) -> None:
    roots = {one["size"]: one["root"] for one in LOG["roots"]}
    good = [
        {
            "old": o["old"],
            "new": o["new"],
            "old_root": roots[o["old"]],
            "new_root": roots[o["new"]],
            "steps": o["proof"],
        }
        for o in LOG["consistency"]
    ]
    assert by_go(json.dumps(one) + "\n" for one in good) == [True] * len(good)
    bad = [
        {name: one[name] for name in ("old", "new", "old_root", "new_root")} | {"steps": one["proof"]}
        for one in SAID["no_consistency"]
        if one["old"] > 0  # which Go takes for a fault of the caller
    ]
    assert by_go(json.dumps(one) + "\n" for one in bad) == [False] * len(bad)


def test_go_opens_our_notes_and_refuses_the_broken_ones(by_go: Ask) -> None:
    def lines(names: str) -> list[str]:
        # Go's decoder lets bits behind the end of base 64 through.
        chosen = [one["note"] for one in SAID[names] if one.get("why") != "base64 with bits behind its end"]
        return [json.dumps({"note": note, "vkey": SAID["key"]["vkey"]}) + "\n" for note in chosen]

    assert all(by_go(iter(lines("notes"))))
    assert not any(by_go(iter(lines("no_notes"))))
    assert by_go(json.dumps({"note": "x", "vkey": one["vkey"]}) + "\n" for one in SAID["no_keys"]) == [False] * len(
        SAID["no_keys"]
    )
