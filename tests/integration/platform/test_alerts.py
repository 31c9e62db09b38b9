# SPDX-License-Identifier: Apache-2.0
"""Live alerts as rows, on both databases: whatever a source says fits, and two people do not both deal with one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOON
from tests.rows import a_user
from tests.unit.web.alerted import alert, kept
from wardkeep.watch.live import LiveDetection as D


def test_what_a_source_says_is_kept_as_far_as_a_column_takes_it(both_rows: str) -> None:
    from wardkeep.govern.alerts import reading

    odd = "长\0" * 300
    names = {name: odd for name in ("account", "person", "patient_id", "system", "workstation", "ip", "event_id")}
    (row,) = kept([alert(D.REMOTE_TOOL, **names, observed={"program": odd}, at_us=2**62, raw_sha256=b"r" * 32)])
    row.refresh_from_db()
    assert (row.account, row.observed, row.raw_sha256) == ("长" * 200, {"program": "长" * 200}, "72" * 32)
    assert [one.account for one in reading.said_since(NOON - timedelta(hours=1))] == ["长" * 200]
    assert reading.said_since(NOON + timedelta(hours=1)) == []


def test_a_state_follows_only_where_the_table_says_so(both_rows: str) -> None:
    from wardkeep.govern.alerts import actions

    li, zhao = a_user("li"), a_user("zhao")
    seen, first, second = kept([alert(D.HONEY), alert(D.BATCH), alert(D.LEAVER)])
    actions.see(seen, by=li, at=NOON)
    actions.dismiss(seen, reason="an exercise", by=zhao, at=NOON)
    assert (seen.state, seen.seen_by, seen.dismissed_by) == ("dismissed", li, zhao)
    actions.dismiss(first, reason="known", by=li, at=NOON)
    refused: list[Any] = [
        lambda: actions.see(first, by=zhao, at=NOON),
        lambda: actions.dismiss(first, reason="again", by=zhao, at=NOON),
        lambda: actions.dismiss(second, reason=" a ", by=zhao, at=NOON),
    ]
    for one in refused:
        with pytest.raises(actions.Refused):
            one()
    assert (first.reason, second.state) == ("known", "new")


def test_rows_that_people_changed_agree_with_their_acts(both_rows: str) -> None:
    from wardkeep.govern.alerts import actions
    from wardkeep.govern.alerts.models import LiveAlert
    from wardkeep.seal.digest import column_digests

    rows = kept([alert(detection) for detection in D])
    actions.dismiss(rows[0], reason="an exercise", by=a_user("li"), at=NOON)
    assert [column_digests(row) == bytes(row.seal_columns) for row in LiveAlert.objects.all()] == [True] * len(D)
