# SPDX-License-Identifier: Apache-2.0
"""Times of a database that no `datetime` holds: each keeps its words, and its place among the others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wardkeep.watch.pull import Beyond, Kind, begin_of, beyond, complete, kind_of, mark_of
from wardkeep.watch.pull.cells import text_of
from wardkeep.watch.pull.watermark import kept_of

LAST = "2026-02-28 23:59:59.999999"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text, place",
    [
        ("infinity", datetime.max),
        ("10000-01-01 00:00:00", datetime.max),
        ("294276-12-31 00:00:00", datetime.max),
        ("-infinity", datetime.min),
        ("0044-03-15 00:00:00 BC", datetime.min),
        ("0000-00-00 00:00:00", datetime.min),
        ("0001-00-00 00:00:00", datetime.min),
        ("2026-00-00 00:00:00", datetime.fromisoformat("2025-12-31 23:59:59.999999")),
        ("2026-03-00 08:00:00", datetime.fromisoformat(LAST)),
        ("2026-02-30 08:00:00", datetime.fromisoformat(LAST)),
        ("2026-00-31 08:00:00", datetime.fromisoformat("2025-12-31 23:59:59.999999")),
        ("9999-11-31 08:00:00", datetime.fromisoformat("9999-11-30 23:59:59.999999")),
        ("no time at all", datetime.max),
    ],
)
def test_a_time_that_cannot_be_held_keeps_its_words_and_stands_no_later_than_it_is(text: str, place: datetime) -> None:
    found = beyond(text)
    assert text_of(found) == found == text
    assert mark_of(found, "log_time") == place
    assert kind_of(mark_of(found, "log_time")) is Kind.TIME
    assert kind_of(mark_of(beyond(text, moment=True), "log_time")) is Kind.MOMENT


def test_the_place_agrees_with_the_order_of_the_database() -> None:
    texts = ["0000-00-00 00:00:00", "2025-12-31 08:00:00", "2026-00-00 00:00:00", "2026-02-28 10:00:00", "2026-02-30 08:00:00",
             "2026-03-00 00:00:00", "2026-03-01 00:00:00"]  # fmt: skip
    held = {"2025-12-31 08:00:00", "2026-02-28 10:00:00", "2026-03-01 00:00:00"}
    marks = [mark_of(datetime.fromisoformat(one) if one in held else beyond(one), "t") for one in texts]
    assert marks == sorted(marks)
    assert complete(marks, len(marks)) == (len(marks) - 1, False)


def test_infinity_moves_no_watermark_and_the_beginning_of_time_can_be_gone_on_from() -> None:
    marks = [mark_of(beyond("-infinity", moment=True), "t"), NOW, mark_of(beyond("infinity", moment=True), "t")]
    assert kept_of(marks, None, NOW, NOW) == NOW
    assert kept_of(marks[2:], None, NOW, NOW) == NOW
    assert begin_of(marks[0], 600) == marks[0]


def test_a_text_of_a_view_is_no_such_time() -> None:
    assert not isinstance("infinity", Beyond)
