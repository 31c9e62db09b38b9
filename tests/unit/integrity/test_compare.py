# SPDX-License-Identifier: Apache-2.0
"""What was sealed of records, held against what a source says now."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wardkeep.watch.integrity import (
    Problem,
    Stage,
    Version,
    admit,
    admit_told,
    compare,
    content_of,
    digest_of,
    spans,
)

HOUR = 3600 * 1_000_000


def version(
    record: str, content: str = "a", *, at: int = 0, system: str = "EMR", stage: Stage = Stage.SIGNED
) -> Version:
    digest = digest_of(system, record, content_of(content))
    return Version(
        system=system,
        record=record,
        kind="document",
        patient="p1",
        stage=stage,
        time_us=at * HOUR,
        by="d1",
        digest=digest,
    )


SEALED = [version("r1", at=1), version("r2", at=2), version("r2", "b", at=3, stage=Stage.CHANGED), version("r3", at=9)]
NOW = [version("r1", at=1), version("r2", "b", at=3), version("r3", at=9)]


def problems(found: list[Version], *, whole: bool = True) -> list[tuple[str, Problem]]:
    return [(d.record, d.problem) for d in compare(SEALED, found, whole=whole).differences]


def test_what_is_as_it_was_sealed_is_intact() -> None:
    done = compare(SEALED, NOW, whole=True)
    assert (done.compared, done.intact, done.new, done.differences) == (3, 3, 0, ())


@pytest.mark.parametrize(
    "found, expected",
    [
        ([version("r1", "x", at=1), *NOW[1:]], [("r1", Problem.CHANGED)]),
        ([version("r1", "x", at=8), *NOW[1:]], [("r1", Problem.CHANGED)]),
        ([NOW[0], version("r2", "a", at=2), NOW[2]], [("r2", Problem.REVERTED)]),
        (NOW[:2], [("r3", Problem.MISSING)]),
        ([*NOW, version("r4", at=5)], [("r4", Problem.BACK_DATED)]),
        ([*NOW, version("r4", at=10)], []),  # newer than all that is sealed
        ([*NOW, version("r4", at=0)], []),  # from before sealing began
        ([*NOW, version("r4", at=9)], []),  # just signed: its turn may come
        ([*NOW, version("r4", at=5, stage=Stage.WITHDRAWN)], []),
        ([*NOW, version("x1", at=5, system="LIS")], []),  # nothing of that system is sealed
    ],
)
def test_each_difference_is_named(found: list[Version], expected: list[tuple[str, Problem]]) -> None:
    assert problems(found) == expected


def test_what_is_absent_from_a_part_is_not_missing() -> None:
    assert problems(NOW[:1], whole=False) == []


def test_a_record_that_was_withdrawn_need_not_be_there() -> None:
    gone = replace(SEALED[3], stage=Stage.WITHDRAWN, time_us=10 * HOUR)
    assert compare([*SEALED, gone], NOW[:2], whole=True).differences == ()


def test_a_sample_looks_for_so_many_and_depends_on_its_seed() -> None:
    sealed = [version(f"r{n}", at=1) for n in range(50)]
    found = [version(f"r{n}", "x", at=1) for n in range(50)]
    drawn = [{d.record for d in compare(sealed, found, whole=True, sample=5, seed=seed).differences} for seed in "abab"]
    assert [len(d) for d in drawn] == [5, 5, 5, 5]
    assert drawn[0] == drawn[2] and drawn[0] != drawn[1]


@pytest.mark.parametrize(
    "found, admitted, problem",
    [
        (version("r1", at=1), 0, None),  # sealed already
        (version("r1", "x", at=2), 1, None),  # its system tells of the change
        (version("r1", "x", at=1), 0, Problem.CHANGED),
        (version("r1", "x", at=0), 0, Problem.CHANGED),
        (version("r2", "a", at=2), 0, Problem.REVERTED),
        (version("r2", "a", at=4), 1, None),  # says again what it said, later
        (version("r3", at=9, stage=Stage.ARCHIVED), 1, None),  # the same, further on
        (version("r4", at=9), 1, None),
        (version("r4", at=5), 0, Problem.BACK_DATED),
        (version("r4", at=0), 1, None),  # from before sealing began
        (replace(version("r4", at=5), kind="report"), 1, None),  # the first of its kind
    ],
)
def test_only_what_is_new_by_its_own_account_is_admitted(
    found: Version, admitted: int, problem: Problem | None
) -> None:
    done = admit(SEALED, [found], sealing=spans(SEALED))
    assert (len(done.versions), [d.problem for d in done.differences]) == (admitted, [problem] if problem else [])


@pytest.mark.parametrize(
    "found, doubt",
    [
        (version("r1", "x", at=2), Problem.UNMARKED),  # a later time, and nothing else says that it was amended
        (version("r1", "x", at=2, stage=Stage.ARCHIVED), Problem.UNMARKED),
        (version("r1", "x", at=2, stage=Stage.CHANGED), None),
        (version("r1", "x", at=2, stage=Stage.WITHDRAWN), Problem.WITHDRAWN),
        (version("r1", at=1, stage=Stage.WITHDRAWN), Problem.WITHDRAWN),  # the same, taken back
        (version("r2", "a", at=4), Problem.UNMARKED),  # back to what it said before an addendum
        (version("r3", at=9, stage=Stage.ARCHIVED), None),
        (version("r4", "x", at=9), None),
    ],
)
def test_what_its_status_does_not_tell_is_sealed_and_named(found: Version, doubt: Problem | None) -> None:
    done = admit(SEALED, [found], sealing=spans(SEALED))
    assert (len(done.versions), [d.problem for d in done.doubtful], done.differences) == (
        1,
        [doubt] if doubt else [],
        (),
    )
    assert admit(SEALED, [found], sealing=spans(SEALED), marked=False).doubtful == ()


@pytest.mark.parametrize("at", [0, 1, 5])
def test_a_sealed_record_that_nobody_has_signed_any_more_is_named_whatever_its_time(at: int) -> None:
    draft = version("r1", "x", at=at, stage=Stage.UNSIGNED)
    assert problems([draft], whole=False) == [("r1", Problem.UNSIGNED)]
    done = admit(SEALED, [draft, version("r9", at=5, stage=Stage.UNSIGNED)], sealing=spans(SEALED))
    assert (done.versions, [d.problem for d in done.differences]) == ((), [Problem.UNSIGNED])
    assert (
        problems([version("r1", at=at), draft], whole=False) == []
    )  # beside the signed one of its time it came before


def test_a_draft_is_no_record_by_itself() -> None:
    done = compare(SEALED, [*NOW, version("r9", at=5, stage=Stage.UNSIGNED)], whole=True)
    assert (done.new, done.differences) == (0, ())


def test_a_sealed_record_that_its_source_takes_back_is_named_until_that_is_sealed() -> None:
    back = version("r1", at=1, stage=Stage.WITHDRAWN)
    assert problems([back], whole=False) == [("r1", Problem.WITHDRAWN)]
    assert compare([*SEALED, back], [back], whole=False).differences == ()


@pytest.mark.parametrize(
    "told, sealed, differs, doubt",
    [
        (version("r1", "x", at=1), 0, Problem.CHANGED, None),  # final, for the time for which something else was
        (version("r1", "x", at=0), 0, Problem.CHANGED, None),
        (version("r1", "x", at=1, stage=Stage.CHANGED), 1, None, None),  # a correction that keeps the time
        (version("r1", "x", at=1, stage=Stage.WITHDRAWN), 1, None, Problem.WITHDRAWN),
        (version("r1", "x", at=2), 1, None, Problem.UNMARKED),
        (version("r1", at=1), 0, None, None),  # once more
        (version("r1", at=2), 1, None, None),  # the same, sent again later
        (version("r2", at=2), 0, None, None),  # the first message of a corrected one comes again
        (version("r2", "0", at=1), 0, Problem.CHANGED, None),
        (version("r2", "c", at=1, stage=Stage.CHANGED), 1, None, None),  # a correction that comes late
        (version("r4", at=5), 0, Problem.BACK_DATED, None),
        (version("r4", at=10), 1, None, None),
    ],
)
def test_what_messages_call_final_is_not_sealed_over_what_was(
    told: Version, sealed: int, differs: Problem | None, doubt: Problem | None
) -> None:
    done = admit_told(SEALED, [told], sealing=spans(SEALED))
    assert (len(done.versions), [d.problem for d in done.differences], [d.problem for d in done.doubtful]) == (
        sealed, [differs] if differs else [], [doubt] if doubt else [],
    )  # fmt: skip


def test_the_first_message_of_a_correction_may_come_after_it() -> None:
    corrected = version("r7", "b", at=2, stage=Stage.CHANGED)
    assert [v.stage for v in admit_told([corrected], [version("r7", at=1)]).versions] == [Stage.SIGNED]


def test_a_history_is_admitted_whole_and_once() -> None:
    assert set(admit([], SEALED).versions) == set(SEALED)
    assert admit(SEALED, SEALED, sealing=spans(SEALED)) == admit([], [])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(values=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=5))
def test_the_order_of_columns_is_no_content(values: dict[str, str]) -> None:
    turned = dict(reversed(list(values.items())))
    assert digest_of("EMR", "r", content_of(values)) == digest_of("EMR", "r", content_of(turned))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    one=st.tuples(st.text(max_size=4), st.text(max_size=4), st.binary(max_size=6)),
    two=st.tuples(st.text(max_size=4), st.text(max_size=4), st.binary(max_size=6)),
)
def test_no_two_records_or_contents_share_a_digest(one: tuple[str, str, bytes], two: tuple[str, str, bytes]) -> None:
    assert (digest_of(*one) == digest_of(*two)) == (one == two)
