# SPDX-License-Identifier: Apache-2.0
"""The week of a department, told to its head through real peers. The invented cases are of Saturday, 2026-03-21."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime, timedelta
from inspect import unwrap as unwrapped
from typing import Any

import pytest

from tests.integration.notices.peers import Hook, MailBox, told_by_mail
from tests.rows import a_user
from tests.unit.web import hospital

HEART, DESK = "心血管内科", "门诊挂号处（东院区）"
#: Monday at 08:00 in Shanghai, after the week of the cases.
DUE = datetime(2026, 3, 23, 0, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def a_head(name: str = "head", department: str = HEART, mail: str = "head@h.example", **more: Any) -> Any:
    return a_user(name, "department_head", department=department, mail=mail, language="en", **more)


def told_digests() -> list[Any]:
    from wardkeep.govern.notices.models import Told

    return list(Told.objects.filter(kind="digest").order_by("about"))


@pytest.fixture
def told(set_notices: Any, mail: tuple[str, MailBox]) -> Any:
    """Tells at a moment; gives the letters that the heads got in it."""
    from wardkeep.jobs.telling import tell

    server, box = mail

    def tell_at(at: datetime, **more: Any) -> list[Any]:
        before = len(box.letters)
        values = {"kinds": ("digest",), "address": "https://w.example", **more}
        tell(set_notices(**told_by_mail(server, **values)), at=at)
        return [one for one in box.letters[before:] if one["To"] != "zhou@h.example"]

    tell_at.box = box  # type: ignore[attr-defined]
    return tell_at


def test_a_head_is_told_of_the_last_week_on_monday_morning_and_once(told: Any) -> None:
    a_head()
    assert told(DUE - timedelta(minutes=1)) != []  # an earlier week, which this home never told
    (letter,) = told(DUE)
    assert told(DUE + timedelta(minutes=1)) == told(DUE + WEEK - timedelta(minutes=1)) == []
    assert letter["To"] == "head@h.example"
    assert letter["Subject"] == "Wardkeep · 东院: 心血管内科, week of 2026-03-16: 1 case open"
    assert letter.get_content().rstrip().endswith("https://w.example/week/2026-03-16/")
    assert len(told(DUE + WEEK)) == 1


def test_the_figures_are_those_of_the_page_that_the_head_sees(told: Any) -> None:
    a_head()
    a_head("self", mail="self@h.example", account=hospital.NOSY)  # the one open case is about this head
    subjects = {one["To"]: one["Subject"].rpartition(": ")[2] for one in told(DUE)}
    assert subjects == {"head@h.example": "1 case open", "self@h.example": "nothing to do"}


def test_the_link_leads_to_the_page(told: Any, house: Any) -> None:
    from django.test import Client

    head = a_head()
    (letter,) = told(DUE)
    client = Client(SERVER_NAME="localhost")
    client.force_login(hospital.a_member("second", "department_head", "en", department=HEART))
    path = letter.get_content().rstrip().rpartition("https://w.example")[2]
    page = client.get(path)
    assert page.status_code == 200 and "Week of 2026-03-16" in page.content.decode()
    assert head.department == HEART


def test_nothing_that_leaves_names_a_patient_an_account_or_a_person(told: Any, set_notices: Any, hook: Hook) -> None:
    from wardkeep.jobs.telling import tell

    a_head()
    tell(set_notices(webhook=hook.url, kinds=("digest",)), at=DUE)
    letters = told(DUE, digest_empty=True)
    sent = "".join(raw.decode() for _, _, raw in hook.posted) + "".join(one.as_string() for one in letters)
    assert sent
    names = {row[1] for row in hospital.STAFF} | {row[4] for row in hospital.STAFF}
    assert [one for one in {hospital.VICTIM, hospital.VICTIM_NAME, *names} if one in sent] == []


def test_a_hook_is_told_for_whom_it_is(set_notices: Any, hook: Hook) -> None:
    from wardkeep.jobs.telling import tell

    a_head()
    tell(set_notices(webhook=hook.url, kinds=("digest",)), at=DUE)
    ((body, _, _),) = hook.posted
    assert (body["kind"], body["department"], body["to"], body["system"]) == ("digest", HEART, "head", "")
    assert "count" not in body


def test_a_department_of_few_people_is_told_no_figure(told: Any) -> None:
    a_head(department=DESK)  # one person by the table of staff
    (letter,) = told(DUE)
    assert letter["Subject"].endswith(": the page is ready")
    assert "Cases of this week" not in letter.get_content()


def test_a_text_message_goes_to_the_heads_own_number(set_notices: Any, hook: Hook) -> None:
    from wardkeep.jobs.telling import tell

    a_head(mail="", phone="13900000009")
    tell(set_notices(sms=hook.url, sms_to=("13800000001",), kinds=("digest",)), at=DUE)
    ((body, _, _),) = hook.posted
    assert body["to"] == "13900000009" and "\n" not in body["text"]


def test_a_head_reads_it_in_the_own_language(told: Any) -> None:
    a_user("zhang", "department_head", department=HEART, mail="zhang@h.example", language="zh")
    (letter,) = told(DUE)
    assert "2026-03-16 当周" in letter["Subject"] and "待核实" in letter.get_content()


def test_a_week_that_an_outage_swallowed_is_told_late_and_older_ones_are_not(told: Any) -> None:
    a_head()
    assert len(told(DUE)) == 1
    late = DUE + 3 * WEEK + timedelta(days=4)
    (letter,) = told(late)
    assert "week of 2026-04-06" in letter["Subject"]
    assert told(late + timedelta(minutes=1)) == []
    assert told(DUE + 2 * WEEK) == []  # a clock that was set back brings no older week


def test_a_week_is_told_once_though_day_and_time_are_set_anew(told: Any) -> None:
    a_head()
    assert len(told(DUE)) == 1
    assert told(DUE + timedelta(days=4), digest_on="friday", digest_at="00:10") == []


def test_day_and_time_are_settings(told: Any) -> None:
    a_head()
    told(DUE - timedelta(days=1))
    for at, letters in ((timedelta(days=1, hours=9, minutes=59), 0), (timedelta(days=1, hours=10), 1)):
        assert len(told(DUE + at, digest_on="tuesday", digest_at="18:00")) == letters


def test_never_means_that_only_the_command_tells(told: Any) -> None:
    a_head()
    assert told(DUE, digest_on="never") == []


def test_an_empty_week_is_a_sign_of_life_or_by_a_setting_none(told: Any) -> None:
    a_head(department="检验科")
    assert told(DUE, digest_empty=False) == []
    assert len(told(DUE)) == 1


def test_an_account_that_was_made_since_waits_for_its_first_week(told: Any, house: Any) -> None:
    hospital.a_member("late", "department_head", "en", department=HEART, mail="late@h.example")  # made on a Sunday
    assert told(DUE - timedelta(hours=1)) == []
    assert len(told(DUE)) == 1


def test_nobody_is_told_who_may_not_read_the_page_any_more(told: Any) -> None:
    from wardkeep.govern.identity.actions import grant_role, set_active

    gone, other = a_head("gone"), a_head("other")
    set_active(gone, False, by="cli", at=DUE)
    grant_role(other, "auditor", by="cli", at=DUE)
    a_head("none", department="")
    assert told(DUE) == []


def test_a_letter_that_waits_is_not_sent_to_one_who_heads_it_no_more(told: Any) -> None:
    from wardkeep.govern.identity.actions import grant_role
    from wardkeep.govern.notices.models import Sending

    head = a_head()
    told.box.refusal = "451 later"
    assert told(DUE) == []
    grant_role(head, "auditor", by="cli", at=DUE)
    told.box.refusal = ""
    assert told(DUE + timedelta(minutes=2)) == []
    assert Sending.objects.get().problem == "the account no longer heads this department"


def test_it_is_accounted_and_tried_again_as_every_notice(told: Any) -> None:
    from wardkeep.govern.notices.models import Sending
    from wardkeep.seal.models import Outbox

    a_head()
    told.box.refusal = "451 later"
    assert told(DUE) == []
    assert (Sending.objects.get().state, Sending.objects.get().tries) == ("waiting", 1)
    told.box.refusal = ""
    assert len(told(DUE + timedelta(minutes=2))) == 1
    acts = [json.loads(row.body) for row in Outbox.objects.order_by("order")][-2:]
    assert [act["act"] for act in acts] == ["notice:message:made", "notice:message:sent"]
    assert acts[0]["facts"] == {"kind": "digest"}


def test_a_head_without_an_address_is_said_once_to_those_who_get_the_other_notices(told: Any) -> None:
    a_head("silent", mail="")
    a_head("heard")
    for minutes in (0, 1, 60 * 24 * 8):
        told(DUE + timedelta(minutes=minutes))
    said = [one for one in told.box.letters if one["To"] == "zhou@h.example"]
    assert [one["Subject"] for one in said] == ["Wardkeep · 东院: 1 head of department cannot be told"]
    assert {one["To"] for one in told.box.letters} == {"zhou@h.example", "head@h.example"}


def test_an_address_that_comes_later_brings_the_week_that_waited(told: Any) -> None:
    from wardkeep.govern.identity.actions import set_contact

    head = a_head(mail="")
    assert told(DUE) == []
    set_contact(head, mail="head@h.example", phone="", by="cli", at=DUE)
    assert len(told(DUE + timedelta(days=2))) == 1


def test_a_digest_whose_tables_cannot_be_read_does_not_hold_up_other_notices(
    told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.govern.notices.models import Sending
    from wardkeep.jobs import digests

    def broken() -> Any:
        raise OSError

    a_head()
    a_head("silent", mail="")
    monkeypatch.setattr(digests, "directory", broken)
    assert told(DUE) == []
    assert len(told.box.letters) == 1
    assert Sending.objects.get(told__kind="digest").problem == "the hospital's tables cannot be read: OSError"


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hospital hands over its departments."""
    from wardkeep.jobs import digests

    known = digests.directory()
    monkeypatch.setattr(digests, "directory", lambda: dataclasses.replace(known, listed=frozenset({HEART, DESK})))


def test_a_department_that_no_table_has_is_told_nothing_and_its_head_is_said_once(told: Any, listed: None) -> None:
    from wardkeep.jobs import digests

    a_head()
    a_head("lost", department="心血管", mail="lost@h.example")
    (letter,) = told(DUE)
    assert letter["To"] == "head@h.example"
    assert [head.user.name for head in digests.unknown_departments(digests.heads())] == ["lost"]
    told(DUE + timedelta(minutes=1))
    said = [one["Subject"] for one in told.box.letters if one["To"] == "zhou@h.example"]
    assert said == ["Wardkeep · 东院: 1 head of department cannot be told"]


def test_a_letter_that_waits_is_not_sent_of_a_department_that_no_table_has_any_more(
    told: Any, listed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.govern.notices.models import Sending
    from wardkeep.jobs import digests

    a_head()
    told.box.refusal = "451 later"
    assert told(DUE) == []
    told.box.refusal = ""
    known = digests.directory()
    monkeypatch.setattr(digests, "directory", lambda: dataclasses.replace(known, listed=frozenset({DESK})))
    assert told(DUE + timedelta(minutes=2)) == []
    assert (
        Sending.objects.get(told__kind="digest").problem == "no table of the hospital has the department of the account"
    )


def test_the_command_names_the_department_that_no_table_has_and_ends_with_a_fault(
    set_notices: Any, listed: None, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

    import click

    from wardkeep.cli import notices
    from wardkeep.jobs import draining

    a_head()
    a_head("lost", department="NOPE")
    out: list[dict[str, Any]] = []
    frame = SimpleNamespace(
        home=set_notices(webhook=hook.url), django=lambda: None, say=lambda _: None, out=lambda row, _: out.append(row)
    )
    monkeypatch.setattr(draining, "drain_here", lambda *_, **__: None)
    with click.Context(notices.digest), pytest.raises(click.exceptions.Exit) as ended:
        unwrapped(notices.digest.callback)(frame)
    assert ended.value.exit_code == 1
    assert {row["department"]: (row["department_known"], len(row["channels"])) for row in out} == {
        HEART: (True, 1), "NOPE": (False, 0),
    }  # fmt: skip
    assert [body["department"] for body, _, _ in hook.posted] == [HEART]


def test_weeks_told_are_of_the_last_week_that_is_over(told: Any) -> None:
    head = a_head()
    told(DUE)
    (row,) = told_digests()
    assert (row.about, row.system, row.count) == (f"{date(2026, 3, 16)}|{head.pk}", HEART, 1)
