# SPDX-License-Identifier: Apache-2.0
"""Signatures with SM2: the standard's own example, OpenSSL beside ours, and everything else refused."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.ledger.test_witness import LOG
from wardkeep.ledger.errors import LedgerUnavailable, ProofRefused
from wardkeep.ledger.note import Checkpoint, Verifier, open_note, read_note, write_vkey
from wardkeep.ledger.sm2 import KIND, TYPE, Sm2Key, Sm2Verifier, read_pem, write_pem

pytest.importorskip("tongsuopy.crypto", reason="no library for SM2 here")

CHECKPOINT = Checkpoint("hospital.example/ledger/2026", 1_234, bytes(range(32)))
TEXT = CHECKPOINT.text()
KEY = Sm2Key(bytes(range(32)))
VERIFIER = Sm2Verifier(CHECKPOINT.origin, KEY.public)


def signature(note: str) -> bytes:
    (one,) = read_note(note)[1]
    return one.raw


def openssl(folder: Path, *words: str) -> int:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to compare with")
    how = ("-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678")
    return subprocess.run(["openssl", "pkeyutl", *words, *how], cwd=folder, capture_output=True, check=False).returncode


def test_the_example_of_the_standard_holds() -> None:
    """GB/T 32918.5-2017, appendix A.2."""
    public = bytes.fromhex(
        "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
        "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
    )
    r = "00f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    s = "00b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
    raw = bytes.fromhex(f"3046022100{r[2:]}022100{s[2:]}")
    assert Sm2Verifier("x", public).holds("message digest", raw)
    assert not Sm2Verifier("x", public).holds("message digesT", raw)


def test_a_note_is_signed_under_the_name_of_its_log_and_read_back() -> None:
    note = KEY.sign(TEXT)
    assert VERIFIER.open(note) == TEXT
    assert Sm2Verifier.parse(VERIFIER.vkey()) == VERIFIER
    assert Sm2Key(bytes(range(32))).public == KEY.public != Sm2Key(bytes(32)).public


def test_openssl_takes_ours_and_we_take_what_openssl_signed(tmp_path: Path) -> None:
    from tongsuopy.crypto import serialization as forms

    (tmp_path / "text").write_text(TEXT)
    (tmp_path / "ours").write_bytes(signature(KEY.sign(TEXT)))
    (tmp_path / "key.pem").write_text(write_pem(KEY.public))
    assert openssl(tmp_path, "-verify", "-in", "text", "-sigfile", "ours", "-pubin", "-inkey", "key.pem") == 0
    private = KEY._key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    (tmp_path / "private.pem").write_bytes(private)
    assert openssl(tmp_path, "-sign", "-in", "text", "-out", "theirs", "-inkey", "private.pem") == 0
    assert VERIFIER.holds(TEXT, (tmp_path / "theirs").read_bytes())


def test_no_change_of_a_signature_a_text_or_a_key_is_accepted() -> None:
    raw, dice = signature(KEY.sign(TEXT)), random.Random(7)
    for _ in range(400):
        changed = bytearray(raw)
        changed[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        assert not VERIFIER.holds(TEXT, bytes(changed))
        assert not VERIFIER.holds(TEXT, raw[: dice.randrange(len(raw))])
        at = dice.randrange(len(TEXT))
        assert not VERIFIER.holds(TEXT[:at] + chr(ord(TEXT[at]) ^ 1) + TEXT[at + 1 :], raw)
    for other in (b"", b"\0", raw + b"\0", b"\x30\x80" + raw[2:] + b"\0\0"):
        assert not VERIFIER.holds(TEXT, other)
    assert not Sm2Verifier(VERIFIER.name, Sm2Key(bytes(32)).public).holds(TEXT, raw)
    assert not Sm2Verifier(VERIFIER.name, b"\x04" + bytes(64)).holds(TEXT, raw)  # a point that is on no curve


def test_a_note_of_another_key_or_another_kind_is_none_of_ours() -> None:
    for note in (Sm2Key(bytes(32)).sign(TEXT), CHECKPOINT.sign(LOG), KEY.sign(TEXT.replace("hospital", "other"))):
        with pytest.raises(ProofRefused):
            VERIFIER.open(note)
    log = Verifier.of(CHECKPOINT.origin, LOG)
    line = KEY.sign(TEXT).rpartition("\n\n")[2]
    assert open_note(CHECKPOINT.sign(LOG) + line, log) == TEXT  # whoever does not know the type passes over it


@pytest.mark.parametrize(
    "vkey",
    [
        Verifier.of("x", LOG).vkey(),
        write_vkey("x", TYPE, KEY.public),
        write_vkey("x", TYPE, KIND + KEY.public[:-1]),
        write_vkey("x", TYPE, KIND + b"\x03" + KEY.public[1:]),
        write_vkey("x", b"\x01", KIND + KEY.public),
        VERIFIER.vkey().replace("hospital", "other"),
    ],
)
def test_what_is_no_key_of_this_kind_is_refused(vkey: str) -> None:
    with pytest.raises(ProofRefused):
        Sm2Verifier.parse(vkey)


def test_a_public_key_is_read_as_it_was_written_and_not_otherwise() -> None:
    pem = write_pem(KEY.public)
    assert read_pem(pem) == KEY.public
    for wrong in ("", "x", pem[:-1], pem + "\n", pem.replace("PUBLIC", "PRIVATE"), pem.replace("MFkw", "MFkx")):
        with pytest.raises(ProofRefused):
            read_pem(wrong)


def test_without_the_library_a_key_is_read_and_nothing_is_signed_or_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    note = KEY.sign(TEXT)
    monkeypatch.setitem(sys.modules, "tongsuopy.crypto", None)
    assert Sm2Verifier.parse(VERIFIER.vkey()) == VERIFIER and read_pem(write_pem(KEY.public)) == KEY.public
    for use in (lambda: Sm2Key(bytes(32)), lambda: VERIFIER.open(note)):
        with pytest.raises(LedgerUnavailable, match="not installed") as told:
            use()
        assert "wardkeep[sm]" in told.value.hint
