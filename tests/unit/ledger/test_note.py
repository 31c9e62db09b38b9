# SPDX-License-Identifier: Apache-2.0
"""Signed notes and checkpoints: what C2SP lets through is let through, everything else is refused."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.ledger.errors import ProofRefused
from wardkeep.ledger.note import MOST_SIGNATURES, Checkpoint, Verifier, decode, open_checkpoint, open_note, sign_note

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
NAME = "hospital.example/ledger/2026"
OURS = Verifier.of(NAME, SIGNER)
ROOT = bytes(range(32))
CHECKPOINT = Checkpoint(NAME, 123, ROOT)
DASH = "\u2014 "


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def line(name: str = "witness.example", raw: bytes = bytes(68)) -> str:
    return f"{DASH}{name} {b64(raw)}\n"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=80))
def test_any_text_that_was_signed_is_given_back(words: str) -> None:
    text = words + "\n"
    assert open_note(sign_note(text, NAME, SIGNER), OURS) == text


def test_the_key_id_is_the_hash_of_name_type_and_key() -> None:
    public = SIGNER.public_key().public_bytes_raw()
    key_id = hashlib.sha256(NAME.encode() + b"\n\x01" + public).digest()[:4]
    assert OURS.vkey() == f"{NAME}+{key_id.hex()}+{b64(bytes([1]) + public)}"
    signature = base64.b64decode(CHECKPOINT.sign(SIGNER).rstrip("\n").rpartition(" ")[2])
    assert signature == key_id + SIGNER.sign(CHECKPOINT.text().encode())
    assert Verifier.parse(OURS.vkey()) == OURS


def test_signatures_of_others_are_ignored_wherever_they_stand() -> None:
    note = CHECKPOINT.sign(SIGNER)
    text, ours = note.rsplit("\n\n", 1)
    same_name = line(NAME, b"abcd" + bytes(64))  # shares the name, not the id
    same_id = line("x.example", base64.b64decode(ours.split()[-1]))  # shares the id, not the name
    for lines in (ours + line(), line() + ours, same_name + ours + same_id, ours + line("é.example"), ours + ours):
        assert open_checkpoint(f"{text}\n\n{lines}", OURS) == CHECKPOINT


def test_a_known_key_whose_signature_fails_rejects_the_whole_note() -> None:
    note = CHECKPOINT.sign(SIGNER)
    text, ours = note.rsplit("\n\n", 1)
    key_id = base64.b64decode(ours.split()[-1])[:4]
    with pytest.raises(ProofRefused, match="does not hold"):
        open_note(f"{text}\n\n{ours}{line(NAME, key_id + bytes(64))}", OURS)


def test_as_many_signatures_as_the_limit_are_read_and_no_more() -> None:
    note = CHECKPOINT.sign(SIGNER)
    assert MOST_SIGNATURES >= 16
    full = note + line() * (MOST_SIGNATURES - 1)
    assert open_checkpoint(full, OURS) == CHECKPOINT
    with pytest.raises(ProofRefused, match="more than"):
        open_note(full + line(), OURS)


def test_a_note_of_somebody_else_is_refused() -> None:
    with pytest.raises(ProofRefused, match="not signed by"):
        open_checkpoint(CHECKPOINT.sign(OTHER), OURS)
    with pytest.raises(ProofRefused, match="not signed by"):
        open_note(sign_note("x\n", "other.example", SIGNER), OURS)


NOTE = CHECKPOINT.sign(SIGNER)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "\n\n",
        CHECKPOINT.text(),
        CHECKPOINT.text() + "\n",
        NOTE.rstrip("\n"),
        NOTE + "\n",
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("2026", "2026\t", 1),
        NOTE.replace(DASH, "- "),
        NOTE.replace(DASH, "\u2014"),
        NOTE.replace(DASH, "\u2014  "),
        NOTE + DASH + "\n",
        NOTE + f"{DASH}witness.example\n",
        NOTE + f"{DASH} {b64(bytes(68))}\n",
        NOTE + f"{DASH}wit+ness {b64(bytes(68))}\n",
        NOTE + f"{DASH}witness.example {b64(bytes(4))}\n",
        NOTE + f"{DASH}witness.example not-base64!\n",
        NOTE + f"{DASH}witness.example {b64(bytes(68)).rstrip('=')}\n",
    ],
)
def test_what_is_no_signed_note_is_refused(note: str) -> None:
    with pytest.raises(ProofRefused):
        open_note(note, OURS)


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_a_note_with_any_byte_changed_is_refused(at: int, add: int) -> None:
    raw = bytearray(NOTE.encode())
    raw[at] = (raw[at] + add) % 256
    with pytest.raises((ProofRefused, UnicodeDecodeError)):
        open_checkpoint(bytes(raw).decode(), OURS)


@pytest.mark.parametrize(
    ("text", "name"),
    [("no newline", NAME), ("", NAME), ("tab\t\n", NAME), ("x\r\n", NAME), ("x\n", ""), ("x\n", "a b"), ("x\n", "a+b")],
)
def test_what_nobody_could_read_is_not_signed(text: str, name: str) -> None:
    with pytest.raises(ValueError, match=r"is no (name of a key|text that a note)"):
        sign_note(text, name, SIGNER)


def test_base_64_has_one_form() -> None:
    assert decode("AAE=") == b"\x00\x01"
    for other in ("AAE", "AAF=", "AA E=", "AAE=\n", "AAE_", "A==="):  # AAF= has a bit behind the end
        with pytest.raises(ValueError):
            decode(other)


@given(st.integers(0, 2**62), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_is_read_as_it_is_written(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(NAME, size, root)
    assert checkpoint.text() == f"{NAME}\n{size}\n{b64(root)}\n"
    assert open_checkpoint(checkpoint.sign(SIGNER), OURS) == checkpoint


def test_extension_lines_of_a_checkpoint_are_signed_and_let_through() -> None:
    text = CHECKPOINT.text() + "an extension\nanother one\n"
    assert open_checkpoint(sign_note(text, NAME, SIGNER), OURS) == CHECKPOINT


@pytest.mark.parametrize(
    "text",
    [
        f"\n1\n{b64(ROOT)}\n",
        f"{NAME}\n01\n{b64(ROOT)}\n",
        f"{NAME}\n-1\n{b64(ROOT)}\n",
        f"{NAME}\n+1\n{b64(ROOT)}\n",
        f"{NAME}\n1.0\n{b64(ROOT)}\n",
        f"{NAME}\n\u0661\n{b64(ROOT)}\n",
        f"{NAME}\n{'9' * 20}\n{b64(ROOT)}\n",
        f"{NAME}\n\n{b64(ROOT)}\n",
        f"{NAME}\n1\n{b64(ROOT[:31])}\n",
        f"{NAME}\n1\n{b64(ROOT)} \n",
        f"{NAME}\n1\n",
        f"{NAME}\n1\n{b64(ROOT)}\n\nextension after a gap\n",
        "\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ProofRefused):
        open_checkpoint(sign_note(text, NAME, SIGNER), OURS)


def test_a_checkpoint_of_another_origin_under_our_key_is_refused() -> None:
    """The same key signs the logs of all years: a checkpoint of one is none of another."""
    other = Checkpoint("hospital.example/ledger/2025", 5, ROOT)
    with pytest.raises(ProofRefused, match="is of hospital"):
        open_checkpoint(sign_note(other.text(), NAME, SIGNER), OURS)


VKEY = OURS.vkey()


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "+",
        "a+b",
        VKEY.replace("+", "-"),
        VKEY[:-1],
        VKEY + "A",
        VKEY.replace(NAME, "other.example"),
        VKEY.replace(NAME, "two words"),
        VKEY.upper(),
        VKEY.replace(VKEY.split("+")[1], VKEY.split("+")[1].upper()) + " x",
        f"{NAME}+{hashlib.sha256(NAME.encode()).hexdigest()[:8]}+{VKEY.split('+', 2)[2]}",
        f"{NAME}+00000000+{b64(bytes([4]) + OURS.public)}",  # a cosignature's type
        f"{NAME}+00000000+{b64(bytes([1]) + OURS.public[:31])}",
    ],
)
def test_what_is_no_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(ProofRefused):
        Verifier.parse(vkey)


def test_white_space_around_a_verifier_key_does_not_matter() -> None:
    assert Verifier.parse(f"  {VKEY}\n") == OURS
