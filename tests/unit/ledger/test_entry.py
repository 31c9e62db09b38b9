# SPDX-License-Identifier: Apache-2.0
"""The two kinds of leaf have one form each, and an index one way to be written."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.ledger import (
    EVENT_LEAF_SIZE,
    EntryTooLarge,
    UnknownEntry,
    act_leaf,
    event_leaf,
    format_index,
    is_act,
    parse_index,
)
from wardkeep.ledger.entry import MAX_NUMBER, Receipt

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
key = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=6)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_NUMBER, MAX_NUMBER) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(key, inner, max_size=4),
    max_leaves=12,
)


def canonical(value: Any) -> str:
    """RFC 8785 for what an act may hold, written another way than with json's own options."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda k: k.encode("utf-16-be"))  # as the RFC sorts
        return "{" + ",".join(canonical(k) + ":" + canonical(value[k]) for k in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    short = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
    return '"' + "".join(short.get(c, f"\\u{ord(c):04x}" if c < " " else c) for c in value) + '"'


@given(st.dictionaries(key, plain, max_size=6))
def test_an_act_is_the_canonical_json_of_rfc_8785(act: dict[str, object]) -> None:
    body = act_leaf(act)
    assert body.decode() == canonical(act)
    assert json.loads(body) == act
    assert is_act(body)


def test_the_order_in_which_an_act_was_said_does_not_matter() -> None:
    assert act_leaf({"b": [1, {"z": None, "a": True}], "a": "é"}) == b'{"a":"\xc3\xa9","b":[1,{"a":true,"z":null}]}'


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (0.5, "act.x is a float"),
        (1.0, "act.x is a float"),
        (math.nan, "act.x is a float"),
        ([1, [2.5]], r"act\.x\[1\]\[0\] is a float"),
        ({"y": 1e300}, "act.x.y is a float"),
        (MAX_NUMBER + 1, "2\\^53"),
        (-MAX_NUMBER - 1, "2\\^53"),
        (b"raw", "act.x is a bytes"),
        ({1: 2}, "no text"),
        ({"\U0001f600": 1}, "sort"),  # UTF-16 and code points order it differently
        ("\ud800", "surrogates"),
    ],
)
def test_what_json_has_no_one_form_for_is_refused(value: object, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        act_leaf({"x": value})


def test_an_act_fits_an_entry_or_is_refused() -> None:
    frame = len(act_leaf({"x": ""}))
    assert len(act_leaf({"x": "a" * (65_535 - frame)})) == 65_535
    with pytest.raises(EntryTooLarge, match="65,536"):
        act_leaf({"x": "a" * (65_536 - frame)})
    with pytest.raises(EntryTooLarge):
        act_leaf({"x": "医" * 30_000})  # bytes count, not letters


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=200))
def test_an_event_commits_to_its_salt_and_row(salt: bytes, row: bytes) -> None:
    leaf = event_leaf(salt, row)
    assert leaf == b"\x01" + hashlib.sha256(salt + row).digest()
    assert len(leaf) == EVENT_LEAF_SIZE
    assert not is_act(leaf)


@pytest.mark.parametrize("size", [0, 15, 17, 32])
def test_a_salt_of_another_size_is_refused(size: int) -> None:
    """With salts of any length the boundary between salt and row could be moved."""
    with pytest.raises(ValueError, match="16 bytes"):
        event_leaf(bytes(size), b"row")


@given(st.integers(2000, 9999), st.integers(0, 10**15 - 1))
def test_an_index_is_read_as_it_is_written(year: int, n: int) -> None:
    assert parse_index(format_index(str(year), n), current="1999") == (str(year), n)
    assert parse_index(str(n), current="1999") == ("1999", n)


@pytest.mark.parametrize(
    "words", ["", ":", "2026:", ":5", "-1", "2026:-1", "a:1", "1:2:3", "2026:1.0", " 1", "2026: 1", "²", "٣", "9" * 16]
)
def test_what_is_no_index_is_refused(words: str) -> None:
    with pytest.raises(UnknownEntry, match="is no index"):
        parse_index(words, current="2026")


def test_a_receipt_counts_both_ends() -> None:
    assert Receipt("2026", 5, 5).count == 1
    assert Receipt("2026", 5, 9).count == 5
