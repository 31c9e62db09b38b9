# SPDX-License-Identifier: Apache-2.0
"""A .tlog-proof that was made is accepted; one that says anything else is not."""

from __future__ import annotations

import base64
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ledger import model
from wardkeep.ledger.errors import ProofRefused
from wardkeep.ledger.note import Checkpoint, Verifier
from wardkeep.ledger.proof import HEADER, check_proof, read_proof, write_proof

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NAME = "hospital.example/ledger/2026"
VKEY = Verifier.of(NAME, SIGNER).vkey()


def made(index: int, size: int) -> tuple[str, bytes]:
    d = [n.to_bytes(2, "big") for n in range(size)]
    return write_proof(index, model.path(index, d), Checkpoint(NAME, size, model.mth(d)).sign(SIGNER)), d[index]


@given(st.integers(1, 70), st.data())
def test_a_proof_is_accepted_for_its_entry_and_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    text, entry = made(index, size)
    found, checkpoint = check_proof(text, entry, VKEY)
    assert (found, checkpoint.size, checkpoint.origin) == (index, size, NAME)
    for other in (b"", entry + b"\0", entry[:-1], ((index + 1) % 99).to_bytes(2, "big")):
        with pytest.raises(ProofRefused):
            check_proof(text, other, VKEY)


def test_a_proof_reads_as_the_specification_draws_it() -> None:
    text, _ = made(5, 8)
    lines = text.split("\n")
    assert lines[:2] == [HEADER, "index 5"] == ["c2sp.org/tlog-proof@v1", "index 5"]
    assert [len(base64.b64decode(step)) for step in lines[2:5]] == [32, 32, 32]
    assert lines[5] == ""
    assert lines[6:8] == [NAME, "8"]


def test_the_only_entry_of_a_log_has_an_empty_proof() -> None:
    text, entry = made(0, 1)
    assert text.startswith(f"{HEADER}\nindex 0\n\n{NAME}\n1\n")
    assert check_proof(text, entry, VKEY)[0] == 0


def test_extra_data_is_let_through_unread() -> None:
    text, entry = made(5, 8)
    for extra in ("YWdl", ""):
        with_extra = text.replace("\nindex", f"\nextra {extra}\nindex", 1)
        assert check_proof(with_extra, entry, VKEY)[0] == 5
    for bad in ("extra YWdl\nextra YWdl\n", "extra not-base64!\n", "extra\n", "extras YWdl\n"):
        with pytest.raises(ProofRefused):
            read_proof(text.replace("index", bad + "index", 1))


GOOD, ENTRY = made(41, 97)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        GOOD.replace("@v1", "@v2"),
        GOOD.replace(HEADER + "\n", ""),
        GOOD.replace("index 41\n", ""),
        GOOD.replace("index 41", "index 041"),
        GOOD.replace("index 41", "index +41"),
        GOOD.replace("index 41", "index  41"),
        GOOD.replace("index 41", "index -1"),
        GOOD.replace("index 41", "index \u0664\u0661"),
        GOOD.replace("index 41", "index " + "4" * 20),
        GOOD.replace("index 41", "index 42"),
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("index 41\n", "index 41\n" + "A" * 43 + "=\n"),
        GOOD.replace("index 41\n", "index 41\n" + ("A" * 43 + "=\n") * 64),
        GOOD.replace("index 41\n", "index 41\nAAAA\n"),
        GOOD.partition("\n\n")[0] + "\n\n",
        " " + GOOD,
        "\ufeff" + GOOD,
    ],
)
def test_what_is_no_proof_of_this_entry_is_refused(text: str) -> None:
    with pytest.raises(ProofRefused):
        check_proof(text, ENTRY, VKEY)


def test_ten_thousand_mutations_are_all_refused() -> None:
    """Bytes changed, cut, inserted, repeated, exchanged; lines left out and moved."""
    dice, raw, refused = random.Random(9162), GOOD.encode(), 0
    while refused < 10_000:
        changed = mutated(raw, dice)
        if changed != raw:
            with pytest.raises((ProofRefused, UnicodeDecodeError)):
                check_proof(changed.decode(), ENTRY, VKEY)
            refused += 1


def mutated(raw: bytes, dice: random.Random) -> bytes:
    at, end = sorted((dice.randrange(len(raw)), dice.randrange(len(raw))))
    kind = dice.randrange(6)
    if kind == 0:
        return raw[:at] + bytes([raw[at] ^ (1 << dice.randrange(8))]) + raw[at + 1 :]
    if kind == 1:
        return raw[:at] + raw[end:]
    if kind == 2:
        return raw[:at] + bytes([dice.randrange(256)]) + raw[at:]
    if kind == 3:
        return raw[:at] + raw[at : end + 1] * 2 + raw[end + 1 :]
    lines = raw.split(b"\n")
    i, k = dice.randrange(len(lines)), dice.randrange(len(lines))
    if kind == 4:
        del lines[i]
    else:
        lines[i], lines[k] = lines[k], lines[i]
    return b"\n".join(lines)
