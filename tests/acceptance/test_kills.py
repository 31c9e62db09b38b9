# SPDX-License-Identifier: Apache-2.0
"""An ingest killed at any moment: what is visible is sealed, and the same command again makes it whole."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.hospitals import hospital, many
from tests.acceptance.program import Program, stored

#: Of each hundred rows, so many are broken, and so many are one record without a number, written again and again.
BROKEN, NAMELESS = 2, 3


def export(folder: Path, count: int) -> dict[str, int]:
    """A hospital with `count` records in three files; what should be stored of them in the end."""
    hospital(folder, events=many(count * (100 - BROKEN - NAMELESS) // 100))
    broken = [f"b{i},yesterday,u1,q{i},read,Encounter,EMR,ws1" for i in range(count * BROKEN // 100)]
    nameless = [
        f",2026-03-03T08:{i % 60:02d}:00+08:00,u1,q1,read,Encounter,EMR,ws1" for i in range(count * NAMELESS // 100)
    ]
    for name, rows in (("events-broken.csv", broken), ("events-nameless.csv", nameless)):
        header = "event_id,time,account,patient_id,action,resource,system,workstation"
        (folder / name).write_text("".join(row + "\n" for row in (header, *rows)), encoding="utf-8")
    return {"events": count - len(broken), "pieces": len(broken)}


def kill(program: Program, folder: Path, chance: random.Random, longest: float) -> bool:
    """Start an ingest and kill it; False where it was done before that.

    Half of the times at any moment of the `longest` seconds that it may take, half while a batch is on its way: sealed,
    and perhaps in the ledger, but not yet visible.
    """
    process = program.start("ingest", folder, "--json")
    pending = program.home / "data" / "store" / "pending"
    if chance.random() < 0.5:
        wait(process, lambda: False, chance.random() * longest)
    else:
        batches = chance.randrange(1, 9)
        for _ in range(batches):
            wait(process, lambda: any(pending.glob("*")), 2 * longest)
            wait(process, lambda: not any(pending.glob("*")), chance.random() * 0.1)
    killed = process.poll() is None
    if killed:
        os.killpg(process.pid, signal.SIGKILL)
    _, err = process.communicate()
    assert killed or process.returncode == 0, err
    return killed


def wait(process: subprocess.Popen[str], happened: Callable[[], bool], seconds: float) -> None:
    """Until `happened()`, the end of the process, or the end of the time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None and not happened():
        time.sleep(0.001)


def nothing_visible_is_unsealed(program: Program) -> int:
    """Checks it; returns how many events are visible."""
    size = program.verify()["size"]
    ((visible, distinct, beyond),) = stored(
        program.home, f"SELECT count(*), count(DISTINCT eid), count(*) FILTER (WHERE n >= {size}) FROM all_events"
    )
    assert (visible, beyond) == (distinct, 0)
    return int(visible)


def whole(program: Program, folder: Path, wanted: dict[str, int]) -> None:
    """The same command again: every count is exact."""
    report = program.json("ingest", folder)
    assert report["read"] == report["accepted"] + report["duplicates"] + report["quarantined"]
    assert nothing_visible_is_unsealed(program) == wanted["events"]
    found = stored(program.home, "SELECT count(DISTINCT event_id) FROM all_events")
    assert found == [(wanted["events"],)]
    assert len(program.call("quarantine", "list", "--json").lines) == wanted["pieces"]
    again = program.json("ingest", folder)
    assert (again["read"], again["accepted"], again["sealed"]) == (report["read"], 0, 0)


def survive(made: Path, tmp_path: Path, *, count: int, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    folder = tmp_path / "hospital"
    wanted = export(folder, count)

    def fresh(number: int) -> Program:
        home = tmp_path / f"home-{number}"
        shutil.copytree(made, home)
        return Program(home, tmp_path)

    begun = time.monotonic()
    (undisturbed := fresh(0)).json("ingest", folder)
    longest = time.monotonic() - begun
    whole(undisturbed, folder, wanted)
    done, homes = 0, 1
    program = fresh(homes)
    while done < kills:
        if kill(program, folder, chance, longest):
            nothing_visible_is_unsealed(program)
            done += 1
            # Most homes are killed several times on their way; each is made whole in the end.
            if chance.random() < 0.8:
                continue
        whole(program, folder, wanted)
        shutil.rmtree(program.home)
        homes += 1
        program = fresh(homes)
    whole(program, folder, wanted)


def test_an_ingest_that_is_killed_again_and_again_ends_whole(made_home: Path, tmp_path: Path) -> None:
    survive(made_home, tmp_path, count=20_000, kills=8, seed=7)


@pytest.mark.soak
def test_a_hundred_kills_of_an_ingest_of_two_hundred_thousand_events(made_home: Path, tmp_path: Path) -> None:
    survive(made_home, tmp_path, count=200_000, kills=100, seed=int(os.environ.get("SEED", "11")))


def test_an_ingest_that_is_killed_beside_a_running_serve_ends_whole(program: Program, tmp_path: Path) -> None:
    chance = random.Random(3)
    folder = tmp_path / "hospital"
    wanted = export(folder, 10_000)
    with program.serving():
        for _ in range(3):
            kill(program, folder, chance, 2.0)
            nothing_visible_is_unsealed(program)
        whole(program, folder, wanted)
