# SPDX-License-Identifier: Apache-2.0
"""The index of keys: what is in it is found, what is not is not, and a damaged one is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.watch.store import StoreDamaged
from wardkeep.watch.store.keyindex import Hashes, HashSet, SegmentKeys, hash_texts, within

SMALL = st.lists(st.integers(0, 9), max_size=12)
KEY = b"k" * 32


def hashes(values: list[int]) -> Hashes:
    return np.array(values, dtype=np.uint64)


def index_of(keys: list[int]) -> SegmentKeys:
    return SegmentKeys.of(
        keys=hashes(keys),
        rows=np.arange(len(keys)) * 2,
        contents=hashes(keys) * np.uint64(10),
        names=hashes([1, 1, 2]),
        patients=hashes([7, 3]),
        accounts=hashes([5]),
    )


@given(st.lists(SMALL, max_size=40), SMALL)
def test_a_growing_set_counts_as_a_counter_does(runs: list[list[int]], asked: list[int]) -> None:
    found, model = HashSet([hashes(runs[0])] if runs else []), Counter(runs[0] if runs else [])
    for run in runs[1:]:
        found.add(hashes(run))
        model.update(run)
    assert found.counts(hashes(asked)).tolist() == [model[value] for value in asked]
    assert found.has(hashes(asked)).tolist() == [value in model for value in asked]
    assert len(found) == model.total()


@given(SMALL, SMALL)
def test_a_sorted_array_says_what_is_in_it(known: list[int], asked: list[int]) -> None:
    assert within(hashes(sorted(known)), hashes(asked)).tolist() == [value in known for value in asked]


@given(SMALL, SMALL)
def test_every_occurrence_of_a_key_is_found_with_its_row_and_content(keys: list[int], asked: list[int]) -> None:
    index = index_of(keys)
    which, where = index.find(hashes(asked))
    found = sorted(zip(which.tolist(), index.rows[where].tolist(), index.contents[where].tolist(), strict=True))
    expected = [(i, 2 * row, 10 * key) for i, key in enumerate(asked) for row, known in enumerate(keys) if known == key]
    assert found == sorted(expected)


@given(SMALL)
def test_an_index_comes_back_from_its_bytes(keys: list[int]) -> None:
    index = index_of(keys)
    again = SegmentKeys.unpack(index.pack(), "x.keys")
    for name in SegmentKeys.__slots__:
        assert np.array_equal(getattr(again, name), getattr(index, name))


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "cut in its head": lambda raw: raw[:10],
    "another kind": lambda raw: b"X" + raw[1:],
    "cut": lambda raw: raw[:-1],
    "longer": lambda raw: raw + b"x",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_damaged_index_is_named(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(StoreDamaged, match=r"x\.keys"):
        SegmentKeys.unpack(change(index_of([1, 2]).pack()), "x.keys")


@pytest.mark.parametrize(
    "patients, accounts, named",
    [
        ([3], None, True),
        ([4], None, False),
        (None, [5], True),
        ([3], [6], False),
        ([4, 7], [5], True),
        ([], None, False),
    ],
)
def test_an_index_says_whom_its_segment_may_name(
    patients: list[int] | None, accounts: list[int] | None, named: bool
) -> None:
    asked = [None if words is None else hashes(words) for words in (patients, accounts)]
    assert index_of([1]).names_any(*asked) is named


def test_hashes_depend_on_the_key() -> None:
    assert hash_texts([b"a"], key=KEY).tolist() != hash_texts([b"a"], key=b"j" * 32).tolist()
    assert len(hash_texts([], key=KEY)) == 0
