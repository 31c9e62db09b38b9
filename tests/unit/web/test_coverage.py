# SPDX-License-Identifier: Apache-2.0
"""Which scenes are watched, told from what the last run could evaluate."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from wardkeep.watch.detect.described import DETECTIONS


def the_page(enter: Any, role: str = "committee_member", **more: Any) -> str:
    return enter(role, **more).get("/coverage/").content.decode()


def state_of(page: str, scene: str) -> str:
    found = re.search(
        rf"<strong>{re.escape(scene)}</strong>.*?<span class=\"badge[^>]*>.*?</svg>([^<]*)<", page, re.DOTALL
    )
    assert found, scene
    return found[1].strip()


@pytest.fixture
def unevaluated(house: Any) -> Any:
    """Sets which detections the last run could not evaluate, and over how many events it went."""
    from wardkeep.seal.act import action
    from wardkeep.watch.cases.models import Run

    def say(missing: dict[str, list[str]], *, events: int = 7) -> None:
        run = Run.objects.get()
        with action("judgement:run:stored", actor="cli", at=run.finished_at):
            run.events = events
            run.summary = {**run.summary, "evaluated": {**dict.fromkeys(DETECTIONS, "evaluated"), **missing}}
            run.save()

    return say


def test_a_scene_of_which_all_that_looks_there_could_look_says_so(enter: Any, unevaluated: Any) -> None:
    unevaluated({})
    page = the_page(enter)
    assert state_of(page, "online medical data") == "all evaluated"
    assert state_of(page, "11.5 health sensing") == "all evaluated"


def test_a_missing_table_is_named_where_it_is_missed(enter: Any, unevaluated: Any) -> None:
    unevaluated({"off_roster": ["shifts"]})
    page = the_page(enter)
    assert state_of(page, "online medical data") == "partly evaluated"
    assert re.search(r"outside own shifts<span class=\"sub\">not evaluated: no shifts", page)
    assert state_of(page, "11.5 health sensing") == "all evaluated"


def test_a_scene_in_which_nothing_could_be_evaluated_says_so(enter: Any, unevaluated: Any) -> None:
    unevaluated({"service_misuse": ["accounts"]})
    assert state_of(the_page(enter), "11.5 health sensing") == "not evaluated"


def test_where_nothing_was_judged_nothing_was_evaluated(enter: Any, unevaluated: Any) -> None:
    unevaluated({}, events=0)
    assert state_of(the_page(enter), "online medical data") == "not evaluated"


def test_no_page_of_coverage_says_that_a_law_is_met(enter: Any) -> None:
    page = the_page(enter).lower()
    assert "compliant" not in page and "none of this says that a rule of law is met" in page


def test_silences_stand_with_what_should_have_come_in_local_time(enter: Any, house: Any) -> None:
    page = the_page(enter)
    assert re.search(r"PACS.*?paused.*?2026-03-13 09:00.*?2026-03-13 14:00.*?2 of 310 usual", page, re.DOTALL)
    assert re.search(r"LIS.*?skips numbers.*?A0000041 – A0000043.*?2026-03-14 10:00.*?>3</td>", page, re.DOTALL)


def test_where_all_came_the_page_says_so(enter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.unit.web import hospital

    monkeypatch.setattr(hospital, "SILENCES", hospital.SILENCES.slice(0, 0))
    assert "every system handed over what it usually does" in the_page(enter)


@pytest.fixture
def judged_live(house: Any, django_home: Any) -> Any:
    """Says what the process that judges live says of itself."""
    from wardkeep.home import now
    from wardkeep.jobs.listen.places import ALERTING, live_folder

    path = live_folder(django_home) / ALERTING

    def say(known: dict[str, int], says: dict[str, int]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"at": now().isoformat(), "known": known, "says": says}), encoding="utf-8")

    yield say
    path.unlink(missing_ok=True)


def live_line(page: str, detection: str) -> str:
    (part,) = re.findall(rf"<tr><td><strong>{re.escape(detection)}</strong>(.*?)</tr>", page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def test_each_live_detection_names_the_systems_that_it_looks_at_or_why_it_looks_at_none(
    enter: Any, judged_live: Any
) -> None:
    judged_live({"decoys": 1, "people": 3, "ends": 0}, {"emr": 1 | 2 | 4, "vpn": 2 | 16})
    page = the_page(enter)
    assert live_line(page, "decoy record") == "evaluated emr"
    assert live_line(page, "shared credential") == "evaluated emr"
    assert live_line(page, "password guessing") == "evaluated vpn"
    assert "not evaluated" in live_line(page, "account of someone who left")
    assert "there is no leavers" in live_line(page, "account of someone who left")
    assert live_line(page, "two sites at once").endswith("a use of a person&#x27;s account that names a site")
    assert live_line(page, "password spraying").startswith("not evaluated no system has sent a sign-in")


def test_every_reason_is_said_in_both_languages(enter: Any, judged_live: Any) -> None:
    from django.utils import translation

    from wardkeep.watch.live import Lack, LiveDetection
    from wardkeep.web.say.codes import LIVE_EVENTS, LIVE_LACKS

    assert set(LIVE_LACKS) == {lack.value for lack in Lack} - {"no_events"}
    assert set(LIVE_EVENTS) == {detection.value for detection in LiveDetection}
    for name in (*LIVE_LACKS.values(), *LIVE_EVENTS.values()):
        with translation.override("zh-hans"):
            assert not re.search("[A-Za-z]", str(name))


def test_without_a_listener_nothing_is_said_of_live_detections(enter: Any) -> None:
    assert 'id="live"' not in the_page(enter)
