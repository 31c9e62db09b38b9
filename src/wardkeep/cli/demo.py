# SPDX-License-Identifier: Apache-2.0
"""`wardkeep demo`: the whole main job on a simulated hospital, then the console."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from wardkeep.cli import demo_people
from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.home import Home, default_home, now
from wardkeep.settings import Hospital, Settings, SettingsError, check

if TYPE_CHECKING:
    from simulate.calibration import Rate
    from wardkeep.jobs.demonstration import Wish

#: A Monday. The hospital's month is the same at every start, so that the same demo shows the same cases.
FIRST_DAY = date(2026, 3, 2)
ZONE = "Asia/Shanghai"
#: So many last days come as HL7 messages too.
MESSAGE_DAYS = 7
#: No hospital's ledger has this name.
DEMO_ORIGIN = "wardkeep.local/demo"


@click.command("demo")
@click.option("--days", type=click.IntRange(1, 400), default=30, show_default=True, help="Days of logs.")
@click.option("--staff", type=click.IntRange(60, 5000), default=300, show_default=True, help="People who work there.")
@click.option(
    "--patients", type=click.IntRange(500, 1_000_000), default=20_000, show_default=True, help="At least ten a person."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed, another hospital.")
@click.option("--no-serve", is_flag=True, help="Do everything but the console.")
@click.option("--fresh", is_flag=True, help="Make the demo anew even where the same one is there.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port of the console; 0 takes a free one.")
@standard
def command(frame: Frame, no_serve: bool, fresh: bool, port: int | None, **size: int) -> None:
    """Invent a hospital, ingest and judge its logs, open the console, and print address and sign-in.

    The home is ~/.local/share/wardkeep-demo unless --home names another. The same demo is taken up again; another demo
    in the folder is replaced; a folder that no demo made is refused.
    """
    from wardkeep.jobs.demonstration import Wish, finished, is_there, make_room  # noqa: PLC0415

    source = click.get_current_context().get_parameter_source("home_folder")
    if source is ParameterSource.DEFAULT:
        frame.home = Home(default_home().with_name("wardkeep-demo"))
    if size["patients"] < 10 * size["staff"]:
        raise click.UsageError(speak("--patients %(patients)d is too few: give at least ten a person of staff") % size)
    os.umask(0o077)
    wish = Wish(first_day=first_day(now().date(), size["days"]), **size)
    phases = Phases(frame)
    if is_there(frame.home, wish) and not fresh:
        frame.say(speak("This demo is in %s already; --fresh makes it anew.") % frame.home.path)
        result: dict[str, Any] = {}
        frame.django()
    else:
        own = make_room(frame.home, wish)
        result = _make(frame, wish, own, phases)
        finished(frame.home, wish)
    people = demo_people.sign_in(frame)
    result = {"home": str(frame.home.path), **result, "sign_in": [dataclasses.asdict(p) for p in people]}
    result |= {"phases": phases.seconds, "seconds": round(phases.total, 1)}
    if no_serve:
        frame.out(result, demo_people.text(people, None) + "\n" + _serve_later(frame))
        return
    _serve(frame, result, people, port)


def first_day(today: date, days: int) -> date:
    """The fixed first day, or where a clock is behind it a Monday early enough for every case to be settled."""
    if FIRST_DAY + timedelta(days=days + 3) <= today:
        return FIRST_DAY
    early = today - timedelta(days=days + 3)
    return early - timedelta(days=early.weekday())


class Phases:
    """Says what is done as it is done, and remembers how long each part took."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.began = time.monotonic()
        self.seconds: dict[str, float] = {}

    @property
    def total(self) -> float:
        return time.monotonic() - self.began

    def say(self, text: str) -> None:
        self.frame.say(f"{self.total:6.1f} s  {text}")

    @contextmanager
    def __call__(self, name: str, text: str) -> Iterator[None]:
        self.say(text)
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 1)


def _make(frame: Frame, wish: Wish, own: Path, phases: Phases) -> dict[str, Any]:
    """Everything up to the judged hospital."""
    from wardkeep.cli.ingest import progress, summary  # noqa: PLC0415
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415
    from wardkeep.jobs.ingesting import ingest_paths  # noqa: PLC0415
    from wardkeep.jobs.install import install  # noqa: PLC0415
    from wardkeep.jobs.judging import judge_home  # noqa: PLC0415

    systems, rates, scenes = _simulate(wish, own, phases)
    with phases("init", speak("a home in %s: keys, ledger, database") % frame.home.path):
        install(frame.home, _settings(frame, systems), at=now(), origin=DEMO_ORIGIN, beside=frozenset({own.name}))
        frame.django()
        demo_people.enrol_all(frame)
    with phases("ingest", speak("reading, sealing and storing logs and tables")):
        stored = ingest_paths(frame.home, [own / "hospital"], at=now(), progress=progress(frame))
    with phases("judge", speak("explaining, detecting, ranking")):
        judged = judge_home(frame.home, trigger="demo").judgement
        drain_here(frame.home, say=frame.say)
    found = {"accesses": judged.events, "explained": judged.explained, "cases": len(judged.cases)}
    shown = {**found, "accesses": f"{judged.events:,}"}
    shown["share"] = f"{100 * judged.explained / max(judged.events, 1):.1f}"
    phases.say(
        speak("%(accesses)s accesses, %(share)s %% with a documented or learned reason, %(cases)d cases to read")
        % shown
    )
    _say_rates(frame, rates)
    _say_scenes(frame, scenes)
    ingested = {name: value for name, value in summary(stored).items() if name != "checkpoint"}
    return {"ingest": ingested, **found}


def _simulate(wish: Wish, own: Path, phases: Phases) -> tuple[tuple[str, ...], list[Rate], dict[str, dict[str, Any]]]:
    """Write the hospital as its systems would, and the truth beside it; its systems, its rates, and its scenes."""
    import simulate  # noqa: PLC0415

    size = {"staff": f"{wish.staff:,}", "patients": f"{wish.patients:,}", "days": wish.days, "seed": wish.seed}
    words = speak("inventing a hospital: %(staff)s staff, %(patients)s patients, %(days)d days (seed %(seed)d)") % size
    with phases("simulate", words):
        hospital = simulate.build(
            wish.seed, wish.staff, wish.patients, wish.days, first_day=wish.first_day, sources=True
        )
        rates = simulate.calibration.calibration(hospital)
        systems = tuple(sorted(hospital.systems))
    words = speak(
        "writing its logs as its systems do: FHIR, HL7, a database audit, a bastion, GB18030 with local times"
    )
    with phases("write", words):
        simulate.write(hospital, own / "hospital", "foreign", compress=True, feeds=MESSAGE_DAYS)
        simulate.write_truth(hospital, own / "truth")
    return systems, rates, hospital.scenes


def _settings(frame: Frame, systems: tuple[str, ...]) -> Settings:
    return Settings(
        hospital=Hospital(
            name=speak("Demo hospital (simulated)"),
            timezone=ZONE,
            language="zh" if frame.lang == "zh" else "en",
            systems=systems,
        ),
    )


def _say_rates(frame: Frame, rates: list[Rate]) -> None:
    """How the invented hospital compares, in short; a simulation proves a method, not a hospital."""
    frame.say("\n" + speak("The simulated hospital beside published rates (it proves a method, not a hospital):"))
    found = {rate.measure: rate for rate in rates}
    for measure, words in _short().items():
        rate = found[measure]
        beside = "; ".join(part for part in (rate.published, rate.source) if part)
        frame.say(f"  {rate.here.partition(' (')[0]:>8}  {words}" + (f"  [{beside}]" if beside else ""))
    frame.say("")


def _say_scenes(frame: Frame, scenes: dict[str, dict[str, Any]]) -> None:
    """Where the two scenes are that no log shows by itself."""
    if pull := scenes.get("pull"):
        words = speak(
            "Look for the pull at %(time)s under HIS_APP (%(event)s): the bastion and a door say who it was. "
            "The report under ticket %(ticket)s asked the same that day, with leave."
        )
        frame.say(words % {"time": pull["time"], "event": pull["event_ids"][0], "ticket": pull["lawful_ticket"]})
    if edit := scenes.get("edit"):
        words = speak(
            "Look for the document changed at %(time)s (%(event)s), after the family of stay %(stay)s had asked for copies."
        )
        frame.say(words % {"time": edit["time"], "event": edit["event_ids"][0], "stay": edit["encounter_id"]})
    frame.say("")


def _short() -> dict[str, str]:
    """Of the simulator's rates, those that say most in few lines, in the language in force."""
    return {
        "events": speak("events"),
        "accesses a person and day": speak("accesses a person and day"),
        "under a shared or borrowed account": speak("of accesses under a shared or borrowed account"),
        "legitimate accesses with a documented reason": speak("of legitimate accesses have a documented reason"),
        "flagged family, per million": speak("accesses per million are to a relative's record"),
        "flagged neighbour, per million": speak("accesses per million are to a neighbour's record"),
        "flagged accesses that five simple reasons explain": speak("of such accesses have one of five simple reasons"),
        "cases of misuse": speak("cases of misuse"),
    }


def _serve(frame: Frame, result: dict[str, Any], people: list[demo_people.Person], port: int | None) -> None:
    from wardkeep.cli.serve import run  # noqa: PLC0415

    settings = frame.home.settings
    if port is not None:
        settings = dataclasses.replace(settings, console=dataclasses.replace(settings.console, port=port))
        if faults := check(settings):
            raise SettingsError(faults)
        frame.home.adopt(settings, None)

    def announce(address: str, port: int) -> None:
        frame.out({**result, "address": address, "port": port, "pid": os.getpid()}, demo_people.text(people, address))

    run(frame, announce, or_free_port=port is None)


def _serve_later(frame: Frame) -> str:
    return speak("Open the console with `wardkeep serve --home %s`.") % frame.home.path
