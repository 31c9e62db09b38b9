# SPDX-License-Identifier: Apache-2.0
"""A witness: every status of the standard in its order, one history a log, and nothing forgotten."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ledger import model
from wardkeep.ledger.cosignature import cosign, cosignatures
from wardkeep.ledger.errors import LedgerDamaged, LedgerUnavailable, ProofRefused
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint, sign_note
from wardkeep.ledger.witness.asking import Outcome, Told
from wardkeep.ledger.witness.folder import WitnessFolder, origin_hash
from wardkeep.ledger.witness.memory import Memory
from wardkeep.ledger.witness.request import BadRequest, Request, read_request, write_request
from wardkeep.ledger.witness.witness import SIZE, Answer, Witness

LOG = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
ORIGIN = "hospital.example/ledger/2026"
VKEY = Verifier.of(ORIGIN, LOG).vkey()
AT = 1_800_000_000
LEAVES = [bytes([n]) for n in range(40)]


def root(size: int, leaves: list[bytes] = LEAVES) -> bytes:
    return model.mth(leaves[:size])


def note(size: int, leaves: list[bytes] = LEAVES, *, origin: str = ORIGIN) -> str:
    return Checkpoint(origin, size, root(size, leaves)).sign(LOG)


def body(old: int, new: int, leaves: list[bytes] = LEAVES, *, origin: str = ORIGIN) -> bytes:
    return write_request(old, model.proof(old, leaves[:new]) if old else [], note(new, leaves, origin=origin))


@pytest.fixture
def folder(tmp_path: Path) -> WitnessFolder:
    made = WitnessFolder.create(tmp_path / "witness", "witness.example/w1")
    made.add_log(VKEY)
    return made


@pytest.fixture
def witness(folder: WitnessFolder) -> Witness:
    return Witness(folder)


def ask(witness: Witness, raw: bytes, at: int = AT) -> Answer:
    return witness.add_checkpoint(raw, at=at)


def seen(witness: Witness) -> int:
    newest = witness.newest(ORIGIN)
    return newest.size if newest else 0


def test_a_growing_log_gets_a_cosignature_for_each_checkpoint(witness: Witness) -> None:
    old = 0
    for new in (1, 2, 3, 7, 8, 8, 33, 40):
        answer = ask(witness, body(old, new))
        assert answer.status == 200
        (found,) = cosignatures(note(new) + answer.body, [witness.cosigner])
        assert found.at == AT
        old = new
    kept = witness.folder.checkpoint(ORIGIN) or ""
    assert open_checkpoint(kept, Verifier.of(ORIGIN, LOG)).size == 40
    assert len(cosignatures(kept, [witness.cosigner])) == 1


def test_another_old_size_is_a_conflict_that_names_the_size(witness: Witness) -> None:
    assert ask(witness, body(5, 9)) == Answer(409, "0\n", SIZE, ORIGIN)
    ask(witness, body(0, 9))
    for old, new in ((0, 12), (5, 12), (8, 8), (10, 12), (0, 3)):
        assert ask(witness, body(old, new)) == Answer(409, "9\n", SIZE, ORIGIN)
    assert seen(witness) == 9


def test_a_rollback_is_refused(witness: Witness) -> None:
    ask(witness, body(0, 9))
    smaller = write_request(9, [], note(5))
    assert ask(witness, smaller).status == 400  # the old size is beyond the checkpoint
    assert ask(witness, body(5, 5)).status == 409
    assert seen(witness) == 9


def test_a_split_view_is_refused_and_its_proof_kept(witness: Witness) -> None:
    ask(witness, body(0, 9))
    forked = [*LEAVES[:4], b"another", *LEAVES[5:]]
    assert ask(witness, write_request(9, [], note(9, forked))).status == 422
    assert ask(witness, body(9, 12, forked)).status == 422
    assert ask(witness, write_request(9, model.proof(9, LEAVES[:12]), note(12, forked))).status == 422
    assert seen(witness) == 9
    (kept,) = witness.folder.conflicts(ORIGIN)
    evidence = open_checkpoint(kept.read_text(), Verifier.of(ORIGIN, LOG))
    assert (evidence.size, evidence.root) == (9, root(9, forked))
    assert ask(witness, body(9, 12)).status == 200  # the true log goes on


def test_a_split_view_is_kept_as_proof_whatever_old_size_came_with_it(witness: Witness) -> None:
    ask(witness, body(0, 9))
    forked = [*LEAVES[:4], b"another", *LEAVES[5:]]
    assert ask(witness, body(0, 9, forked)) == Answer(409, "9\n", SIZE, ORIGIN)
    assert len(witness.folder.conflicts(ORIGIN)) == 1


def test_no_cosignature_is_dated_before_the_last_one(witness: Witness) -> None:
    """It would say that the larger tree was the largest before the smaller one was."""
    ask(witness, body(0, 9), at=AT)
    assert ask(witness, body(9, 12), at=AT - 1).status == 503
    assert seen(witness) == 9
    assert ask(witness, body(9, 12), at=AT).status == 200


def test_an_unknown_origin_is_not_found_even_when_its_signature_is_bad(witness: Witness) -> None:
    assert ask(witness, body(0, 3, origin="other.example/2026")).status == 404
    assert ask(witness, body(0, 3, origin="hospital.example/ledger/2027")).status == 404


def test_without_a_good_signature_of_a_known_key_it_is_forbidden(witness: Witness) -> None:
    text = Checkpoint(ORIGIN, 3, root(3)).text()
    good = note(3).splitlines(keepends=True)[-1]
    # of another key, of a witness, and a good one beside one that fails
    by_other = sign_note(text, ORIGIN, OTHER)
    by_witness = f"{text}\n" + cosign(text, ORIGIN, LOG, at=5).line()
    failing = sign_note("x\n", ORIGIN, LOG).splitlines(keepends=True)[-1]
    for bad in (by_other, by_witness, f"{text}\n{good}{failing}", f"{text}\n{failing}"):
        assert ask(witness, write_request(0, [], bad)).status == 403
    more = by_other + good
    assert ask(witness, write_request(0, [], more)).status == 200  # unknown signatures are ignored
    assert "witness" in (witness.folder.checkpoint(ORIGIN) or "")
    assert (witness.folder.checkpoint(ORIGIN) or "").count("\u2014") == 2


def test_a_proof_from_nothing_and_a_bad_empty_root_cannot_be_processed(witness: Witness) -> None:
    assert ask(witness, write_request(0, [root(1)], note(3))).status == 422
    odd = Checkpoint(ORIGIN, 0, root(1)).sign(LOG)
    assert ask(witness, write_request(0, [], odd)).status == 422
    assert ask(witness, body(0, 0)).status == 200
    assert ask(witness, write_request(0, [root(1)], note(0))).status == 422
    assert ask(witness, body(0, 3)).status == 200


def test_the_same_checkpoint_again_gets_a_newer_time(witness: Witness) -> None:
    ask(witness, body(0, 9))
    again = ask(witness, body(9, 9), at=AT + 60)
    assert [one.at for one in cosignatures(note(9) + again.body, [witness.cosigner])] == [AT + 60]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"old 0\n",
        b"old 0\n\n",
        b"\n\n" + note(3).encode(),
        note(3).encode(),
        body(0, 3).replace(b"old 0", b"old 00"),
        body(0, 3).replace(b"old 0", b"old -1"),
        body(0, 3).replace(b"old 0", b"old  0"),
        body(0, 3).replace(b"old 0", b"Old 0"),
        body(0, 3).replace(b"old 0", b"old \xd9\xa1"),
        body(0, 3).replace(b"old 0", b"old " + b"9" * 20),
        body(0, 3).replace(b"\n", b"\r\n"),
        body(0, 3)[:-1],
        body(1, 3).replace(b"=\n", b"\n", 1),
        body(0, 3).replace(b"old 0\n", b"old 0\nAAAA\n"),
        write_request(1, [bytes(32)] * 64, note(3)),
        b"\xff" + body(0, 3),
        write_request(0, [], sign_note("no checkpoint\n", ORIGIN, LOG)),
    ],
)
def test_what_is_no_request_is_a_bad_one(witness: Witness, raw: bytes) -> None:
    assert ask(witness, raw).status == 400
    assert seen(witness) == 0


@given(st.integers(0, 10**18), st.lists(st.binary(min_size=32, max_size=32), max_size=63), st.integers(0, 40))
def test_a_request_is_read_as_it_is_written(old: int, proof: list[bytes], size: int) -> None:
    assert read_request(write_request(old, proof, note(size))) == Request(old, tuple(proof), note(size))


@given(st.binary(max_size=400) | st.text(max_size=300).map(lambda t: b"old 1\n" + t.encode("utf-8", "replace")))
def test_any_octets_are_a_request_or_refused(raw: bytes) -> None:
    try:
        found = read_request(raw)
    except BadRequest:
        return
    assert write_request(found.old, found.proof, found.note) == raw


@given(st.data())
def test_a_request_with_any_byte_changed_never_moves_the_witness_elsewhere(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    place = tmp_path_factory.mktemp("w")
    folder = WitnessFolder.create(place / "w", "w.example")
    folder.add_log(VKEY)
    witness = Witness(folder)
    ask(witness, body(0, 9))
    raw = bytearray(body(9, 21))
    at, add = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(1, 255))
    raw[at] = (raw[at] + add) % 256
    answer = ask(witness, bytes(raw))
    assert answer.status in (400, 403, 404, 409, 422)
    assert seen(witness) == 9


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.booleans()), max_size=25))
def test_whatever_is_sent_only_one_history_is_ever_cosigned(
    tmp_path_factory: pytest.TempPathFactory, sent: list[tuple[int, int, bool]]
) -> None:
    folder = WitnessFolder.create(tmp_path_factory.mktemp("w") / "w", "w.example")
    folder.add_log(VKEY)
    witness = Witness(folder)
    forked = [*LEAVES[:7], b"another", *LEAVES[8:]]
    cosigned: list[tuple[int, bytes]] = []
    for old, new, fork in sent:
        leaves = forked if fork else LEAVES
        if old > new:
            continue
        if ask(witness, body(old, new, leaves)).status == 200:
            cosigned.append((new, root(new, leaves)))
    sizes = [size for size, _ in cosigned]
    assert sizes == sorted(sizes)
    one, other = (all(r == root(s, leaves) for s, r in cosigned) for leaves in (LEAVES, forked))
    assert one or other


def test_of_many_requests_at_once_each_size_is_answered_from_one_state(witness: Witness) -> None:
    ask(witness, body(0, 1))
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda n=n: answers.append(ask(witness, body(1, n)))) for n in range(2, 18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200] + [409] * 15


# --- the folder


def test_a_witness_that_is_opened_again_knows_what_it_saw(folder: WitnessFolder) -> None:
    ask(Witness(folder), body(0, 9))
    again = Witness(WitnessFolder(folder.path))
    assert again.cosigner == Witness(folder).cosigner
    assert ask(again, body(0, 3)) == Answer(409, "9\n", SIZE, ORIGIN)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff", note(3).encode()])
def test_a_witness_whose_memory_was_changed_does_not_start(folder: WitnessFolder, content: bytes) -> None:
    ask(Witness(folder), body(0, 9))
    (folder.path / "checkpoints" / origin_hash(ORIGIN)).write_bytes(content)
    with pytest.raises(LedgerDamaged, match="checkpoint"):
        Witness(folder)


def test_a_witness_whose_memory_is_gone_does_not_start(folder: WitnessFolder) -> None:
    (folder.path / "checkpoints").rmdir()
    with pytest.raises(LedgerUnavailable, match="checkpoints is missing"):
        Witness(folder)


def test_the_key_and_the_folder_are_private_and_never_made_twice(folder: WitnessFolder) -> None:
    assert (folder.path / "witness.key").stat().st_mode & 0o077 == 0
    assert folder.path.stat().st_mode & 0o077 == 0
    with pytest.raises(LedgerUnavailable, match="already holds"):
        WitnessFolder.create(folder.path, "other.example")


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb"])
def test_a_name_that_no_key_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProofRefused):
        WitnessFolder.create(tmp_path / "w", name)
    assert not (tmp_path / "w").exists()


def test_two_processes_do_not_serve_one_folder(folder: WitnessFolder) -> None:
    folder.lock()
    with pytest.raises(LedgerUnavailable, match="already"):
        folder.lock()


def test_a_log_of_every_year_is_known_in_every_year_under_its_key(folder: WitnessFolder) -> None:
    folder.add_log(VKEY, every_year=True)
    witness = Witness(folder)
    next_year = "hospital.example/ledger/2027"
    assert ask(witness, body(0, 3, origin=next_year)).status == 200
    for other in ("hospital.example/ledger/27", "hospital.example/ledger/2027/1", "other.example/ledger/2027"):
        assert ask(witness, body(0, 3, origin=other)).status == 404
    forged = Checkpoint(next_year, 5, root(5)).sign(OTHER)
    assert ask(witness, write_request(3, model.proof(3, LEAVES[:5]), forged)).status == 403


def test_a_second_key_of_a_log_is_accepted_beside_the_first(folder: WitnessFolder) -> None:
    with pytest.raises(ProofRefused, match="another key"):
        folder.add_log(Verifier.of(ORIGIN, OTHER).vkey())
    folder.add_log(Verifier.of(ORIGIN, OTHER).vkey(), another_key=True)
    witness = Witness(folder)
    assert ask(witness, body(0, 3)).status == 200
    rotated = Checkpoint(ORIGIN, 5, root(5)).sign(OTHER)
    assert ask(witness, write_request(3, model.proof(3, LEAVES[:5]), rotated)).status == 200


def test_the_key_of_another_year_joins_the_log_of_every_year_and_asks_first(folder: WitnessFolder) -> None:
    """A key that was handed over in a later year than the one under whose name the witness knows the log."""
    folder.add_log(VKEY, every_year=True)
    next_year = "hospital.example/ledger/2027"
    for every_year in (True, False):
        assert folder.add_log(Verifier.of(next_year, LOG).vkey(), every_year=every_year).origin == ORIGIN
        with pytest.raises(ProofRefused, match="another key"):
            folder.add_log(Verifier.of(next_year, OTHER).vkey(), every_year=every_year)
    witness = Witness(folder)
    assert ask(witness, body(0, 3, origin=next_year)).status == 200
    rotated = write_request(3, model.proof(3, LEAVES[:5]), Checkpoint(next_year, 5, root(5)).sign(OTHER))
    assert ask(witness, rotated).status == 403
    folder.add_log(Verifier.of(next_year, OTHER).vkey(), every_year=True, another_key=True)
    assert len(folder.logs()) == 1
    assert ask(witness, rotated).status == 200
    assert ask(witness, body(0, 4)).status == 200


def test_an_origin_that_is_not_the_name_of_its_key_is_named_with_it(folder: WitnessFolder) -> None:
    """As Go's checksum database has it: the origin is `go.sum database tree`, the key's name sum.golang.org."""
    folder.add_log(Verifier.of("sum.golang.org", LOG).vkey(), origin="go.sum database tree")
    text = Checkpoint("go.sum database tree", 3, root(3)).text()
    assert ask(Witness(folder), write_request(0, [], sign_note(text, "sum.golang.org", LOG))).status == 200


@given(st.binary(max_size=100))
def test_a_list_of_logs_that_is_none_is_damage(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    folder = WitnessFolder(tmp_path_factory.mktemp("w"))
    (folder.path / "logs.json").write_bytes(raw)
    try:
        assert folder.logs() == []
    except LedgerDamaged as error:
        assert "logs.json" in str(error)


@given(st.binary(max_size=120) | st.text(max_size=80).map(lambda t: ("PRIVATE+KEY+" + t).encode("utf-8", "replace")))
def test_octets_that_are_no_key_are_damage(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    folder = WitnessFolder(tmp_path_factory.mktemp("w"))
    (folder.path / "witness.key").write_bytes(raw)
    with pytest.raises(LedgerDamaged) as refused:
        folder.signer()
    assert "witness.key" in str(refused.value)


@given(
    st.binary(max_size=120)
    | st.recursive(
        st.none() | st.integers() | st.text(), lambda more: st.lists(more) | st.dictionaries(st.text(), more)
    ).map(lambda said: json.dumps({"version": 1, "witnesses": said}).encode())
)
def test_what_a_ledger_remembers_of_its_witnesses_is_read_or_forgotten(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    folder = tmp_path_factory.mktemp("w")
    (folder / "witnesses.json").write_bytes(raw)
    memory = Memory(folder)
    assert memory.of("w.example+00000000+AAAA", "2026") is None
    told = Told(Outcome.ROLLBACK, 9, detail="it saw 9 entries, the ledger has 6")
    memory.take("w", "2026", told, our_size=6, at=datetime(2026, 3, 2, tzinfo=UTC))
    memory.write()
    again = Memory(folder).of("w", "2026")
    assert again is not None and again.conflict is not None and not again.conflict.sure
