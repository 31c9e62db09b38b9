# SPDX-License-Identifier: Apache-2.0
"""The page of signed records: what each check came to, what differs, and what a person says of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from tests.conftest import NOON
from tests.unit.web.differing import AT_US, difference, kept
from tests.unit.web.markup import texts
from tests.unit.web.test_messages import ALLOWED
from wardkeep.watch.integrity import Problem


def the_page(client: Any, **asked: Any) -> str:
    return client.get("/records/", asked).content.decode()


def test_every_kind_of_difference_is_said_in_both_languages(enter: Any) -> None:
    kept(*(difference(problem) for problem in Problem))
    page = the_page(enter("security_specialist"))
    for said in (
        "changed", "set back to an earlier version", "missing", "put in behind, with an earlier time",
        "amended without saying so", "withdrawn", "not signed any more",
    ):  # fmt: skip
        assert f'<span class="tag">{said}</span>' in page
    assert "200" in page and str(200 - len(Problem)) in page
    chinese = the_page(enter("security_specialist", "zh", full_name="王主任"))
    for text in texts(chinese):
        left = ALLOWED.sub("", re.sub("emr-notes|EMR|N-[a-z_]+|security_specialist-zh|note", "", text))
        assert re.findall(r"[A-Za-z]{2,}", left) == [], text


def test_a_source_that_could_not_be_read_is_not_called_as_sealed(enter: Any) -> None:
    from wardkeep.govern.records.actions import not_evaluated

    client = enter("security_specialist")
    kept()
    assert "as sealed</span>" in the_page(client).replace("\n", "")
    not_evaluated("emr-notes", "emr-notes: connection refused", at=NOON + timedelta(days=1), by="jobs")
    page = the_page(client)
    assert "not evaluated" in page and "connection refused" in page and "last evaluated" in page
    assert "badge-good" not in page.partition('id="sources"')[2].partition("</section>")[0]


def test_what_a_person_explained_is_not_said_again_and_what_was_mended_is(enter: Any) -> None:
    from wardkeep.govern.records.models import RecordDifference

    first = kept(difference(Problem.CHANGED), difference(Problem.MISSING))
    assert (first.different, first.fresh) == (2, 2)
    client = enter("security_specialist")
    changed = RecordDifference.objects.get(problem="changed")
    client.post(reverse("record_explain", args=[changed.pk]), {"reason": " a "})
    assert "Write why." in the_page(client)
    client.post(reverse("record_explain", args=[changed.pk]), {"reason": "moved to a new system"})
    assert "moved to a new system" in the_page(client, standing="explained")
    assert "moved to a new system" not in the_page(client)
    client.post(reverse("record_explain", args=[changed.pk]), {"reason": "once more"})
    assert "not open any more" in the_page(client)
    again = kept(difference(Problem.CHANGED), at=NOON + timedelta(days=1), intact={"N-missing"})
    assert (again.different, again.fresh) == (1, 0)
    assert [d.standing for d in RecordDifference.objects.order_by("problem")] == ["explained", "mended"]
    gone = kept(difference(Problem.MISSING), at=NOON + timedelta(days=2))
    assert gone.fresh == 1 and RecordDifference.objects.get(problem="missing").standing == "open"
    other = kept(difference(Problem.CHANGED, digest="e" * 64), at=NOON + timedelta(days=3))
    assert other.fresh == 1  # it says something else again: that nobody explained


def test_what_was_sealed_as_it_was_told_is_mended_by_no_later_check(enter: Any) -> None:
    from wardkeep.govern.records.models import RecordDifference

    kept(difference(Problem.UNMARKED), difference(Problem.UNSIGNED))
    kept(at=NOON + timedelta(days=1), intact={"N-unmarked", "N-unsigned"})
    assert [d.standing for d in RecordDifference.objects.order_by("problem")] == ["open", "mended"]


def test_a_time_that_moved_by_a_second_is_seen_to_have_moved(enter: Any) -> None:
    kept(difference(Problem.UNMARKED, sealed_us=AT_US, found_us=AT_US + 1_000_000), source="sealing")
    page = the_page(enter("security_specialist"))
    assert page.count(":00:00") == page.count(":00:01") == 1
    # Nothing was compared where it was only noticed.
    assert page.count("–</td>") == 2 and ">200<" not in page


def test_an_explanation_that_does_not_hold_is_taken_back_and_stays_in_its_act(enter: Any) -> None:
    from wardkeep.govern.records.models import RecordDifference
    from wardkeep.seal.models import Outbox

    kept(difference(Problem.CHANGED))
    client, row = enter("security_specialist"), RecordDifference.objects.get()
    client.post(reverse("record_reopen", args=[row.pk]))
    assert "not explained any more" in the_page(client)
    client.post(reverse("record_explain", args=[row.pk]), {"reason": "a new system"})
    assert "Open again" in the_page(client, standing="explained")
    client.post(reverse("record_reopen", args=[row.pk]))
    row.refresh_from_db()
    assert (row.standing, row.reason, row.explained_by, row.explained_at) == ("open", "", None, None)
    page = the_page(client)
    assert row.record in page and "a new system" not in page
    assert [body for body in Outbox.objects.values_list("body", flat=True) if "integrity:records:reopened" in body]
    # The same difference is still known: the next check says nothing new, and finds it open.
    assert kept(difference(Problem.CHANGED), at=NOON + timedelta(days=1)).fresh == 0


def test_rows_agree_with_their_acts_and_acts_name_no_record(enter: Any) -> None:
    from wardkeep.govern.records.models import RecordCheck, RecordDifference
    from wardkeep.seal.digest import column_digests
    from wardkeep.seal.models import Outbox

    kept(*(difference(problem) for problem in Problem))
    client = enter("security_specialist")
    client.post(reverse("record_explain", args=[RecordDifference.objects.first().pk]), {"reason": "a new system"})
    for model in (RecordCheck, RecordDifference):
        assert all(column_digests(row) == bytes(row.seal_columns) for row in model.objects.all())
    bodies = [row.body for row in Outbox.objects.all() if "integrity:" in row.body]
    # Whole numbers of records: a digest in an act may hold any two letters.
    told = ["a new system", *RecordDifference.objects.values_list("record", flat=True)]
    assert len(bodies) == 2 and len(told) == 1 + len(Problem)
    assert not [text for text in told for body in bodies if text in body]


@pytest.mark.parametrize("role", ["auditor", "department_head", "system_administrator"])
def test_who_reviews_nothing_sees_none_of_it(role: str, enter: Any) -> None:
    kept(difference())
    client = enter(role)
    assert client.get("/records/").status_code == 403 and "/records/" not in client.get("/").content.decode()


def test_the_section_is_there_where_something_is_checked(enter: Any) -> None:
    client = enter("security_specialist")
    assert 'href="/records/"' not in client.get("/").content.decode()
    kept()
    assert 'href="/records/"' in client.get("/").content.decode()
