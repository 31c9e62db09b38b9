# SPDX-License-Identifier: Apache-2.0
"""A log takes each numbered batch once, in order, and knows after any restart what it took."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.ledger import model
from wardkeep.ledger import stage as under_test
from wardkeep.ledger.entry import Receipt
from wardkeep.ledger.errors import EntryTooLarge, KeyConflict, LedgerDamaged, LedgerError, OutOfOrder
from wardkeep.ledger.journal import NO_RECORD, Record, encode, files, read_file
from wardkeep.ledger.log import Log
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint
from wardkeep.ledger.stage import Request, pack_batch

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "x.example/2026"


@pytest.fixture
def reopen(tmp_path: Path) -> Callable[[], Log]:
    return lambda: Log(tmp_path / "log", tmp_path / "journal", name="2026", origin=ORIGIN, signer=SIGNER)


@pytest.fixture
def log(reopen: Callable[[], Log]) -> Log:
    return reopen()


def batch(seq: int, *words: str, producer: str = "p") -> Request:
    return Request(producer, seq, [word.encode() for word in words])


def one(log: Log, request: Request) -> Receipt:
    (answer,) = log.commit([request])
    if isinstance(answer, LedgerError):
        raise answer
    return answer


def test_a_receipt_names_the_place_of_each_batch_of_a_group(log: Log) -> None:
    answers = log.commit([batch(0, "a", "b"), batch(0, "c", producer="q"), batch(1, "d")])
    assert answers == [Receipt("2026", 0, 1), Receipt("2026", 2, 2), Receipt("2026", 3, 3)]
    assert log.edge.root() == model.mth([b"a", b"b", b"c", b"d"])
    assert one(log, batch(2, "e")) == Receipt("2026", 4, 4)


def test_the_same_batch_again_gives_the_same_receipt_and_no_entry(log: Log) -> None:
    first = one(log, batch(0, "a", "b"))
    assert one(log, batch(0, "a", "b")) == first
    assert log.commit([batch(1, "c"), batch(1, "c"), batch(0, "a", "b")]) == [
        Receipt("2026", 2, 2),
        Receipt("2026", 2, 2),
        first,
    ]
    assert log.size == 3


def test_a_known_number_with_other_entries_is_a_conflict_and_never_a_duplicate(log: Log) -> None:
    one(log, batch(0, "a", "b"))
    for request in (batch(0, "a"), batch(0, "ab"), batch(0, "b", "a"), batch(0, "a", "b", "c")):
        with pytest.raises(KeyConflict, match="batch 0 of p"):
            one(log, request)
    fresh, again = log.commit([batch(1, "x"), batch(1, "y")])
    assert isinstance(fresh, Receipt)
    assert isinstance(again, KeyConflict)
    assert log.size == 3


def test_a_number_that_leaves_a_gap_is_refused(log: Log) -> None:
    one(log, batch(5, "a"))  # a producer may begin anywhere
    for seq in (7, 100):
        with pytest.raises(OutOfOrder, match="does not follow 5"):
            one(log, batch(seq, "b"))
    with pytest.raises(OutOfOrder, match="older"):
        one(log, batch(4, "b"))
    assert one(log, batch(6, "b")).first == 1


@pytest.mark.parametrize("request_", [batch(-1, "a"), batch(0, "a", producer="")])
def test_a_producer_has_a_name_and_counts_upwards(log: Log, request_: Request) -> None:
    with pytest.raises(OutOfOrder):
        one(log, request_)


def test_one_refusal_in_a_group_does_not_touch_its_neighbours(log: Log) -> None:
    answers = log.commit([batch(0, "a"), batch(9, "gap", producer="q"), batch(2, "gap"), batch(1, "b"), batch(1, "no")])
    assert [type(a) for a in answers] == [Receipt, Receipt, OutOfOrder, Receipt, KeyConflict]
    assert log.edge.root() == model.mth([b"a", b"gap", b"b"])


@pytest.mark.parametrize(
    ("bodies", "why"),
    [([], "without entries"), ([b""], "without bytes"), ([b"a", b""], "without bytes"), ([b"a" * 65_536], "65,536")],
)
def test_a_batch_that_does_not_fit_is_refused_whole(log: Log, bodies: list[bytes], why: str) -> None:
    with pytest.raises(EntryTooLarge, match=why):
        one(log, Request("p", 0, bodies))
    assert log.size == 0
    assert one(log, Request("p", 0, [b"a" * 65_535])).count == 1


def test_a_batch_over_the_limit_is_refused(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "MAX_BATCH", 100)
    assert len(pack_batch([bytes(48), bytes(48)])) == 100
    with pytest.raises(EntryTooLarge, match="101 bytes is over 100"):
        pack_batch([bytes(48), bytes(49)])


def test_it_knows_where_each_batch_went(log: Log, reopen: Callable[[], Log]) -> None:
    one(log, batch(3, "a", "b"))
    one(log, batch(0, "c", producer="q"))
    for seen in (log, reopen()):
        assert seen.find("p", 3) == Receipt("2026", 0, 1)
        assert seen.find("p", 4) is None
        assert seen.find("nobody", 0) is None
        assert seen.last("p") == (3, Receipt("2026", 0, 1))
        assert seen.last("q") == (0, Receipt("2026", 2, 2))
        assert seen.last("nobody") is None


def test_of_batches_older_than_the_journal_it_says_that_it_cannot_tell(
    log: Log, reopen: Callable[[], Log], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.ledger import journal

    monkeypatch.setattr(journal, "ROTATE", 1)
    for seq in range(6):
        one(log, Request("p", seq, [b"%d-%d" % (seq, n) for n in range(300)]))
    log.settle()
    log.close()
    kept = [int(path.stem) for path in files(tmp_path / "journal")]
    assert kept[0] > 300
    again = reopen()
    with pytest.raises(OutOfOrder, match="older than the journal remembers; its last is 5"):
        again.find("p", 0)
    with pytest.raises(OutOfOrder):  # never taken for a new one
        one(again, batch(0, "0-0"))
    assert again.last("p") == (5, Receipt("2026", 1500, 1799))
    assert again.find("p", 5) == Receipt("2026", 1500, 1799)
    assert one(again, batch(6, "x")).first == 1800


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(steps=st.lists(st.sampled_from(["small", "large", "publish", "settle", "reopen", "again"]), max_size=14))
def test_whatever_happens_it_is_the_log_of_what_was_acknowledged(
    steps: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("log")

    def opened() -> Log:
        return Log(folder / "log", folder / "journal", name="2026", origin=ORIGIN, signer=SIGNER)

    log, bodies, seq, last = opened(), [], 0, None
    for step in steps:
        if step in ("small", "large"):
            last = Request("p", seq, [b"%d-%d" % (seq, n) for n in range(3 if step == "small" else 300)])
            seq += 1
            assert one(log, last) == Receipt("2026", len(bodies), len(bodies) + len(last.bodies) - 1)
            bodies += last.bodies
        elif step == "publish":
            log.publish()
            note = (folder / "log/checkpoint").read_text() if bodies else None
            if note:
                assert open_checkpoint(note, Verifier.of(ORIGIN, SIGNER)).size == len(bodies)
        elif step == "settle" and bodies:
            log.settle()
        elif step == "reopen":
            if len(steps) % 2:  # else it is left as a kill would leave it
                log.close()
            log = opened()
        elif step == "again" and last:
            assert one(log, last).last == len(bodies) - 1
        assert log.size == len(bodies)
    assert log.edge.root() == model.mth(bodies)
    log.close()


def test_a_journal_that_goes_on_without_our_key_is_refused(log: Log, reopen: Callable[[], Log], tmp_path: Path) -> None:
    """A record that fits in everything but the signature: the next checkpoint must not vouch for it."""
    one(log, batch(0, "a"))
    log.close()
    (path,) = files(tmp_path / "journal")
    forged = Record(
        first=1,
        count=1,
        prev=log._journal.previous,
        batches=[("p", 1, 1, 1, "00")],
        producers={"p": ("2026", 1, 1, 1, "00")},
        checkpoint=Checkpoint(ORIGIN, 2, model.mth([b"a", b"forged"])).sign(Ed25519PrivateKey.generate()),
        bodies=pack_batch([b"forged"]),
    )
    path.write_bytes(path.read_bytes() + encode(forged)[0])
    with pytest.raises(LedgerDamaged, match="not ours"):
        reopen()


def test_entries_that_do_not_give_the_signed_root_are_refused(
    log: Log, reopen: Callable[[], Log], tmp_path: Path
) -> None:
    one(log, batch(0, "a"))
    log.close()
    (path,) = files(tmp_path / "journal")
    ((_, record, _),) = [item for item in read_file(path, NO_RECORD) if isinstance(item, tuple)]
    changed = Record(**{**{n: getattr(record, n) for n in Record.__dataclass_fields__}, "bodies": pack_batch([b"b"])})
    path.write_bytes(encode(changed)[0])
    (tmp_path / "log/checkpoint").unlink()
    with pytest.raises(LedgerDamaged, match="do not give the root"):
        reopen()


def test_a_journal_behind_the_published_checkpoint_is_refused(
    log: Log, reopen: Callable[[], Log], tmp_path: Path
) -> None:
    """Going on from there would sign a second history."""
    one(log, batch(0, "a"))
    (path,) = files(tmp_path / "journal")
    before = path.read_bytes()
    one(log, batch(1, "b"))
    log.close()
    after = path.read_bytes()
    for raw in (before, after[:-1], after[: len(before) + 5], b""):
        path.write_bytes(raw)
        with pytest.raises(LedgerDamaged):
            reopen()
        assert path.read_bytes() == raw
    path.unlink()
    with pytest.raises(LedgerDamaged):
        reopen()
    path.write_bytes(after)
    assert reopen().size == 2


def test_a_header_lists_every_producer_so_that_older_records_are_needless(log: Log, tmp_path: Path) -> None:
    for seq in range(3):
        one(log, batch(seq, "x", producer="early"))
    one(log, batch(0, "y", producer="late"))
    ((*_, newest),) = [
        [i[1] for i in read_file(p, NO_RECORD) if isinstance(i, tuple)] for p in files(tmp_path / "journal")
    ]
    assert json.loads(newest.header())["producers"]["early"][:4] == ["2026", 2, 2, 2]


def test_what_hangs_on_the_journal_alone_counts_as_much_after_opening_anew(
    log: Log, reopen: Callable[[], Log], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a writer that is killed again and again would have an ever longer journal to read."""
    from wardkeep.ledger import log as log_module

    for seq in range(40):
        one(log, batch(seq, "x"))
    monkeypatch.setattr(log_module, "SETTLE_BYTES", log._unsettled_bytes)
    assert log.due
    assert reopen().due
