# SPDX-License-Identifier: Apache-2.0
"""What the last judgement could look for in each scene, and which systems it saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from django.conf import settings

from wardkeep.jobs.silent import all_silences
from wardkeep.watch.cases.casebook import cover, last_run
from wardkeep.watch.cases.models import Run
from wardkeep.watch.cases.pages import SystemCover
from wardkeep.watch.detect.described import DETECTIONS, Scene, Threat
from wardkeep.watch.silence import Silence

#: Silences shown, newest first.
SILENCES = 30
#: How much of what serves a scene could be looked for. Whether data of the scene came at all is what the systems tell.
State = Literal["all", "partly", "none", "nothing"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """One detection that serves a scene; `missing`: the tables without which it was not evaluated."""

    code: str
    missing: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class SceneLine:
    code: str
    state: State
    detections: Sequence[Served]
    threats: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class SilenceLine:
    kind: str
    system: str
    from_at: datetime
    to_at: datetime
    expected: int
    got: int
    first: str
    last: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """The page; without a run nothing was evaluated."""

    run: Run | None
    systems: Sequence[SystemCover]
    #: Logs that should be there and are not; times local to the hospital.
    silences: Sequence[SilenceLine]
    guidance: Sequence[SceneLine]
    standard: Sequence[SceneLine]
    #: Threats of the guidance -> how many detections look for each.
    threats: Mapping[str, int]


def coverage(*, now: datetime) -> Coverage:
    """As the newest run that judged anything left it."""
    run = last_run()
    missing = {code: tuple(tables) for code, tables in (run.unevaluated if run else {}).items()}
    scenes = [_scene(scene, missing, is_judged=run is not None and run.events > 0) for scene in Scene]
    return Coverage(
        run=run,
        systems=cover(now=now),
        silences=[_silence(one) for one in all_silences(settings.WARDKEEP_HOME, run, at=now)[:SILENCES]],
        guidance=[line for line in scenes if line.code.startswith("G_")],
        standard=[line for line in scenes if line.code.startswith("S_")],
        threats={threat.name: sum(threat in d.threats for d in DETECTIONS.values()) for threat in Threat},
    )


def _silence(one: Silence) -> SilenceLine:
    return SilenceLine(
        kind=one.kind.value,
        system=one.system,
        from_at=_local(one.from_us),
        to_at=_local(one.to_us),
        expected=one.expected,
        got=one.got,
        first=one.first,
        last=one.last,
    )


def _local(us: int) -> datetime:
    """A local moment as one that the page prints as it stands."""
    zone = ZoneInfo(settings.WARDKEEP_HOME.settings.hospital.timezone)
    return (datetime(1970, 1, 1) + timedelta(microseconds=us)).replace(tzinfo=zone)


def _scene(scene: Scene, missing: Mapping[str, Sequence[str]], *, is_judged: bool) -> SceneLine:
    serving = [d for d in DETECTIONS.values() if scene in d.scenes]
    detections = [Served(code=d.code.value, missing=missing.get(d.code.value, ())) for d in serving]
    threats = [threat.name for threat in Threat if any(threat in d.threats for d in serving)]
    return SceneLine(code=scene.name, state=_state(detections, is_judged), detections=detections, threats=threats)


def _state(detections: Sequence[Served], is_judged: bool) -> State:
    if not detections:
        return "nothing"
    evaluated = sum(not one.missing for one in detections)
    if not is_judged or not evaluated:
        return "none"
    return "all" if evaluated == len(detections) else "partly"
