# SPDX-License-Identifier: Apache-2.0
"""Overlapping exports merge as sets of events, and as multisets of records where a source has no ids."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stored import DAY_US, NOON_US, Kept, Set, batch, many, row
from wardkeep.watch.store import intake as intake_module
from wardkeep.watch.store import known as known_module
from wardkeep.watch.store.dedup import Events, Hasher, occurrences

ONCE = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
RECORD = st.integers(0, 3)
#: Files of records without ids, each cut into batches.
FILES = st.lists(st.lists(st.lists(RECORD, max_size=4), max_size=3), min_size=1, max_size=4)


@ONCE
@given(FILES)
def test_files_without_ids_merge_as_multisets(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[list[int]]]
) -> None:
    kept = Kept(tmp_path_factory.mktemp("kept"))
    model: Counter[int] = Counter()
    for file in files:
        inside = Counter(record for piece in file for record in piece)
        merged = model | inside
        report = kept.take_in(
            *(batch(row(None, resource=f"r{n}", time=NOON_US + n, raw=b"%d" % n) for n in piece) for piece in file)
        )
        assert report.read == report.accepted + report.duplicates == sum(inside.values())
        assert report.accepted == sum((merged - model).values())
        model = merged
    stored = kept.ask("SELECT resource, count(*), count(DISTINCT event_id) FROM events GROUP BY 1")
    assert {name: (count, ids) for name, count, ids in stored} == {f"r{n}": (c, c) for n, c in model.items()}


@ONCE
@given(st.lists(st.lists(st.tuples(st.integers(0, 4), st.sampled_from("AB")), max_size=6), min_size=1, max_size=4))
def test_the_first_content_of_an_id_stands_and_others_are_set_aside(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[int, str]]]
) -> None:
    kept = Kept(tmp_path_factory.mktemp("kept"))
    model: dict[int, str] = {}
    contradicting: set[tuple[int, str]] = set()
    for number, file in enumerate(files):
        expected = Counter[str]()
        for n, account in file:
            if n not in model:
                model[n] = account
                expected["accepted"] += 1
            elif model[n] == account:
                expected["duplicates"] += 1
            else:
                contradicting.add((n, account))
                expected["conflicts"] += 1
        # Where it stood and which file it came from is no difference.
        rows = [
            row(f"e{n}", account=account, position=f"{number}.{i}", source=f"{number}.csv")
            for i, (n, account) in enumerate(file)
        ]
        report = kept.take_in(batch(rows))
        found = {name: getattr(report, name) for name in ("accepted", "duplicates", "conflicts")}
        assert found == {name: expected[name] for name in found}
        assert report.quarantined == report.conflicts
    assert dict(kept.ask("SELECT event_id, account FROM events")) == {f"e{n}": a for n, a in model.items()}
    assert len(kept.pieces()) == len(contradicting)


@given(st.lists(st.integers(0, 5), max_size=30), st.lists(st.integers(0, 5), max_size=30))
def test_occurrences_count_on_from_what_was_before(before: list[int], now: list[int]) -> None:
    counted = Counter(before)
    expected = []
    for value in now:
        expected.append(counted[value])
        counted[value] += 1
    seen = np.array([Counter(before)[value] for value in now], dtype=np.int64)
    assert occurrences(np.array(now, dtype=np.uint64), seen).tolist() == expected


def test_an_id_that_two_systems_use_names_two_events(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(batch([row("1"), row("2")]))
    report = kept.take_in(batch([row("1", system="his"), row("3", system="his")]))
    assert (report.accepted, report.conflicts) == (2, 0)
    names = [name for (name,) in kept.ask("SELECT name FROM events ORDER BY 1")]
    assert names == ["2", "3", "emr:1", "his:1"]
    # Also where the other one is outside the span that is asked for.
    assert kept.ask("SELECT count(*) FROM events", to_us=NOON_US) == [(0,)]


def test_an_id_that_two_systems_use_in_one_batch_is_noticed(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(batch([row("1"), row("1", system="his")]))
    assert kept.ask("SELECT name FROM events ORDER BY 1") == [("emr:1",), ("his:1",)]


def test_an_event_with_several_patients_is_one_record(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    parts = [row("e", patient_id=p, part=i) for i, p in enumerate(("P1", "P2", "P3"))]
    report = kept.take_in(batch([*parts, row("f")]))
    assert (report.read, report.accepted, report.sealed) == (2, 2, 4)
    assert kept.take_in(batch(parts)).duplicates == 1
    fewer = kept.take_in(batch(parts[:2]))
    assert (fewer.duplicates, fewer.conflicts) == (0, 1)
    more = kept.take_in(batch([*parts, row("e", patient_id="P4", part=3)]))
    assert (more.duplicates, more.conflicts) == (0, 1)
    assert [piece.reason for piece in kept.pieces()] == ["conflict: the event is known, and differs in patients"] * 2


def test_a_repetition_in_another_format_is_one_though_its_extras_differ(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(batch([row("e", extra='{"a":1}')]))
    other = kept.take_in(batch([row("e", extra='{"b":2}', format="fhir-r4", time_quality="zone")]))
    assert (other.duplicates, other.conflicts) == (1, 0)
    same = kept.take_in(batch([row("e", extra='{"b":2}')]))
    assert (same.duplicates, same.conflicts) == (0, 1)


def test_one_record_that_a_newer_reader_reads_more_from_is_no_contradiction(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(
        batch([row(f"e{n}", extra='{"a":1}', raw=b"record %d" % n, time=NOON_US + n * DAY_US) for n in range(9)])
    )
    newer = [row(f"e{n}", extra='{"a":1,"b":2}', raw=b"record %d" % n, time=NOON_US + n * DAY_US) for n in range(9)]
    again = kept.take_in(batch(newer))
    assert (again.duplicates, again.conflicts) == (9, 0)
    changed = kept.take_in(batch([row("e0", account="other", raw=b"record 0")]))
    assert changed.conflicts == 1


def test_the_same_pieces_are_set_aside_once_and_counted_each_time(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    file = batch([row("e")], [Set(raw=b"{"), Set(raw=b"[", position="8")])
    for accepted in (1, 0):
        report = kept.take_in(file)
        assert (report.read, report.accepted, report.quarantined) == (3, accepted, 2)
    assert [piece.raw for piece in kept.pieces()] == [b"{", b"["]


@pytest.mark.parametrize("few", [0, 5000])
def test_a_repetition_over_many_batches_and_days_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(intake_module, "FLUSH", 100)
    monkeypatch.setattr(known_module, "FEW", few)  # with all keys in memory, and without
    monkeypatch.setattr(known_module, "PASSES", 1000)
    kept = Kept(tmp_path)
    whole = many(1000, days=5)
    pieces = [batch(whole.events.slice(at, 50).to_pylist()) for at in range(0, 1000, 50)]
    assert kept.take_in(*pieces[:12]).accepted == 600
    report = kept.take_in(*pieces)
    assert (report.accepted, report.duplicates, report.sealed) == (400, 600, 400)
    assert kept.ask("SELECT count(*), count(DISTINCT event_id), count(DISTINCT day) FROM events") == [(1000, 1000, 6)]


def test_an_event_whose_time_changed_is_a_contradiction_though_it_is_of_another_day(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(batch([row("e"), row("f", time=NOON_US + DAY_US)]))
    report = kept.take_in(batch([row("e", time=NOON_US + DAY_US)]))
    assert report.conflicts == 1
    assert kept.pieces()[0].reason.endswith("differs in time")


def test_a_hash_that_two_keys_share_costs_no_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Hasher.events
    monkeypatch.setattr(Hasher, "events", lambda self, rows: _with_few_keys(whole(self, rows)))
    kept = Kept(tmp_path)
    events = [row(f"e{n}", resource=f"r{n}") for n in range(10)]
    for one in events:
        assert kept.take_in(batch([one])).accepted == 1
    assert kept.take_in(batch(events)).duplicates == 10


def _with_few_keys(events: Events) -> Events:
    return replace(events, keys=events.keys % np.uint64(2))
