# SPDX-License-Identifier: Apache-2.0
"""`wardkeep alerts`: what the page shows and does, on the command line, in the name of a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from tests.rows import a_user
from tests.unit.web import hospital
from tests.unit.web.alerted import alert, kept
from wardkeep.watch.live import LiveDetection as D


@pytest.fixture
def call(rows: None, django_home: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Runs the command in this process, on the rows of the test; gives status, lines of JSON, and what was said."""
    from wardkeep.cli.alerts import command
    from wardkeep.cli.frame import Frame, leave

    monkeypatch.setattr("wardkeep.cli.frame.Home", lambda _: django_home)
    monkeypatch.setattr(Frame, "django", lambda self: None)
    monkeypatch.setattr("wardkeep.jobs.draining.drain_here", lambda *_, **__: 0)

    def run(*words: Any, as_json: bool = True) -> tuple[int, Any, str]:
        asked = [*map(str, words), "--lang", "en", *(["--json"] if as_json else [])]
        done = CliRunner().invoke(command, asked)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            with pytest.raises(SystemExit) as left:
                leave(lambda: (_ for _ in ()).throw(done.exception))
            return int(left.value.code or 0), None, str(done.exception)
        out = [json.loads(line) for line in done.stdout.splitlines()] if as_json and not done.exit_code else done.stdout
        return done.exit_code, out, done.stderr

    yield run


def acts() -> list[dict[str, Any]]:
    from wardkeep.seal.models import Outbox

    return [json.loads(row.body) for row in Outbox.objects.order_by("id") if '"alert:live:' in row.body]


def test_the_newest_stand_first_and_no_patient_is_named(call: Any) -> None:
    kept([alert(D.HONEY), alert(D.SELF_ACCESS), alert(D.SPRAYING)])
    status, lines, _ = call("list")
    assert status == 0
    assert [one["detection"] for one in lines] == ["password_spraying", "self_access", "honey"]
    assert [one["about_a_patient"] for one in lines] == [False, True, True]
    assert lines[2]["seen"] == "A decoy record was opened. Nobody has a reason to."
    assert lines[2]["happened_at"] == "2026-03-02T12:00:00+08:00"
    for text in (json.dumps(lines), call("list", as_json=False)[1]):
        assert "P-DECOY" not in text and hospital.VICTIM not in text


def test_a_list_is_narrowed_down_and_says_how_much_it_left_out(call: Any) -> None:
    kept([alert(D.HONEY, account=f"u{n}") for n in range(3)] + [alert(D.BATCH)])
    assert [one["detection"] for one in call("list", "--detection", "batch")[1]] == ["batch"]
    status, lines, said = call("list", "--most", 2)
    assert (status, len(lines)) == (0, 2) and "2 of 4 alerts" in said
    assert call("list", "--state", "dismissed")[1:] == ([], "no alert\n")


def test_one_is_shown_and_its_patient_only_to_a_person_and_recorded(call: Any) -> None:
    from wardkeep.watch.cases.models import Touch

    (row,) = kept([alert(D.BATCH)])
    (one,) = call("show", row.pk)[1]
    assert (one["observed"], one["limits"]["batch_patients"], one["account"]) == (
        {"batch_patients": 44}, 40, hospital.NOSY
    )  # fmt: skip
    (decoy,) = kept([alert(D.HONEY)])
    assert "patient_id" not in call("show", decoy.pk)[1][0] and not Touch.objects.exists()
    assert call("show", decoy.pk, "--patient")[0] == 2
    li = a_user("li")
    assert call("show", decoy.pk, "--patient", "--by", "li")[1][0]["patient_id"] == "P-DECOY"
    assert [(t.kind, t.user, t.patient_id) for t in Touch.objects.all()] == [("patient", li, "P-DECOY")]


def test_a_person_looks_into_one_and_closes_it_with_a_reason_and_an_act(call: Any) -> None:
    (row,) = kept([alert(D.HONEY)])
    li, zhao = a_user("li"), a_user("zhao")
    assert call("see", row.pk, "--by", "li")[1][0]["state"] == "seen"
    (closed,) = call("close", row.pk, "--why", "an exercise", "--by", "zhao")[1]
    assert (closed["state"], closed["seen_by"], closed["closed_by"], closed["reason"]) == (
        "dismissed", "li", "zhao", "an exercise"
    )  # fmt: skip
    said = [(act["act"], act["actor"], act.get("facts", {}).get("via")) for act in acts()]
    assert said[1:] == [("alert:live:seen", f"user:{li.pk}", "cli"), ("alert:live:dismissed", f"user:{zhao.pk}", "cli")]
    assert not any("exercise" in json.dumps(act) for act in acts())
    status, _, said_last = call("close", row.pk, "--why", "again", "--by", "li")
    assert status == 2 and "Somebody else" in said_last


@pytest.mark.parametrize("words, said", [
    (("--why", "known"), "--by"),
    (("--why", "known", "--by", "nobody"), "no account nobody"),
    (("--why", "known", "--by", "own"), "about himself"),      # his own account in the hospital's systems
    (("--why", "known", "--by", "itself"), "role of a reviewer"),  # makes accounts, and reads nothing of patients
    (("--why", "  a ", "--by", "li"), "Write why"),
])  # fmt: skip
def test_what_may_not_be_closed_stays_open(call: Any, words: tuple[str, ...], said: str) -> None:
    rows = kept([alert(D.BATCH, account="other", person="S900"), alert(D.HONEY)])
    a_user("li"), a_user("own", account=hospital.NOSY), a_user("itself", role="system_administrator")
    before = len(acts())
    status, _, why = call("close", *(row.pk for row in rows), *words)
    assert status == 2 and said in why
    for row in rows:
        row.refresh_from_db()
        assert row.state == "new"
    assert len(acts()) == before


def test_what_is_not_there_is_said(call: Any) -> None:
    status, _, said = call("show", uuid4())
    assert status == 2 and "there is no alert" in said
    assert call("show", "7")[0] == 2
