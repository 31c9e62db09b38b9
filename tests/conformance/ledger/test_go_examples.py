# SPDX-License-Identifier: Apache-2.0
"""The examples of the Go team's package golang.org/x/mod/sumdb/note (note_test.go, example_test.go): keys and notes as data."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardkeep.ledger.errors import ProofRefused
from wardkeep.ledger.note import Verifier, open_note, sign_note

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
BY_PETER = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
BY_ENOCH = (
    "\u2014 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)


def test_the_note_is_signed_as_go_signs_it() -> None:
    seed = base64.b64decode(PETERS_SECRET)[1:]
    assert sign_note(TEXT, "PeterNeumann", Ed25519PrivateKey.from_private_bytes(seed)) == f"{TEXT}\n{BY_PETER}"


@pytest.mark.parametrize("vkey", [PETER, ENOCH])
@pytest.mark.parametrize("lines", [BY_PETER + BY_ENOCH, BY_ENOCH + BY_PETER])
def test_a_note_with_two_signatures_opens_under_either_key(vkey: str, lines: str) -> None:
    assert open_note(f"{TEXT}\n{lines}", Verifier.parse(vkey)) == TEXT


@pytest.mark.parametrize(
    "note",
    [
        f"{TEXT}\n{BY_ENOCH}",  # by another alone
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}\n{BY_PETER[:-1]}",
        f"{TEXT}\n{BY_PETER}\n",
        f"{TEXT}\x01\n{BY_PETER}",
        f"{TEXT}\n{BY_PETER.replace('PeterNeumann', 'Peter+Neumann')}",
        f"{TEXT}\n{BY_PETER.replace('x08', 'x09')}",
        f"{TEXT}\n{BY_PETER.replace('JnAM=', 'JnAM')}",
        f"{TEXT}\n{BY_PETER.replace('go/Z', 'go/A')}",
    ],
)
def test_what_go_refuses_is_refused(note: str) -> None:
    with pytest.raises(ProofRefused):
        open_note(note, Verifier.parse(PETER))


@pytest.mark.parametrize(
    "vkey",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        *(PETER[:cut] for cut in range(len(PETER))),
        *(PETER[:at] + chr(ord(PETER[at]) + 1) + PETER[at + 1 :] for at in range(len(PETER))),
    ],
)
def test_a_key_that_go_refuses_is_refused(vkey: str) -> None:
    with pytest.raises(ProofRefused):
        Verifier.parse(vkey)
