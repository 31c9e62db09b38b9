# SPDX-License-Identifier: Apache-2.0
"""A witness, a client and a verifier of tlog-witness that nobody here wrote: `aics-witness` 0.1 and `aics-tlog`, from PyPI.

They need a newer Python than ours, so they have an environment of their own: put its `bin` into PATH to run these tests.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.commands import wardkeep
from tests.acceptance.test_witness import Elsewhere, Watched
from tests.ports import free_port
from wardkeep.home import Home
from wardkeep.ledger.note import Checkpoint

PROGRAM = shutil.which("aics-witness")
VERIFIER = shutil.which("aics-tlog")
if PROGRAM is None or VERIFIER is None:
    pytest.skip("aics-witness and aics-tlog are not in PATH", allow_module_level=True)

#: Their client, fed with our checkpoints: sizes on the command line, a line of its answer for each.
FEEDER = """
import json, sys
from aics_witness.feeder import WitnessClient
said = json.load(open(sys.argv[1]))
with WitnessClient(said["url"], said["vkey"]) as client:
    for size in sys.argv[2:]:
        try:
            proof = lambda old, new: [bytes.fromhex(step) for step in said["proofs"][f"{old}-{new}"]]
            print(client.submit(said["notes"][size], proof).strip())
        except Exception as error:
            print(type(error).__name__)
"""


class Foreign(Elsewhere):
    """Their witness in the place of ours."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder / "foreign", "w1"
        self.config = self.folder / "witness.json"
        self.folder.mkdir()
        self.vkey = self.run("init", "--name", "foreign.example/w1").split()[0]
        self.port = free_port()
        self.process = None

    def run(self, *words: str) -> str:
        call = [str(PROGRAM), words[0], "--config", str(self.config), *words[1:]]
        return subprocess.run(call, capture_output=True, text=True, check=True, timeout=60).stdout

    def know(self, vkey: str) -> None:
        self.run("add-log", "--origin", vkey.partition("+")[0], "--vkey", vkey)

    def start(self) -> None:
        words = [str(PROGRAM), "serve", "--config", str(self.config), "--listen", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        while "listening on" not in self.process.stderr.readline():
            assert self.process.poll() is None


@pytest.fixture
def theirs(tmp_path: Path) -> Foreign:
    return Foreign(tmp_path)


def verified(note: Path, log: str, witness: str, *more: str) -> bool:
    """Whether their verifier accepts a cosigned checkpoint."""
    words = [str(VERIFIER), "verify-checkpoint", "--note", str(note), "--log-key", log, "--witness-key", witness]
    done = subprocess.run([*words, "--quorum", "1", *more], capture_output=True, text=True, check=False, timeout=60)
    return done.returncode == 0 and json.loads(done.stdout)["ok"] is True


def test_their_witness_cosigns_our_ledger_and_refuses_what_ours_refuses(theirs: Foreign, tmp_path: Path) -> None:
    watched = Watched.made(tmp_path / "home", theirs)
    older = watched.copied(tmp_path / "older")
    with theirs.running():
        for name in ("one", "two", "three"):
            assert watched.ledger("cosign")["ok"]
            watched.grow(name)
        (watched.home / "data/ledger/witnesses.json").unlink()  # what we knew of it is lost: it says its size
        assert watched.ledger("cosign")["ok"]
        assert watched.ledger("diff")["compared"][0]["verdict"] == "same"
        log, ledger = watched.ledger("status")["vkey"], watched.home / "data/ledger/logs/2026"
        assert verified(ledger / "cosigned", log, theirs.vkey, "--tiles", str(ledger))
        assert verified(ledger / "checkpoint", log, theirs.vkey)
        assert older.ledger("cosign", status=1)["asked"][0]["outcome"] == "rollback"
        for number in range(5):
            older.grow(f"other{number}")
        assert older.ledger("cosign", status=1)["asked"][0]["outcome"] == "fork"
        assert older.ledger("diff", status=1)["compared"][0]["verdict"] == "fork"


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Elsewhere]:
    with Elsewhere(tmp_path).running() as one:
        yield one


def test_our_witness_answers_their_client_and_their_verifier_accepts_it(ours: Elsewhere, tmp_path: Path) -> None:
    watched = Watched.made(tmp_path / "home", ours)
    for name in ("one", "two", "three"):
        watched.grow(name)
    home = Home(watched.home)
    reader = home.ledger_reader()
    (log,) = reader.logs()
    origin, size = reader.description.origin_of(log), reader.size(log)
    sizes = range(1, size + 1)
    fed = {
        "url": ours.address,
        "vkey": ours.vkey,
        "notes": {n: Checkpoint(origin, n, reader.root_at(log, n)).sign(home.signer()) for n in sizes},
        "proofs": {
            f"{old}-{new}": [step.hex() for step in reader.consistency(log, old, new)]
            for new in sizes
            for old in range(1, new)
        },
    }
    (tmp_path / "fed.json").write_text(json.dumps(fed))
    python = Path(str(PROGRAM)).resolve().parent / "python"
    words = [str(python), "-c", FEEDER, str(tmp_path / "fed.json"), *map(str, (1, 2, 2, 5, size, 3))]
    lines = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    assert [line.startswith(f"\u2014 {ours.name}.example ") for line in lines] == [True] * 5 + [False]
    assert lines[-1] == "WitnessAhead"
    (tmp_path / "note").write_text(fed["notes"][size] + lines[4] + "\n")  # type: ignore[index]
    vkey = reader.vkey(log)
    assert verified(tmp_path / "note", vkey, ours.vkey, "--max-age", "600")
    (tmp_path / "note").write_text(fed["notes"][size] + lines[3] + "\n")  # type: ignore[index]
    assert not verified(tmp_path / "note", vkey, ours.vkey)  # of a smaller tree
    wardkeep("witness", "status", "--folder", ours.folder)
