# SPDX-License-Identifier: Apache-2.0
"""Notices through a real SMTP server and real hooks: told once, tried again, never with a patient in them."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.notices.peers import Hook, MailBox, told_by_mail
from tests.ports import free_port
from tests.unit.web import hospital

AT = datetime(2026, 3, 22, 1, tzinfo=UTC)


def a_day_with_cases() -> datetime:
    """The invented cases are about 2026-03-21, and came to be read with the judgement of the next local morning."""
    return AT


def test_cases_to_read_are_told_once_a_day_by_mail(set_notices: Any, mail: tuple[str, MailBox]) -> None:
    from wardkeep.jobs.telling import tell

    server, box = mail
    home = set_notices(**told_by_mail(server, address="https://wardkeep.h.example/"))
    at = a_day_with_cases()
    assert tell(home, at=at) == 1
    assert tell(home, at=at + timedelta(hours=1)) == 0
    (letter,) = box.letters
    assert letter["To"] == "zhou@h.example" and letter["From"] == "wardkeep@h.example"
    assert letter["Subject"] == "Wardkeep · 东院: 3 cases to read"
    text = letter.get_content()
    assert text.rstrip().endswith("https://wardkeep.h.example/") and "to be verified" in text


def test_a_day_on_which_no_case_came_is_not_told(set_notices: Any, mail: tuple[str, MailBox]) -> None:
    from wardkeep.jobs.telling import tell

    server, box = mail
    home = set_notices(**told_by_mail(server))
    assert tell(home, at=a_day_with_cases() + timedelta(days=1)) == 0
    assert box.letters == []


def test_a_notice_speaks_the_hospitals_language(set_notices: Any, mail: tuple[str, MailBox]) -> None:
    from wardkeep.jobs.telling import tell

    server, box = mail
    tell(set_notices(language="zh", **told_by_mail(server)), at=a_day_with_cases())
    assert "待阅案例" in str(box.letters[0]["Subject"])
    assert "待核实" in box.letters[0].get_content()


def test_a_notice_names_no_patient_no_account_and_no_case(set_notices: Any, hook: Hook) -> None:
    from tests.unit.web import hospital
    from wardkeep.jobs.telling import tell
    from wardkeep.watch.cases.models import Case

    tell(set_notices(webhook=hook.url), at=a_day_with_cases())
    said = " ".join(raw.decode() for _, _, raw in hook.posted)
    assert said
    secrets = {hospital.VICTIM, hospital.VICTIM_NAME, hospital.NOSY, *Case.objects.values_list("key", flat=True)}
    assert [one for one in secrets if one in said] == []


def test_a_silence_that_a_judgement_saw_is_told_too(
    set_notices: Any, hook: Hook, monkeypatch: pytest.MonkeyPatch, silences: Any
) -> None:
    from wardkeep.jobs.telling import tell

    monkeypatch.setattr(hospital, "SILENCES", silences)
    home = set_notices(webhook=hook.url, kinds=("silent",))
    tell(home, at=AT)
    tell(home, at=AT + timedelta(minutes=5))
    assert sorted(body["system"] for body, _, _ in hook.posted) == ["LIS", "PACS", "PACS"]


def test_a_silent_system_is_told_by_name_and_once(set_notices: Any, hook: Hook) -> None:
    from wardkeep.jobs.telling import tell

    home = set_notices(webhook=hook.url, kinds=("silent",))
    tell(home, at=AT)
    tell(home, at=AT + timedelta(minutes=5))
    ((body, _, _),) = hook.posted
    assert (body["kind"], body["system"]) == ("silent", "PACS")


def test_records_that_differ_and_a_source_that_could_not_be_read_are_told_once(set_notices: Any, hook: Hook) -> None:
    from tests.unit.web.differing import difference, kept
    from wardkeep.govern.records.actions import not_evaluated
    from wardkeep.jobs.telling import tell
    from wardkeep.watch.integrity import Problem

    home = set_notices(webhook=hook.url, kinds=("records", "silent"))
    kept(difference(Problem.CHANGED), difference(Problem.MISSING), at=AT)
    kept(difference(Problem.CHANGED), at=AT + timedelta(minutes=1))  # known already
    for minute in (2, 3):
        not_evaluated("lis-reports", "lis-reports: connection refused", at=AT + timedelta(minutes=minute), by="jobs")
    tell(home, at=AT + timedelta(minutes=4))
    tell(home, at=AT + timedelta(minutes=5))
    told = [(body["kind"], body["system"], body["count"]) for body, _, _ in hook.posted if body["system"] != "PACS"]
    assert sorted(told) == [("records", "EMR", 2), ("silent", "lis-reports", 1)]
    told_of = ["N-changed", "N-missing", hospital.VICTIM]
    assert not [name for name in told_of for _, _, raw in hook.posted if name in raw.decode()]


def test_a_hook_can_check_who_sent_it(set_notices: Any, hook: Hook) -> None:
    from wardkeep.jobs.telling import tell

    home = set_notices(webhook=hook.url, webhook_secret="hook.secret", kinds=("silent",))
    (home.path / "hook.secret").write_text("a long secret\n")
    tell(home, at=AT)
    ((_, signature, raw),) = hook.posted
    assert signature == "sha256=" + hmac.new(b"a long secret", raw, hashlib.sha256).hexdigest()


def test_an_sms_gateway_gets_one_line_for_each_number(set_notices: Any, hook: Hook) -> None:
    from wardkeep.jobs.telling import tell

    tell(set_notices(sms=hook.url, sms_to=("13800000001", "13800000002"), kinds=("silent",)), at=AT)
    assert [body["to"] for body, _, _ in hook.posted] == ["13800000001", "13800000002"]
    assert all("\n" not in body["text"] and "PACS" in body["text"] for body, _, _ in hook.posted)


NUMBERS = ("13800000001", "13800000002", "13800000003")


def test_only_the_numbers_that_a_gateway_refused_are_tried_again(set_notices: Any, hook: Hook) -> None:
    from wardkeep.govern.notices.models import Sending
    from wardkeep.jobs.telling import tell

    hook.refused = {NUMBERS[1]}
    home = set_notices(sms=hook.url, sms_to=NUMBERS, kinds=("silent",))
    tell(home, at=AT)
    assert [body["to"] for body, _, _ in hook.posted] == list(NUMBERS)
    assert Sending.objects.get().problem == "1 of 3: the hook answers 500"
    tell(home, at=AT + timedelta(minutes=2))
    hook.refused.clear()
    tell(home, at=AT + timedelta(minutes=10))
    assert [body["to"] for body, _, _ in hook.posted[3:]] == [NUMBERS[1]] * 2
    assert Sending.objects.get().state == "sent"


def test_what_a_number_has_is_kept_though_the_program_is_killed_before_the_next(
    set_notices: Any, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.govern.notices.actions import LEASE
    from wardkeep.jobs import sending
    from wardkeep.jobs.telling import tell

    post = sending.post_json

    def killed(url: str, body: dict[str, Any], **more: Any) -> None:
        if body["to"] == NUMBERS[1]:
            raise KeyboardInterrupt
        post(url, body, **more)

    home = set_notices(sms=hook.url, sms_to=NUMBERS, kinds=("silent",))
    monkeypatch.setattr(sending, "post_json", killed)
    with pytest.raises(KeyboardInterrupt):
        tell(home, at=AT)
    monkeypatch.setattr(sending, "post_json", post)
    assert tell(home, at=AT + timedelta(seconds=30)) == 0  # for all it knows the other process is still at it
    assert tell(home, at=AT + LEASE) == 1
    assert [body["to"] for body, _, _ in hook.posted] == list(NUMBERS)


def test_a_gateway_that_is_away_is_not_asked_for_every_number(
    set_notices: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.jobs import sending
    from wardkeep.jobs.telling import tell

    asked = []

    def away(url: str, body: dict[str, Any], **_: Any) -> None:
        asked.append(body["to"])
        raise sending.NotSent("hook: TimeoutError")

    monkeypatch.setattr(sending, "post_json", away)
    tell(set_notices(sms="http://127.0.0.1:9/", sms_to=NUMBERS, kinds=("silent",)), at=AT)
    assert asked == [NUMBERS[0]]


def test_only_the_recipients_that_a_mail_server_refused_are_tried_again(
    set_notices: Any, mail: tuple[str, MailBox]
) -> None:
    from wardkeep.govern.notices.models import Sending
    from wardkeep.jobs.telling import tell

    server, box = mail
    box.refused = {"b@h.example"}
    home = set_notices(**told_by_mail(server, mail_to=("a@h.example", "b@h.example")))
    assert tell(home, at=AT) == 0
    assert Sending.objects.get().problem == "1 of 2: the mail server answers 450"
    box.refused.clear()
    assert tell(home, at=AT + timedelta(minutes=2)) == 1
    assert box.recipients == [["a@h.example"], ["b@h.example"]]
    assert box.letters[0]["Message-ID"] == box.letters[1]["Message-ID"]


def test_two_processes_send_one_notice_once(set_notices: Any, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.jobs import sending
    from wardkeep.jobs.telling import tell

    post = sending.post_json

    def meanwhile(url: str, body: dict[str, Any], **more: Any) -> None:
        monkeypatch.setattr(sending, "post_json", post)
        assert tell(home, at=AT) == 0  # what the other process does while this one is at it
        post(url, body, **more)

    home = set_notices(webhook=hook.url, kinds=("silent",))
    monkeypatch.setattr(sending, "post_json", meanwhile)
    assert tell(home, at=AT) == 1
    assert len(hook.posted) == 1


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_hook_that_refuses_is_asked_again_later_and_then_given_up(set_notices: Any, hook: Hook, status: int) -> None:
    from wardkeep.govern.notices.models import Sending
    from wardkeep.govern.notices.notice import AGAIN_AFTER
    from wardkeep.jobs.telling import tell

    hook.status = status
    home = set_notices(webhook=hook.url, kinds=("silent",))
    at = AT
    tell(home, at=at)
    tell(home, at=at + timedelta(seconds=30))
    assert len(hook.posted) == 1  # its next try is a minute later
    for pause in AGAIN_AFTER:
        at += pause
        tell(home, at=at)
    sending = Sending.objects.get()
    assert (len(hook.posted), sending.state) == (len(AGAIN_AFTER) + 1, "given_up")
    assert sending.problem == f"the hook answers {status}"


def test_a_mail_server_that_comes_back_gets_what_waited(set_notices: Any, mail: tuple[str, MailBox]) -> None:
    from wardkeep.govern.notices.models import Sending
    from wardkeep.jobs.telling import tell
    from wardkeep.seal.models import Outbox

    server, box = mail
    box.refusal = "451 later"
    home = set_notices(**told_by_mail(server))
    at = a_day_with_cases()
    assert tell(home, at=at) == 0
    assert Sending.objects.get().problem == "the mail server answers 451"
    box.refusal = ""
    assert tell(home, at=at + timedelta(minutes=2)) == 1
    assert Sending.objects.get().state == "sent"
    acts = [json.loads(row.body)["act"] for row in Outbox.objects.order_by("order")]
    assert acts[-2:] == ["notice:message:made", "notice:message:sent"]


def test_one_channel_that_fails_does_not_hold_up_the_other(set_notices: Any, hook: Hook) -> None:
    from wardkeep.govern.notices.models import Sending
    from wardkeep.jobs.telling import tell

    dead = told_by_mail(f"127.0.0.1:{free_port()}", kinds=("silent",))
    assert tell(set_notices(webhook=hook.url, **dead), at=AT) == 1
    assert {s.channel: s.state for s in Sending.objects.all()} == {"mail": "waiting", "webhook": "sent"}


def test_a_secret_that_cannot_be_read_is_named_and_not_replaced_by_none(set_notices: Any, hook: Hook) -> None:
    from wardkeep.govern.notices.models import Sending
    from wardkeep.jobs.telling import tell

    tell(set_notices(webhook=hook.url, webhook_secret="lost.secret", kinds=("silent",)), at=AT)
    assert hook.posted == []
    assert Sending.objects.get().problem == "the secret in lost.secret cannot be read: FileNotFoundError"


def test_without_a_channel_nothing_is_made(set_notices: Any) -> None:
    from wardkeep.govern.notices.models import Told
    from wardkeep.jobs.telling import tell

    assert tell(set_notices(), at=AT) == 0
    assert not Told.objects.exists()
