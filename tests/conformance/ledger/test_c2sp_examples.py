# SPDX-License-Identifier: Apache-2.0
"""The examples that stand in the C2SP specifications themselves."""

from __future__ import annotations

import re

import pytest

from tests.shared import SHARED, needs_shared
from wardkeep.ledger.errors import ProofRefused
from wardkeep.ledger.note import Checkpoint, Verifier, open_note, read_note
from wardkeep.ledger.proof import read_proof
from wardkeep.ledger.tiles import number_path, partial_widths

pytestmark = needs_shared


def specification(name: str) -> str:
    return (SHARED / "vectors" / "c2sp" / name).read_text(encoding="utf-8")


def blocks(text: str) -> list[str]:
    return re.findall(r"^```\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def test_the_example_of_signed_note_verifies_under_its_key() -> None:
    text = specification("signed-note.md")
    (vkey,) = re.findall(r"^ {4}(example\.com/foo\+\S+)$", text, flags=re.MULTILINE)
    note = next(block for block in blocks(text) if "example.com/foo" in block)
    assert Verifier.parse(vkey).vkey() == vkey
    assert open_note(note, Verifier.parse(vkey)) == "This is an example message.\n"
    with pytest.raises(ProofRefused):
        open_note(note.replace("example message", "example massage"), Verifier.parse(vkey))


def test_the_example_of_tlog_checkpoint_is_read() -> None:
    (note,) = blocks(specification("tlog-checkpoint.md"))
    checkpoint = Checkpoint.parse(note.rpartition("\n\n")[0] + "\n")
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert note.startswith(checkpoint.text())


def test_the_numbers_of_tlog_tiles_hold() -> None:
    text = " ".join(specification("tlog-tiles.md").split())
    assert "index 1234067 will be encoded as `x001/x234/067`" in text
    assert number_path(1_234_067) == "x001/x234/067"
    assert "a tree of size 70,000 will be represented by 273 full level 0 tiles" in text
    assert (70_000 // 256, partial_widths(70_000)) == (273, [112, 17, 1])


def test_the_example_of_tlog_proof_is_read() -> None:
    (proof,) = blocks(specification("tlog-proof.md"))
    index, path, note = read_proof(proof)
    assert (index, len(path)) == (73_894, 5)
    assert note.startswith("example.com/fancylog\n109482\n")


def test_the_example_of_tlog_cosignature_holds_the_time_that_its_message_says() -> None:
    text = specification("tlog-cosignature.md")
    note = next(block for block in blocks(text) if "witness.example.com/w1" in block)
    message = "".join(re.findall(r"^ {4}(.*\n)", text[text.index("    cosignature/v1") :], flags=re.MULTILINE)[:5])
    body, signatures = read_note(note)
    witness = next(one for one in signatures if one.name == "witness.example.com/w1")
    moment = int.from_bytes(witness.raw[:8], "big")
    assert len(witness.raw) == 72
    assert message == f"cosignature/v1\ntime {moment}\n{body}"
