# SPDX-License-Identifier: Apache-2.0
"""The signing key handed over: what was written before stays valid, one trusted key leads to all, a kill costs nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.ledger.conftest import NOON, ORIGIN, SIGNER, act, clock, connect, event
from tests.integration.ledger.outsider import Outsider, static
from wardkeep.ledger import (
    Ledger,
    LedgerDamaged,
    LedgerReader,
    LedgerUnavailable,
    ProofRefused,
    check_proof,
    verify_ledger,
)
from wardkeep.ledger import writer as writer_module
from wardkeep.ledger.export import export_ledger
from wardkeep.ledger.handover import Chain, HandOver, Succession, follow
from wardkeep.ledger.note import Verifier, open_checkpoint, read_note, sign_note, signed_by
from wardkeep.ledger.reader import Description
from wardkeep.ledger.verify_entry import verify_entry
from wardkeep.ledger.verify_since import verify_since

ROOT = Path(__file__).parents[3]
KEYS = [SIGNER, *(Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))]
Copy = Callable[[Path], Path]


def vkey(number: int, log: str = "2026") -> str:
    return Verifier.of(f"{ORIGIN}/{log}", KEYS[number]).vkey()


def rotate(folder: Path, number: int) -> HandOver:
    """From key `number` to the one behind it."""
    return Ledger.rotate(folder, old=KEYS[number], new=KEYS[number + 1], clock=clock)


def append(folder: Path, key: int, seq: int, count: int = 5) -> None:
    with connect(folder, signer=KEYS[key]) as ledger:
        ledger.append("more", seq, [event(1_000 * seq + i) for i in range(count)])


@pytest.fixture
def turned(filled: Path, copy_of: Copy) -> Path:
    """A ledger of three keys: 700 entries under the first, some under each of the others."""
    folder = copy_of(filled)
    rotate(folder, 0)
    append(folder, 1, 0, 300)
    rotate(folder, 1)
    append(folder, 2, 1)
    return folder


def test_a_ledger_goes_on_under_the_new_key_and_verifies_from_every_key_of_its_chain(turned: Path) -> None:
    for trusted in (None, vkey(0), vkey(1), vkey(2)):
        report = verify_ledger(turned, vkey=trusted)
        assert report.problems == [], trusted
        assert verify_since(turned, {}, vkey=trusted).problems == []
        assert verify_entry(turned, "2026", 3, vkey=trusted).ok
    assert verify_ledger(turned, vkey=vkey(3)).problems[0].kind == "key"


def test_the_hand_over_is_an_entry_that_both_keys_signed(turned: Path) -> None:
    reader = LedgerReader(turned)
    first, second = reader.description.handovers
    for one, keys in ((first, KEYS[:2]), (second, KEYS[1:3])):
        body = reader.body("2026", one.index)
        said = json.loads(body)
        assert said["act"] == "ledger:key:rotated"
        assert [said["old"], said["new"]] == [key.public_key().public_bytes_raw().hex() for key in keys]
        text, signatures = read_note(one.note(ORIGIN))
        names = [Verifier.of(f"{ORIGIN}/2026", key) for key in keys]
        assert [key for key, _ in signed_by(text, signatures, names)] == names
        assert HandOver.of_entry(body) == one


def test_checkpoints_up_to_the_hand_over_are_the_old_keys_and_those_behind_it_the_new_ones(
    filled: Path, copy_of: Copy
) -> None:
    folder = copy_of(filled)
    before = LedgerReader(folder).note("2026")
    one = rotate(folder, 0)
    after = LedgerReader(folder).note("2026")
    assert open_checkpoint(before, Verifier.parse(vkey(0))).size == one.index
    assert open_checkpoint(after, Verifier.parse(vkey(1))).size == one.index + 1
    verifier = LedgerReader(folder).description.verifier("2026")
    assert open_checkpoint(before, verifier).size == one.index
    for note, size in ((before, one.index), (after, one.index + 1)):
        text = note.partition("\n\n")[0] + "\n"
        wrong = KEYS[1] if size == one.index else KEYS[0]
        with pytest.raises(ProofRefused):
            open_checkpoint(sign_note(text, f"{ORIGIN}/2026", wrong), verifier)


def test_a_proof_from_before_stays_good_and_a_new_one_is_under_the_new_key(filled: Path, copy_of: Copy) -> None:
    folder = copy_of(filled)
    reader = LedgerReader(folder)
    old, body = reader.proof("2026", 30), reader.body("2026", 30)
    rotate(folder, 0)
    assert check_proof(old, body, vkey(0))[0] == 30
    new = LedgerReader(folder).proof("2026", 30)
    assert check_proof(new, body, LedgerReader(folder).vkey("2026"))[0] == 30
    assert LedgerReader(folder).vkey("2026") == vkey(1)


def test_a_description_without_hand_over_is_the_one_that_was_always_written(filled: Path) -> None:
    said = json.loads((filled / "ledger.json").read_bytes())
    assert said["version"] == 1 and set(said) == {"version", "origin", "public", "sha256"}


def test_the_next_year_begins_under_the_newest_key(turned: Path) -> None:
    with connect(turned, signer=KEYS[2], clock=lambda: datetime(2027, 1, 1, tzinfo=UTC)) as ledger:
        ledger.append("more", 2, [act(1)])
    assert verify_ledger(turned, vkey=vkey(0)).problems == []
    assert LedgerReader(turned).vkey("2027") == vkey(2, "2027")
    assert type(LedgerReader(turned).description.verifier("2027")) is Verifier


def test_only_the_key_that_signs_now_opens_the_ledger_for_writing(turned: Path) -> None:
    for number in (0, 1, 3):
        with pytest.raises(LedgerDamaged, match="another key"):
            connect(turned, signer=KEYS[number])
    append(turned, 2, 2)


def test_a_ledger_that_is_being_written_is_not_handed_over(filled: Path, copy_of: Copy) -> None:
    folder = copy_of(filled)
    with connect(folder), pytest.raises(LedgerUnavailable, match="being written"):
        rotate(folder, 0)
    assert LedgerReader(folder).description.handovers == ()


def test_a_key_is_not_handed_over_to_itself(filled: Path, copy_of: Copy) -> None:
    folder = copy_of(filled)
    with pytest.raises(ProofRefused):
        Ledger.rotate(folder, old=SIGNER, new=SIGNER, clock=clock)
    assert verify_ledger(folder).problems == []


def test_an_outsider_reads_the_whole_log_under_the_newest_key(turned: Path, tmp_path: Path) -> None:
    list(export_ledger(LedgerReader(turned), tmp_path / "out"))
    with static(tmp_path / "out/2026") as address:
        entries = Outsider(address, vkey(2)).read_all()
    bodies = (tmp_path / "out/keys.jsonl").read_bytes().splitlines()
    assert follow(vkey(0), bodies).verifier("2026").vkey() == vkey(2)
    assert all(body in entries for body in bodies)


def test_an_export_goes_on_over_a_hand_over(filled: Path, copy_of: Copy, tmp_path: Path) -> None:
    folder = copy_of(filled)
    list(export_ledger(LedgerReader(folder), tmp_path / "out"))
    rotate(folder, 0)
    list(export_ledger(LedgerReader(folder), tmp_path / "out"))
    assert (tmp_path / "out/2026/vkey").read_text().strip() == vkey(1)


# --- lies


def test_a_hand_over_that_one_key_did_not_sign_is_refused() -> None:
    good = HandOver.make(ORIGIN, log="2026", index=7, old=KEYS[0], new=KEYS[1], at=NOON)
    good.check(ORIGIN)
    other = HandOver.make(ORIGIN, log="2026", index=7, old=KEYS[2], new=KEYS[1], at=NOON)
    lines = good.signatures.splitlines(keepends=True), other.signatures.splitlines(keepends=True)
    for signatures in ("", lines[0][0], lines[0][1], lines[1][0] + lines[0][1], lines[0][1] + lines[0][0], "x\n" * 2):
        with pytest.raises(ProofRefused):
            HandOver.parse(good.said() | {"signatures": signatures}).check(ORIGIN)
    for field, value in (("log", "2025"), ("index", 8), ("old", other.said()["old"]), ("new", "00" * 32), ("at", "x")):
        with pytest.raises(ProofRefused):
            HandOver.parse(good.said() | {field: value}).check(ORIGIN)
    with pytest.raises(ProofRefused):
        good.check("elsewhere")


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {},
        {"index": True},
        {"log": "x"},
        {"old": "zz"},
        {"new": "AB" * 32},
        {"at": 5},
        {"more": 1},
        {"index": -1},
    ],
)
def test_what_is_no_hand_over_is_refused(said: object) -> None:
    good = HandOver.make(ORIGIN, log="2026", index=7, old=KEYS[0], new=KEYS[1], at=NOON).said()
    with pytest.raises(ProofRefused):
        HandOver.parse(good | said if isinstance(said, dict) and said else said)


def test_hand_overs_in_another_order_or_with_a_gap_are_no_chain(turned: Path) -> None:
    said = LedgerReader(turned).description
    first, second = said.handovers
    for chain, public in (
        ((second, first), said.public),
        ((first,), said.public),
        ((second, second), said.public),
        ((first, second), first.new),
    ):
        with pytest.raises(ProofRefused):
            Chain.of(ORIGIN, public, chain)


def test_a_description_that_hides_a_hand_over_or_changes_one_is_named(turned: Path) -> None:
    said = LedgerReader(turned).description
    path = turned / "ledger.json"
    for lie in (
        Description(said.origin, said.public),
        Description(said.origin, said.handovers[0].new, said.handovers[:1]),
        Description(said.origin, said.public, said.handovers[1:]),
    ):
        path.write_bytes(lie.encode())
        assert verify_ledger(turned).problems != []
        assert verify_ledger(turned, vkey=vkey(0)).problems != []


def test_a_hand_over_that_its_log_does_not_have_is_named(turned: Path, tmp_path: Path) -> None:
    """Both keys signed one that was never appended."""
    said = LedgerReader(turned).description
    false = HandOver.make(
        ORIGIN, log="2026", index=said.handovers[0].index, old=KEYS[0], new=KEYS[1], at=datetime.now(UTC)
    )
    path = turned / "ledger.json"
    path.write_bytes(Description(said.origin, said.public, (false, said.handovers[1])).encode())
    found = verify_ledger(turned).problems
    assert [(p.kind, p.where) for p in found] == [("key", f"2026:{false.index}")]


def test_a_succession_gives_each_size_its_key() -> None:
    one = Succession("x", b"c", ((0, b"a"), (5, b"b"), (9, b"c")))
    assert [one.at(size).public for size in (0, 4, 5, 8, 9, 100)] == [b"a", b"a", b"b", b"b", b"c", b"c"]


# --- kills


DOING = """
import os, signal, sys
from pathlib import Path
from tests.integration.ledger.test_rotation import KEYS, clock
from wardkeep.ledger import Ledger
left = int(sys.argv[2])
def counted(kept):
    def call(*words, **more):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return kept(*words, **more)
    return call
for name in ("open", "write", "pwrite", "fsync", "fdatasync", "ftruncate", "replace", "rename", "unlink", "lseek"):
    setattr(os, name, counted(getattr(os, name)))
Ledger.rotate(Path(sys.argv[1]), old=KEYS[0], new=KEYS[1], clock=clock)
"""


def test_a_kill_at_any_call_loses_nothing_and_the_next_start_finishes_the_hand_over(
    filled: Path, tmp_path: Path
) -> None:
    before = LedgerReader(filled).size("2026")
    killed = handed = 0
    for calls in range(60):
        folder = tmp_path / "ledger"
        shutil.copytree(filled, folder)
        done = subprocess.run([sys.executable, "-c", DOING, str(folder), str(calls)], cwd=ROOT, check=False)
        assert done.returncode in (0, -signal.SIGKILL)
        reader = LedgerReader(folder)
        new = bool(reader.description.handovers)
        assert verify_ledger(folder, vkey=vkey(0)).problems == [], calls
        append(folder, int(new), 0)  # under the key that the description names
        size = LedgerReader(folder).size("2026")
        assert size == before + 5 + int(new), calls
        report = verify_ledger(folder, vkey=vkey(0))
        assert (report.problems, report.intact) == ([], size), calls
        if new:
            assert HandOver.of_entry(LedgerReader(folder).body("2026", before)) == reader.description.handovers[0]
        killed, handed = killed + (done.returncode != 0), handed + new
        shutil.rmtree(folder)
        if done.returncode == 0:
            break
    assert done.returncode == 0, "the hand-over takes more calls than were tried"
    assert killed > 5 and 0 < handed <= killed


def test_a_full_disk_during_the_hand_over_leaves_it_to_the_next_start(
    filled: Path, copy_of: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy_of(filled)

    def full(*words: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken, pytest.raises(LedgerUnavailable):
        broken.setattr(writer_module, "write_durably", full)
        rotate(folder, 0)
    append(folder, 0, 0)
    with monkeypatch.context() as broken, pytest.raises(LedgerUnavailable):
        broken.setattr(os, "fdatasync", full)
        rotate(folder, 0)
    append(folder, 1, 1)
    assert verify_ledger(folder, vkey=vkey(0)).problems == []
