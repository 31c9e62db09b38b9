# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.watch.intake.limits import KEEP
from wardkeep.watch.intake.syslog.framing import Deframer, Frame, Framing

SHORT = b"<85>1 - - - - - - one"
AUDIT = b"<85>1 - - - - - - <?xml version='1.0'?>\n<AuditMessage>\n <x/>\n</AuditMessage>"


def counted(*messages: bytes, between: bytes = b"") -> bytes:
    return between.join(b"%d %b" % (len(m), m) for m in messages)


def fed(data: bytes, *cuts: int, final: bool = True, **how: object) -> list[Frame]:
    deframer = Deframer(**how)  # type: ignore[arg-type]
    ends = [0, *sorted(min(c, len(data)) for c in cuts), len(data)]
    found = [f for a, b in pairwise(ends) for f in deframer.feed(data[a:b])]
    return found + (deframer.close() if final else [])


def good(frames: list[Frame]) -> list[bytes]:
    return [f.message for f in frames if f.problem is None]


def broken(frames: list[Frame]) -> list[str]:
    return [f.problem.partition(":")[0] for f in frames if f.problem is not None]


@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n"])
def test_counted_messages_are_cut_by_their_counts(between: bytes) -> None:
    data = counted(SHORT, AUDIT, SHORT, between=between)
    found = fed(data)
    assert good(found) == [SHORT, AUDIT, SHORT] and not broken(found)
    assert [data[f.offset : f.offset + f.size] for f in found] == [SHORT, AUDIT, SHORT]


def test_a_counted_message_is_given_with_its_last_byte_where_somebody_waits() -> None:
    assert good(fed(counted(SHORT), final=False)) == [SHORT]
    assert good(fed(counted(SHORT), final=False, eager=False)) == []
    assert good(fed(counted(SHORT) + b"2", final=False, eager=False)) == []
    assert good(fed(counted(SHORT) + b"21 <", final=False, eager=False)) == [SHORT]


def test_lines_are_cut_at_their_ends_and_an_audit_message_at_its_closing_tag() -> None:
    data = b"\n" + SHORT + b"\r\n\n" + AUDIT + b"\n" + AUDIT.replace(b"\n", b"") + b"\n" + SHORT
    found = fed(data)
    assert good(found) == [SHORT, AUDIT, AUDIT.replace(b"\n", b""), SHORT] and not broken(found)
    assert [data[f.offset : f.offset + f.size] for f in found] == good(found)


def test_an_audit_message_that_never_closes_ends_where_the_next_message_begins() -> None:
    opened = AUDIT.replace(b"</AuditMessage>", b"")
    assert good(fed(opened + b"\n" + SHORT + b"\n" + SHORT)) == [opened, SHORT, SHORT]


def test_lines_without_a_priority_are_messages_too() -> None:
    assert good(fed(b"2026-03-02T08:15:00Z host app: a\n12 b\n")) == [b"2026-03-02T08:15:00Z host app: a", b"12 b"]


@pytest.mark.parametrize("count", [len(SHORT) - 3, len(SHORT) + 9, 400, 99_999, 999_999_999])
def test_a_count_that_lies_costs_its_own_message(count: int) -> None:
    found = fed(counted(AUDIT) + b"%d %b" % (count, SHORT) + counted(AUDIT, SHORT), longest=10_000, eager=False)
    assert good(found) == [AUDIT, AUDIT, SHORT]
    assert broken(found) == ["too-long" if count > 10_000 else "count" if count < 100 else "cut"]


def test_a_damaged_count_does_not_take_the_digits_of_the_next_with_it() -> None:
    # Two more than it has: a line's end, and one digit.
    data = (
        counted(AUDIT, SHORT, between=b"\n")
        + b"\n%d %b\n" % (len(SHORT) + 2, SHORT)
        + counted(AUDIT, SHORT, between=b"\n")
    )
    assert good(fed(data, eager=False)) == [AUDIT, SHORT, AUDIT, SHORT]
    ending = SHORT + b"\n12"  # a message may end in digits
    assert good(fed(counted(ending, AUDIT, ending, SHORT), eager=False)) == [ending, AUDIT, ending, SHORT]


def test_a_count_may_quote_another_message() -> None:
    """What is in a message is never a message, however it looks: else a user name could write an audit trail."""
    quoting = SHORT + counted(SHORT, SHORT)
    assert good(fed(counted(quoting, AUDIT))) == [quoting, AUDIT]
    assert good(fed(quoting + b"\n" + SHORT)) == [quoting, SHORT]


def test_who_only_cuts_hears_the_same_places_and_keeps_what_is_broken() -> None:
    data = counted(b"<85>1 - one", b"<85>1 - two") + b"lost" + counted(b"<85>1 - three", b"<85>1 - four")
    whole, bare = fed(data, eager=False), fed(data, eager=False, bare=True)
    assert [(f.offset, f.size, f.problem) for f in bare] == [(f.offset, f.size, f.problem) for f in whole]
    assert [f.message for f in bare if f.problem] == [f.message for f in whole if f.problem] != []
    assert any(f.message == b"" for f in bare) and not any(f.message == b"" for f in whole)


def test_what_stands_between_counted_messages_is_named() -> None:
    found = fed(counted(AUDIT) + b"GARBAGE" + counted(SHORT))
    assert good(found) == [AUDIT, SHORT] and broken(found) == ["no-count"]
    found = fed(counted(SHORT) + b"GARBAGE" + counted(SHORT))
    assert good(found) == [SHORT] and broken(found) == ["count"]  # a text that may be longer: its count is not believed
    found = fed(counted(SHORT) + b"\nGARBAGE" + counted(SHORT))
    assert good(found) == [SHORT, SHORT] and broken(found) == ["no-count"]
    found = fed(counted(AUDIT) + b"1234567890123 <85>x" + counted(SHORT), eager=True)
    assert good(found) == [AUDIT, SHORT]
    found = fed(counted(AUDIT), final=False)
    assert good(found) == [AUDIT]


def test_what_ends_too_early_is_named_when_the_stream_is_over() -> None:
    found = fed(counted(SHORT, AUDIT)[:-5])
    assert good(found) == [SHORT] and broken(found) == ["cut"]
    assert str(len(AUDIT)) in str(found[-1].problem)


@pytest.mark.parametrize(
    "data", [b"<85>1 " + b"x" * 200_000, b"9 <85>1 - ," + b"x" * 200_000, b"<85><?xml \n" * 20_000]
)
@pytest.mark.parametrize("step", [1_000, 200_100])
def test_no_more_than_the_limit_is_held(data: bytes, step: int) -> None:
    deframer = Deframer(longest=5_000)
    found: list[Frame] = []
    for at in range(0, len(data), step):
        found += deframer.feed(data[at : at + step])
        assert deframer.waiting <= 5_000 + KEEP
    found += deframer.close()
    assert sum(f.size for f in found) >= len(data) - 20_000
    assert all(len(f.message) <= KEEP for f in found)


MESSAGES = st.lists(
    st.sampled_from([SHORT, AUDIT, b"<13>Mar  2 08:15:00 host app: text", b"<1>" + b"z" * 300, SHORT + AUDIT]),
    min_size=1,
)
PIECES = st.lists(
    st.sampled_from(
        [counted(SHORT), counted(AUDIT), SHORT, AUDIT, b"\n", b" ", b"1", b"99", b"12345678901", b"<85>", b"<", b"<?xml ",
         b"</AuditMessage>", b"x" * 40, b"3 <1>", b"\r\n", b"500 "]
    ).flatmap(lambda piece: st.integers(0, 3).map(lambda cut: piece[cut:] if cut == 3 else piece)),
    max_size=14,
)  # fmt: skip
CUTS = st.lists(st.integers(0, 2_000), max_size=12)


@given(MESSAGES, CUTS)
def test_an_honest_stream_gives_its_messages_however_it_is_cut(messages: list[bytes], cuts: list[int]) -> None:
    assert good(fed(counted(*messages), *cuts)) == messages
    assert good(fed(b"\n".join(messages) + b"\n", *cuts)) == messages


@given(PIECES, CUTS, st.sampled_from([60, 10_000]))
def test_every_byte_of_any_stream_is_in_one_frame_or_between_two(
    pieces: list[bytes], cuts: list[int], longest: int
) -> None:
    data = b"".join(pieces)
    for eager in (True, False):
        found = fed(data, *cuts, longest=longest, eager=eager)
        at = 0
        for frame in found:
            gap = data[at : frame.offset]
            assert frame.offset >= at
            assert not gap.strip(b"\r\n \t0123456789"), gap  # marks: counts, line ends
            assert data[frame.offset :].startswith(frame.message)
            assert frame.truncated == (len(frame.message) < frame.size)
            at = frame.offset + frame.size
        assert not data[at:].strip()


@given(PIECES, CUTS, st.sampled_from([60, 10_000]), st.sampled_from([None, *Framing]))
def test_a_patient_cut_depends_on_the_bytes_alone(
    pieces: list[bytes], cuts: list[int], longest: int, framing: Framing | None
) -> None:
    data = b"".join(pieces)
    whole = fed(data, longest=longest, eager=False, framing=framing)
    assert fed(data, *cuts, longest=longest, eager=False, framing=framing) == whole
