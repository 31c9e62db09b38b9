# SPDX-License-Identifier: Apache-2.0
"""The ledger's side of its witnesses: who is asked when, and what readers then see."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.ledger.asking import LOG, Near, Round, grow, rewritten, silent
from tests.integration.ledger.conftest import NOON, ORIGIN, SIGNER, connect
from tests.integration.ledger.serving import served
from wardkeep.ledger import LedgerReader, verify_ledger
from wardkeep.ledger.cosignature import cosign
from wardkeep.ledger.cosigned import carry, judge
from wardkeep.ledger.note import Checkpoint, Signature, Verifier, open_checkpoint, sign_note
from wardkeep.ledger.policy import parse_policy
from wardkeep.ledger.proof import read_proof
from wardkeep.ledger.second import SecondKey, SecondVerifier, message
from wardkeep.ledger.witness import collecting as collecting_module
from wardkeep.ledger.witness.asking import Outcome, offer
from wardkeep.ledger.witness.client import Reply
from wardkeep.ledger.witness.memory import Memory


@pytest.fixture
def asking(folder: Path, tmp_path: Path) -> Round:
    grow(folder, 5)
    return Round(folder, tmp_path)


def test_a_checkpoint_is_cosigned_by_all_and_read_with_its_cosignatures(asking: Round) -> None:
    assert asking() == dict.fromkeys(("w0", "w1", "w2"), Outcome.COSIGNED)
    assert asking.cosigned() == (6, 3)
    assert asking.on_note() == 3
    assert len(asking.policy.cosignatures(asking.reader.note(LOG))) == 3
    report = verify_ledger(asking.folder)
    assert report.problems == []


def test_a_proof_is_against_the_newest_cosigned_checkpoint_where_that_reaches_the_entry(asking: Round) -> None:
    asking()
    grow(asking.folder, 400)
    reader = asking.reader
    for index, size in ((0, 6), (5, 6), (6, 407 - 1), (399, 406)):
        note = read_proof(reader.proof(LOG, index))[2]
        assert open_checkpoint(note, reader.description.verifier(LOG)).size == size
        assert len(asking.policy.cosignatures(note)) == (3 if index < 6 else 0)
    asking()
    assert len(asking.policy.cosignatures(read_proof(asking.reader.proof(LOG, 399))[2])) == 3


def test_k_of_n_are_enough_and_a_silent_one_joins_later(asking: Round) -> None:
    asking.near[1].instead = silent
    assert asking()["w1"] == Outcome.UNREACHABLE
    assert asking.cosigned() == (6, 2)
    asking.near[1].instead = None
    assert asking() == {"w1": Outcome.COSIGNED}  # nobody else is asked again for the same checkpoint
    assert asking.cosigned() == (6, 3)
    assert asking.on_note() == 3


def test_too_few_never_take_the_place_of_enough(asking: Round) -> None:
    asking()
    asking.near[0].instead = asking.near[1].instead = silent
    grow(asking.folder)
    asking()
    assert asking.cosigned() == (6, 3)
    asking.near[1].instead = None
    asking()
    assert asking.cosigned() == (7, 2)  # the cosignature that came in the round before counts


def test_a_checkpoint_that_stays_the_newest_is_cosigned_again_after_an_hour(asking: Round) -> None:
    asking()
    assert asking() == {}
    asking.at += timedelta(hours=1)
    assert len(asking()) == 3
    found = judge(asking.reader.cosigned(LOG), asking.policy)
    assert found is not None and found.at(asking.policy) == int(asking.at.timestamp())


def test_a_witness_that_lags_is_caught_up(asking: Round) -> None:
    asking()
    asking.near[2].instead = silent
    for _ in range(3):
        grow(asking.folder, 300)
        asking()
    asking.near[2].instead = None
    asking.near[0].asked = asking.near[2].asked = 0
    Memory(asking.folder)
    (asking.folder / "witnesses.json").unlink()  # what we knew of them is lost
    grow(asking.folder, 300)
    assert asking() == dict.fromkeys(("w0", "w1", "w2"), Outcome.COSIGNED)
    assert (asking.near[0].asked, asking.near[2].asked) == (2, 2)  # 409 with the size, then the proof


def test_a_witness_with_another_kind_of_key_counts_like_any(asking: Round) -> None:
    key = SecondKey(bytes(32))
    other = SecondVerifier("pq.example", key.public)
    lines = "".join(f"witness w{n} {one.witness.cosigner.vkey()} x\n" for n, one in enumerate(asking.near[:1]))
    asking.policy = parse_policy(f"{lines}witness w1 {other.vkey()} x\ngroup q all w0 w1\nquorum q\n".encode())
    near, plain = asking.near[1], asking.near[1].add_checkpoint

    def answer(body: bytes) -> Reply:
        reply = plain(body)
        if reply.status != 200:
            return reply
        seen, at = near.witness.newest(f"{ORIGIN}/{LOG}"), near.at
        assert seen is not None
        raw = at.to_bytes(8, "big") + key._key.sign(message(other.name, seen, at))
        return Reply(200, reply.body + Signature(other.name, other.key_id, raw).line())  # both of its keys, as it may

    near.add_checkpoint = answer  # type: ignore[method-assign]
    assert asking() == {"w0": Outcome.COSIGNED, "w1": Outcome.COSIGNED}
    found = judge(asking.reader.cosigned(LOG), asking.policy)
    assert found is not None and found.enough and asking.on_note() == 2
    assert verify_ledger(asking.folder).problems == []


def test_a_witness_that_was_set_back_itself_is_said(asking: Round) -> None:
    folder = asking.near[0].folder.path / "checkpoints"
    asking()
    (path,) = folder.iterdir()
    older = path.read_bytes()
    grow(asking.folder, 3)
    asking()
    path.write_bytes(older)
    grow(asking.folder, 3)
    assert asking()["w0"] == Outcome.COSIGNED
    details = [Memory(asking.folder).of(one.cosigner.vkey(), LOG) for one in asking.policy.witnesses]
    assert [bool(seen and "it was set back itself" in seen.detail) for seen in details] == [True, False, False]


def test_a_witness_that_knows_no_such_log_or_another_key_is_told_apart(folder: Path, tmp_path: Path) -> None:
    asking = Round(folder, tmp_path)
    (asking.near[0].folder.path / "logs.json").write_text("[]")
    other = Ed25519PrivateKey.generate()
    (asking.near[1].folder.path / "logs.json").write_text("[]")
    asking.near[1].know(Verifier.of(f"{ORIGIN}/2026", other).vkey())
    assert asking() == {"w0": Outcome.UNKNOWN_LOG, "w1": Outcome.OTHER_KEY, "w2": Outcome.COSIGNED}


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, ""),
        Reply(200, "nonsense"),
        Reply(200, "\u2014 w0.example AAAA\n"),
        Reply(200, "\n\n\n"),
        Reply(409, ""),
        Reply(409, "-1\n"),
        Reply(409, "0\n"),
        Reply(409, "3\n"),  # again and again
        Reply(500, "x"),
        Reply(302, ""),
        Reply(404, "\x1b[31m" + "x" * 9000),
    ],
)
def test_an_answer_that_is_none_does_no_harm(asking: Round, reply: Reply) -> None:
    asking.near[0].instead = lambda: reply
    assert asking()["w0"] in (Outcome.UNREACHABLE, Outcome.UNKNOWN_LOG)
    assert asking.cosigned() == (6, 2)
    seen = Memory(asking.folder).of(asking.policy.witnesses[0].cosigner.vkey(), LOG)
    assert seen is not None and seen.detail.isprintable() and len(seen.detail) < 300


@settings(max_examples=60, deadline=None)
@given(status=st.sampled_from([200, 409, 422, 403, 404, 500]), text=st.text(max_size=200))
def test_any_answer_is_an_outcome_and_only_a_cosignature_counts(
    filled: Path, status: int, text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    near = Near(tmp_path_factory.mktemp("w"), "w0")
    near.instead = lambda: Reply(status, text)
    reader = LedgerReader(filled)
    told = offer(reader, LOG, reader.note(LOG), cosigner=near.witness.cosigner, witness=near)
    assert told.outcome != Outcome.COSIGNED and told.cosignature is None


def test_a_cosignature_of_another_text_or_key_is_not_taken(asking: Round) -> None:
    text = Checkpoint(f"{ORIGIN}/2026", 6, bytes(32)).text()
    signer = asking.near[0].witness._signer
    forged = cosign(text, "w0.example", signer, at=9).line()
    stranger = cosign(
        asking.reader.note(LOG).partition("\n\n")[0] + "\n", "w0.example", Ed25519PrivateKey.generate(), at=9
    )
    for line in (forged, stranger.line()):
        asking.near[0].instead = lambda line=line: Reply(200, line)
        assert asking()["w0"] == Outcome.UNREACHABLE


def test_a_witness_that_hangs_holds_up_nobody_else_and_no_append(
    asking: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The patience of a round ends here as soon as the other two have answered, however long that takes them."""
    hang, answered = threading.Event(), [0]

    class Counted(queue.SimpleQueue):  # type: ignore[type-arg]
        def get(self, *words: Any, **more: Any) -> Any:
            answer = super().get(*words, **more)
            answered[0] += 1
            return answer

    monkeypatch.setattr(collecting_module.queue, "SimpleQueue", Counted)
    passing = SimpleNamespace(monotonic=lambda: time.monotonic() + 1000 * (answered[0] // 2))
    monkeypatch.setattr(collecting_module, "time", passing)

    def hanging() -> Reply:
        hang.wait()
        return silent()

    asking.near[0].instead = hanging
    told = {"w0": Outcome.UNREACHABLE, "w1": Outcome.COSIGNED, "w2": Outcome.COSIGNED}
    assert asking(patience=600.0) == told
    grow(asking.folder)
    assert asking(patience=600.0) == told  # the one that hangs is not called a second time
    assert asking.near[0].asked == 1
    assert asking.cosigned() == (7, 2)
    hang.set()


# --- the file `cosigned`


def test_verification_names_a_ledger_that_no_longer_gives_what_was_cosigned(
    asking: Round, tmp_path: Path, copy_of: Callable[[Path], Path]
) -> None:
    asking()
    cosigned = (asking.folder / "logs" / LOG / "cosigned").read_bytes()
    for size in (2, 9):
        other = rewritten(asking.folder, tmp_path / f"other{size}", size)
        (other / "logs" / LOG / "cosigned").write_bytes(cosigned)
        problems = verify_ledger(other).problems
        assert [(p.kind, p.where) for p in problems] == [("root", "logs/2026/cosigned")]
    (asking.folder / "logs" / LOG / "cosigned").write_bytes(cosigned.replace(b"\n6\n", b"\n7\n"))
    assert [p.kind for p in verify_ledger(asking.folder).problems] == ["checkpoint"]


def test_a_forged_line_in_the_file_never_spoils_the_checkpoint(asking: Round) -> None:
    """A bad signature under the log's own name would make every reader refuse the note, and the ledger not start."""
    own = asking.reader.note(LOG)
    text = own.partition("\n\n")[0] + "\n"
    bad = sign_note("another text\n", f"{ORIGIN}/2026", SIGNER).splitlines(keepends=True)[-1]
    other = cosign(text, "w.example", Ed25519PrivateKey.generate(), at=1).line()
    path = asking.folder / "logs" / LOG / "cosigned"
    for content in (f"{text}\n{bad}", f"{text}\n{bad}{other}", own + "junk\n", "", "\n\n", f"{text}x\n\n{other}"):
        path.write_text(content)
        note = carry(path.parent, own)
        assert open_checkpoint(note, asking.reader.description.verifier(LOG)).size == 6
        assert note in (own, own + other)
        asking.reader.proof(LOG, 2)
        with connect(asking.folder) as ledger:
            ledger.publish()


def test_a_year_that_ended_is_cosigned_at_its_end_and_the_next_one_too(asking: Round) -> None:
    asking()
    grow(asking.folder, 2, clock=lambda: NOON.replace(year=2027))
    asking.heard()
    reader = asking.reader
    assert reader.logs() == ["2026", "2027"]
    for log in reader.logs():
        note = (asking.folder / "logs" / log / "checkpoint").read_text()
        assert len(asking.policy.cosignatures(note)) == 3
        assert open_checkpoint(note, reader.description.verifier(log)).size == reader.size(log)
    assert asking.heard() == []
    assert verify_ledger(asking.folder).problems == []


def test_what_was_cosigned_is_carried_while_another_process_writes(asking: Round) -> None:
    """The writer that holds the lock is asked to publish; without one the file is written under the lock."""
    with served(asking.folder):
        asking()
        assert asking.on_note() == 3
        grow(asking.folder, 10)
        asking()
        assert asking.on_note() == 3
    assert verify_ledger(asking.folder).problems == []
