# SPDX-License-Identifier: Apache-2.0
"""Names that a ledger may have, and the one that it takes of itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ledger.test_witness import LOG
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint, sign_note
from wardkeep.ledger.origin import LONGEST, is_origin, own_origin
from wardkeep.ledger.second import message


@pytest.mark.parametrize(
    "name", ["a", "hospital.example", "hospital.example/ledger", "h-1.example:8443/a/b_c~d.e", "x" * LONGEST]
)
def test_a_url_without_a_scheme_is_a_name(name: str) -> None:
    assert is_origin(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "https://hospital.example",
        "hospital.example/",
        "/ledger",
        "a//b",
        "a b",
        "a\u3000b",
        "a+b",
        "a\n",
        "\n",
        "\u533b\u9662.example",  # letters that look alike are not the same
        "-a",
        "a/b?c",
        "a#b",
        "user@host",
        "x" * (LONGEST + 1),
    ],
)
def test_what_is_none_is_no_name(name: str) -> None:
    assert not is_origin(name)


@given(st.from_regex(r"[a-z0-9][a-z0-9.-]{0,60}[a-z0-9](:[0-9]{1,5})?(/[A-Za-z0-9._~-]{1,30}){0,4}", fullmatch=True))
def test_whatever_is_a_name_can_sign_and_be_read_back(name: str) -> None:
    assert is_origin(name)
    checkpoint = Checkpoint(f"{name}/2026", 1, bytes(32))
    verifier = Verifier.parse(Verifier.of(checkpoint.origin, LOG).vkey())
    assert open_checkpoint(sign_note(checkpoint.text(), checkpoint.origin, LOG), verifier) == checkpoint
    message(checkpoint.origin, checkpoint)


def test_the_name_out_of_a_key_is_one_that_a_ledger_may_have_and_differs_with_the_key() -> None:
    names = {own_origin("hospital", bytes([n]) * 32) for n in range(50)}
    assert len(names) == 50 and all(map(is_origin, names))
