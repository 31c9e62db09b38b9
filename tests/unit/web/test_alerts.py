# SPDX-License-Identifier: Apache-2.0
"""The page of live alerts: who sees which, what it says, and what a person does about one."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.urls import reverse

from tests.unit.web import hospital
from tests.unit.web.alerted import SEEN, alert, kept
from tests.unit.web.markup import texts
from tests.unit.web.test_messages import ALLOWED
from wardkeep.watch.live import LiveDetection

D = LiveDetection


def the_page(client: Any, **asked: Any) -> str:
    return client.get("/alerts/", asked).content.decode()


def tags(page: str) -> list[str]:
    return re.findall(r'<span class="tag">([^<]+)</span>', page)


def test_the_newest_stands_first_and_new_ones_are_shown(enter: Any) -> None:
    rows = kept([alert(D.HONEY), alert(D.BATCH), alert(D.LEAVER)])
    client = enter("security_specialist")
    assert tags(the_page(client)) == [
        "account of someone who left", "many records in a short time", "decoy record",
    ]  # fmt: skip
    client.post(reverse("alert_seen", args=[rows[1].pk]))
    assert len(tags(the_page(client))) == 2
    assert tags(the_page(client, state="seen")) == ["many records in a short time"]
    assert len(tags(the_page(client, state="all"))) == 3
    assert tags(the_page(client, state="all", detection="honey")) == ["decoy record"]
    assert "No alert here." in the_page(client, state="all", detection="remote_tool")


@pytest.mark.parametrize("detection", list(LiveDetection))
def test_each_kind_has_a_name_and_a_sentence_in_both_languages(detection: LiveDetection, enter: Any) -> None:
    from django.utils import translation

    from wardkeep.web.say.alert import seen
    from wardkeep.web.say.codes import LIVE_DETECTIONS

    assert set(LIVE_DETECTIONS) == set(LiveDetection) == set(SEEN)
    (row,) = kept([alert(detection)])
    page = the_page(enter("security_specialist")).replace("&#x27;", "'")
    with translation.override("en"):
        assert seen(row) and seen(row) in page and str(LIVE_DETECTIONS[detection]) in page
    chinese = the_page(enter("security_specialist", "zh", full_name="王主任"))
    own = re.compile(f"{hospital.NOSY}|security_specialist-zh|HTTP|FTP")
    for text in texts(chinese):
        assert re.findall(r"[A-Za-z]{2,}", ALLOWED.sub("", own.sub("", text))) == [], text


@pytest.mark.parametrize("acting, said", [
    ({"acting": "named", "people": "S7", "signed_in": "HIS li 9 s"}, "Signed in there at that time: S7 (HIS li, 9 s before)."),
    (
        {"acting": "several", "people": "S7, S8", "signed_in": "HIS li 60 s; VPN wu 9000 s"},
        "or somebody else: S7 · S8 (HIS li, 1 min before; VPN wu, 2 h before)",
    ),
    ({"acting": "named", "people": "S002", "signed_in": "HIS li 9"}, "Signed in there at that time: 李娜 S002 (HIS li 9)."),
    ({"acting": "unresolved"}, "who it was is unresolved"),
    ({}, None),
])  # fmt: skip
def test_who_was_signed_in_where_an_account_of_many_was_used_is_said(
    enter: Any, acting: dict[str, Any], said: str | None
) -> None:
    kept([alert(D.HONEY, account="ward3", person=None, observed=acting)])
    page = the_page(enter("security_specialist"))
    assert said in page if said else "igned in there" not in page


def test_the_page_names_no_patient_and_links_to_what_is_recorded(enter: Any) -> None:
    kept([alert(D.SELF_ACCESS), alert(D.HONEY)])
    page = the_page(enter("security_director"))
    assert hospital.VICTIM not in page and "P-DECOY" not in page and hospital.VICTIM_NAME not in page
    assert reverse("patient", args=[hospital.VICTIM]) in page
    assert reverse("account", args=[hospital.NOSY]) in page


def test_nobody_sees_or_handles_what_is_about_himself(enter: Any) -> None:
    rows = kept([alert(D.HONEY), alert(D.SELF_ACCESS, account="other", person="S900")])
    for own in ({"account": hospital.NOSY, "name": "own-a"}, {"staff_id": "S002", "name": "own-b"}):
        client = enter("security_director", **own)
        assert tags(the_page(client, state="all")) == ["own record"]
        for name in ("alert_seen", "alert_dismiss"):
            assert client.post(reverse(name, args=[rows[0].pk]), {"reason": "a test"}).status_code == 404
    rows[0].refresh_from_db()
    assert rows[0].state == "new"


def test_a_dismissal_has_a_reason_a_person_and_an_act(enter: Any) -> None:
    from wardkeep.seal.models import Outbox

    (row,) = kept([alert(D.HONEY)])
    client = enter("security_specialist", full_name="王主任")
    address = reverse("alert_dismiss", args=[row.pk])
    assert "Write why." in client.post(address, {"reason": "  "}, follow=True).content.decode()
    client.post(address, {"reason": "an exercise that was announced"})
    row.refresh_from_db()
    assert (row.state, row.reason, row.dismissed_by.full_name) == (
        "dismissed",
        "an exercise that was announced",
        "王主任",
    )
    page = the_page(client, state="dismissed")
    assert "an exercise that was announced" in page and "王主任" in page
    (body,) = [json.loads(one.body) for one in Outbox.objects.all() if "alert:live:dismissed" in one.body]
    assert body["facts"] == {"alert": str(row.pk)} and "exercise" not in json.dumps(body)


def test_what_somebody_else_dealt_with_is_not_dealt_with_again(enter: Any) -> None:
    (row,) = kept([alert(D.HONEY)])
    client = enter("security_specialist")
    client.post(reverse("alert_dismiss", args=[row.pk]), {"reason": "known"})
    for name in ("alert_seen", "alert_dismiss"):
        said = client.post(reverse(name, args=[row.pk]), {"reason": "again"}, follow=True).content.decode()
        assert "Somebody else has dealt with this alert." in said
    row.refresh_from_db()
    assert (row.reason, row.seen_by) == ("known", None)


def test_a_dismissal_that_was_a_mistake_is_taken_up_again_and_only_where_that_is_meant(enter: Any) -> None:
    from wardkeep.seal.models import Outbox

    (row,) = kept([alert(D.HONEY)])
    client = enter("security_specialist", full_name="王主任")
    address = reverse("alert_seen", args=[row.pk])
    assert (
        "Somebody else has dealt with this alert." in client.post(address, {"again": "1"}, follow=True).content.decode()
    )
    client.post(reverse("alert_dismiss", args=[row.pk]), {"reason": "known"})
    assert "Take up again" in the_page(client, state="dismissed")
    client.post(address, {"again": "1"})
    row.refresh_from_db()
    assert (row.state, row.reason, row.dismissed_by, row.seen_by.full_name) == ("seen", "", None, "王主任")
    page = the_page(client, state="seen")
    assert "known" not in page and "Dismiss …" in page
    (body,) = [json.loads(one.body) for one in Outbox.objects.all() if "alert:live:seen" in one.body]
    assert body["facts"] == {"alert": str(row.pk), "again": True}


def test_what_a_source_says_is_shown_as_text(enter: Any) -> None:
    odd = "<script>alert(1)</script>" + "长" * 300 + "\0"
    kept([alert(D.REMOTE_TOOL, account=odd, workstation=odd, observed={"program": odd})])
    page = the_page(enter("security_specialist"))
    assert "<script>alert(1)" not in page and "&lt;script&gt;" in page


def test_a_page_of_many_is_divided(enter: Any) -> None:
    kept(alert(D.HONEY, account=f"u{n}") for n in range(55))
    client = enter("security_specialist")
    assert [len(tags(the_page(client, page=n))) for n in (1, 2, "x", 99)] == [50, 5, 50, 5]


def test_the_section_is_there_where_something_is_heard_or_was(enter: Any) -> None:
    client = enter("security_specialist")
    link = f'href="{reverse("alerts")}"'
    assert link not in client.get("/cases/").content.decode()
    assert "No listener is named" in the_page(client)
    kept([alert(D.HONEY)])
    assert link in client.get("/cases/").content.decode()
    assert link not in enter("auditor").get("/cases/").content.decode()


def test_the_first_page_counts_those_that_wait_and_shows_the_newest(enter: Any) -> None:
    client = enter("security_specialist")
    assert 'id="alerts"' not in client.get("/").content.decode()
    rows = kept([alert(D.HONEY), alert(D.BATCH), alert(D.LEAVER), alert(D.SPRAYING)])
    page = client.get("/").content.decode()
    part = page.split('id="alerts"')[1].split("</section>")[0]
    assert "Live alerts that wait: 4" in part and f'href="{reverse("alerts")}"' in part
    assert tags(part) == ["password spraying", "account of someone who left", "many records in a short time"]
    assert "several accounts" in part and "P-DECOY" not in page
    for row in rows:
        client.post(reverse("alert_seen", args=[row.pk]))
    assert "somebody has looked into every one" in client.get("/").content.decode()


@pytest.mark.parametrize("role, more", [
    ("auditor", {}), ("department_head", {"department": "W1"}), ("system_administrator", {}),
    ("security_director", {"account": hospital.NOSY}),  # what is about himself
])  # fmt: skip
def test_the_first_page_shows_none_to_whom_they_do_not_concern(enter: Any, role: str, more: dict[str, Any]) -> None:
    kept([alert(D.HONEY)])
    assert "decoy record" not in enter(role, **more).get("/").content.decode()


def test_an_edited_alert_no_longer_agrees_with_its_act(enter: Any) -> None:
    from django.db import connection

    from wardkeep.seal.digest import column_digests

    (row,) = kept([alert(D.HONEY)])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE alerts_livealert SET account = 'somebody'")
    row.refresh_from_db()
    assert column_digests(row) != bytes(row.seal_columns)
