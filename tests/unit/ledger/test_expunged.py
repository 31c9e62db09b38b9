# SPDX-License-Identifier: Apache-2.0
"""An act allows exactly the entries that it names to be gone; what is left of a damaged bundle is found again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.ledger import act_leaf
from wardkeep.ledger.expunged import EXPUNGE, Expunged, entries_of
from wardkeep.ledger.salvage import read_entries
from wardkeep.ledger.tiles import pack_bundle
from wardkeep.ledger.tree import leaf_hashes

ranges = st.lists(st.tuples(st.sampled_from(["2025", "2026"]), st.integers(0, 40), st.integers(0, 40)), max_size=6)


@given(st.lists(ranges, max_size=3))
def test_what_any_act_names_is_allowed_and_nothing_else(acts: list[list[tuple[str, int, int]]]) -> None:
    allowed = Expunged(act_leaf({"act": EXPUNGE, "facts": {"entries": [list(r) for r in act]}}) for act in acts)
    for log in ("2024", "2025", "2026"):
        for n in range(42):
            named = any(log == name and first <= n <= last for act in acts for name, first, last in act)
            assert allowed.allows(log, n) == named, (log, n)


def test_ranges_may_stand_beside_the_facts_too() -> None:
    assert entries_of(act_leaf({"act": EXPUNGE, "entries": [["2026", 1, 2]]})) == [("2026", 1, 2)]


@pytest.mark.parametrize(
    "act",
    [
        {"act": "case:outcome:set", "facts": {"entries": [["2026", 0, 99]]}},
        {"act": EXPUNGE},
        {"act": EXPUNGE, "facts": {"entries": "2026"}},
        {"act": EXPUNGE, "facts": {"entries": [["2026", 0]]}},
        {"act": EXPUNGE, "facts": {"entries": [["2026", "x", 5]]}},
        {"act": EXPUNGE, "facts": []},
        {"facts": {"entries": [["2026", 0, 99]]}},
        [EXPUNGE],
    ],
)
def test_what_is_no_such_act_allows_nothing(act: object) -> None:
    assert entries_of(json.dumps(act).encode()) == []


def test_an_event_that_holds_the_marker_by_chance_allows_nothing() -> None:
    assert entries_of(b"\x01" + EXPUNGE.encode()) == []


bundle = st.lists(st.binary(min_size=1, max_size=12), min_size=1, max_size=8)


@given(bundle)
def test_a_whole_bundle_is_read_as_it_is(bodies: list[bytes]) -> None:
    assert read_entries(pack_bundle(bodies), leaf_hashes(bodies)) == (bodies, [])


@given(bundle, st.data())
def test_an_entry_whose_length_is_wrong_is_found_by_its_hash(bodies: list[bytes], data: st.DataObject) -> None:
    """Only the length was changed: the entry and all its neighbours are read as they were."""
    hurt = data.draw(st.integers(0, len(bodies) - 1))
    at = sum(2 + len(body) for body in bodies[:hurt])
    raw = bytearray(pack_bundle(bodies))
    raw[at : at + 2] = data.draw(st.integers(len(raw), 65_535)).to_bytes(2, "big")
    found, wrong = read_entries(bytes(raw), leaf_hashes(bodies))
    assert (found, wrong) == (bodies, [hurt])


@given(bundle, st.binary(max_size=80))
def test_whatever_lies_there_reading_gives_one_answer_an_entry(bodies: list[bytes], raw: bytes) -> None:
    found, wrong = read_entries(raw, leaf_hashes(bodies))
    assert len(found) == len(bodies)
    assert set(wrong) <= set(range(len(bodies)))
