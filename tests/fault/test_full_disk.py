# SPDX-License-Identifier: Apache-2.0
"""A disk that is full while every protocol sends: senders hear it, nothing acknowledged is lost, with room all goes on."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.acceptance.commands import Served, eventually, serving
from tests.acceptance.program import Program
from tests.acceptance.test_live import listen, ports, told
from tests.fault.accounted import alerts_once, expect
from tests.fault.ballast import Ballast
from tests.fault.senders import KINDS, Sender, free_ports
from tests.fault.test_kills import PROCESSES, finish

#: The senders that are told when nothing is taken; a datagram's sender never is, and its loss is counted.
TOLD = ("fhir", "adt", "log")


def full(program: Program, ballast: Ballast, senders: list[Sender], *, seconds: float) -> None:
    """Keep the disk full until each sender that can be told was told, the status says it, and for so long at least."""
    begun = time.monotonic()
    before = {sender: sender.refused for sender in senders}
    waiting = [sender for sender in senders if sender.name_of in TOLD]

    def heard() -> bool:
        ballast.fill()
        listeners = told(program)["listening"].get("listeners", {})
        seen = all("No space left" in listeners.get(one.name_of, {}).get("trouble", "") for one in senders)
        return seen and time.monotonic() - begun >= seconds and all(s.refused > before[s] + 2 for s in waiting)

    eventually(heard, within=120)


def survive(disk: Path, made: Path, folder: Path, *, times: int, seconds: float) -> tuple[dict[str, int], list[Sender]]:
    home = disk / "home"
    shutil.copytree(made, home)
    program, ballast, at = Program(home, folder), Ballast(disk), free_ports()
    listen(program, {kind.name_of: {"protocol": kind.protocol, "port": at[kind.name_of]} for kind in KINDS})
    senders: list[Sender] = [kind(at[kind.name_of]) for kind in KINDS]
    with serving(home) as served:
        ports(program, *at)
        pids = processes(served)
        for sender in senders:
            sender.start()
        for _ in range(times):
            moved_on(senders)
            full(program, ballast, senders, seconds=seconds)
            ballast.free()
        moved_on(senders)
        finish(program, senders)
        eventually(lambda: not told(program)["storing"].get("trouble"))
        assert processes(served) == pids, "a process died of a full disk"
        assert served.stop()[0] == 0
    found = expect(home, senders, listener_died=False)
    alerts_once(program)
    program.verify()
    return found, senders


def processes(served: Served) -> dict[str, int]:
    return dict(eventually(lambda: set(PROCESSES) <= set(found := served.processes()) and found))


def moved_on(senders: list[Sender]) -> None:
    """Until each has sent some more."""
    before = {sender: sender.number for sender in senders}
    eventually(lambda: all(sender.number > before[sender] + 20 for sender in senders), within=120)


def test_a_full_disk_under_load_is_told_and_costs_no_acknowledged_message(
    small_disk: Path, made_home: Path, tmp_path: Path
) -> None:
    found, senders = survive(small_disk, made_home, tmp_path, times=1, seconds=2)
    assert min(found.values()) > 20
    assert all(sender.refused for sender in senders if sender.name_of in TOLD)


@pytest.mark.soak
@pytest.mark.parametrize("small_disk", [512], indirect=True)  # so much is stored meanwhile
def test_a_disk_that_fills_up_again_and_again_costs_no_acknowledged_message(
    small_disk: Path, made_home: Path, tmp_path: Path
) -> None:
    found, senders = survive(small_disk, made_home, tmp_path, times=10, seconds=8)
    print(f"stored {found}, told { ({s.name_of: s.refused for s in senders}) }")
