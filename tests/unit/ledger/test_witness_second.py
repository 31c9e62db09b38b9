# SPDX-License-Identifier: Apache-2.0
"""A witness with a second key, of the kind ML-DSA-44: both cosign one tree at one moment, and either is believed alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.unit.ledger.test_witness import AT, ORIGIN, VKEY, ask, body, folder, witness  # noqa: F401 - fixtures
from wardkeep.ledger.cosignature import cosignatures
from wardkeep.ledger.errors import LedgerDamaged, LedgerUnavailable
from wardkeep.ledger.note import Checkpoint, Signature, Verifier, read_note
from wardkeep.ledger.policy import parse_policy
from wardkeep.ledger.second import SecondVerifier
from wardkeep.ledger.witness.folder import WitnessFolder
from wardkeep.ledger.witness.request import write_request
from wardkeep.ledger.witness.witness import Witness

mldsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="no ML-DSA in this cryptography")
FILE = "witness-ml-dsa-44.key"


@pytest.fixture
def both(folder: WitnessFolder) -> Witness:  # noqa: F811
    folder.add_second()
    return Witness(folder)


def test_it_answers_with_both_signatures_and_keeps_both(both: Witness) -> None:
    answer = ask(both, body(0, 3))
    lines = [Signature.parse(line) for line in answer.body.splitlines()]
    assert both.second is not None and answer.status == 200
    assert [line.key_id for line in lines] == [both.cosigner.key_id, both.second.key_id]
    kept = both.folder.checkpoint(ORIGIN)
    assert kept is not None and kept.endswith(answer.body)
    for cosigner in (both.cosigner, both.second):
        (found,) = cosignatures(kept, [cosigner])
        assert found.at == AT
    policy = parse_policy(
        f"log {VKEY}\nwitness w {both.cosigner.vkey()}\nwitness v {both.second.vkey()}\ngroup g all w v\nquorum g\n".encode()
    )
    assert policy.open(kept)[0].size == 3


def test_what_it_signs_is_the_message_of_the_standard(both: Witness) -> None:
    """The bytes are put together here as tlog-cosignature draws them."""
    (line,) = [one for one in ask(both, body(0, 3)).body.splitlines()[1:]]
    raw = Signature.parse(line).raw
    tree, name, origin = both.newest(ORIGIN), b"witness.example/w1", ORIGIN.encode()
    assert tree is not None and both.second is not None and raw[:8] == AT.to_bytes(8, "big")
    said = (b"subtree/v1\n\0", bytes([len(name)]), name, AT.to_bytes(8, "big"), bytes([len(origin)]), origin)
    message = b"".join([*said, (0).to_bytes(8, "big"), (3).to_bytes(8, "big"), tree.root])
    mldsa.MLDSA44PublicKey.from_public_bytes(both.second.public).verify(raw[8:], message)


def test_a_witness_that_gets_a_second_key_goes_on_from_what_it_cosigned(witness: Witness) -> None:  # noqa: F811
    assert len(ask(witness, body(0, 3)).body.splitlines()) == 1
    verifier = witness.folder.add_second()
    later = Witness(witness.folder)
    assert later.second == verifier and SecondVerifier.parse(verifier.vkey()) == verifier
    assert ask(later, body(0, 5)).status == 409
    assert len(ask(later, body(3, 5)).body.splitlines()) == 2


def test_a_refusal_is_signed_by_neither(both: Witness) -> None:
    ask(both, body(0, 3))
    for raw in (body(0, 5), body(1, 5), b"x"):
        assert "\u2014" not in ask(both, raw).body


def test_a_log_whose_name_is_too_long_for_this_kind_is_cosigned_by_the_first_key_alone(both: Witness) -> None:
    from tests.unit.ledger.test_witness import LOG, root

    origin = "hospital.example/" + "x" * 250
    both.folder.add_log(Verifier.of(origin, LOG).vkey())
    answer = ask(both, write_request(0, [], Checkpoint(origin, 3, root(3)).sign(LOG)))
    assert answer.status == 200 and len(answer.body.splitlines()) == 1


def test_the_second_key_is_private_and_never_made_twice(both: Witness) -> None:
    path = both.folder.path / FILE
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(LedgerUnavailable, match="already"):
        both.folder.add_second()
    assert path.read_bytes() == before


def test_without_a_witness_there_is_no_second_key(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="no witness"):
        WitnessFolder(tmp_path).add_second()
    assert list(tmp_path.iterdir()) == []


def test_a_second_key_that_is_not_this_witnesses_stops_it(both: Witness, tmp_path: Path) -> None:
    path = both.folder.path / FILE
    good = path.read_text()
    other = WitnessFolder.create(tmp_path / "other", "other.example/w")
    other.add_second()
    foreign = (other.path / FILE).read_text()
    wrong_id = good.replace(good.split("+")[3], "00000000")
    for wrong in (
        "",
        "x",
        "PRIVATE+KEY+a+b",
        good[:-9],
        foreign,
        (both.folder.path / "witness.key").read_text(),
        wrong_id,
    ):
        path.write_text(wrong)
        with pytest.raises(LedgerDamaged):
            Witness(both.folder)
    path.write_bytes(b"\xff" + good.encode())
    with pytest.raises(LedgerDamaged):
        Witness(both.folder)
    path.write_text(good)
    assert read_note(f"{Checkpoint(ORIGIN, 3, bytes(32)).text()}\n{ask(Witness(both.folder), body(0, 3)).body}")
