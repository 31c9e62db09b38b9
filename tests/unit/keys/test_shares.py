# SPDX-License-Identifier: Apache-2.0
"""Recovery shares: enough of one set give the key back, whatever a tired person does to the rest is told to him."""

from __future__ import annotations

import itertools
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.keys import ShareError
from wardkeep.keys.shares import _div, _mul, join, split

KEY = os.urandom(32)


@given(st.binary(min_size=1, max_size=40), st.integers(2, 5), st.integers(0, 3), st.randoms())
def test_any_threshold_of_shares_gives_the_secret(secret: bytes, threshold: int, more: int, dice: object) -> None:
    texts = split(secret, threshold=threshold, shares=threshold + more)
    dice.shuffle(texts)  # type: ignore[attr-defined]
    assert join(texts[:threshold]) == secret
    assert join(texts) == secret


def test_every_pair_of_three_shares_opens_and_one_does_not() -> None:
    texts = split(KEY, threshold=2, shares=3)
    assert {join(pair) for pair in itertools.combinations(texts, 2)} == {KEY}
    for one in texts:
        with pytest.raises(ShareError, match="1 different shares given, 2 needed"):
            join([one, one])
    with pytest.raises(ShareError, match="no recovery share"):
        join([])


def test_a_share_is_written_for_people() -> None:
    text = split(KEY, threshold=2, shares=3)[1]
    head, groups = text.split("-")[:4], text.split("-")[4:]
    assert head[:3] == ["WK1", "2", "2"]
    assert [len(group) for group in groups] == [4] * 16


def test_how_a_share_is_copied_does_not_matter() -> None:
    one, two, _ = split(KEY, threshold=2, shares=3)
    # O, I and B are read where a person wrote 0, 1 and 8; the head keeps its digits.
    head, body = one.split("-")[:4], "-".join(one.split("-")[4:])
    misread = "-".join(head) + "-" + body.translate(str.maketrans("OIB", "018"))
    assert join([misread.lower(), two.replace("-", " - ") + "\n"]) == KEY


def test_each_mistyped_character_is_found() -> None:
    one, two, _ = split(KEY, threshold=2, shares=3)
    for at, character in enumerate(one):
        for wrong in {"A", "Z", "7"} - {character.upper()}:
            with pytest.raises(ShareError):
                join([one[:at] + wrong + one[at + 1 :], two])


def test_shares_of_two_sets_are_refused() -> None:
    ours, theirs = split(KEY, threshold=2, shares=3), split(KEY, threshold=2, shares=3)
    with pytest.raises(ShareError, match=r"different sets|give no key"):
        join([ours[0], theirs[1]])


def test_shares_of_two_sets_with_one_mark_give_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    urandom = os.urandom
    monkeypatch.setattr(os, "urandom", lambda n: bytes(2) if n == 2 else urandom(n))
    ours, theirs = split(KEY, threshold=2, shares=3), split(urandom(32), threshold=2, shares=3)
    with pytest.raises(ShareError, match="give no key"):
        join([ours[0], theirs[1]])


@pytest.mark.parametrize(("threshold", "shares"), [(1, 3), (4, 3), (2, 17), (0, 0)])
def test_a_threshold_that_protects_nothing_is_refused(threshold: int, shares: int) -> None:
    with pytest.raises(ShareError):
        split(KEY, threshold=threshold, shares=shares)


@given(st.integers(1, 255), st.integers(1, 255), st.integers(0, 255))
def test_the_field_is_that_of_aes(a: int, b: int, c: int) -> None:
    """GF(256) modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197, section 4.2), multiplied bit by bit."""

    def slowly(x: int, y: int) -> int:
        product = 0
        while y:
            product ^= x if y & 1 else 0
            x = (x << 1) ^ (0x11B if x & 0x80 else 0)
            y >>= 1
        return product

    assert _mul(a, b) == slowly(a, b)
    assert _div(_mul(a, b), b) == a
    assert _mul(c, a ^ b) == _mul(c, a) ^ _mul(c, b)


def test_one_share_says_nothing_about_the_secret() -> None:
    """Over many sets each byte of one share takes every value, whatever the secret is."""
    for secret in (bytes(1), b"\xff"):
        seen = {split(secret, threshold=2, shares=2)[0].split("-", 4)[4] for _ in range(3000)}
        assert len(seen) > 2900
