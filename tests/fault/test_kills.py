# SPDX-License-Identifier: Apache-2.0
"""kill -9 of everything that `serve` runs while every protocol sends: what was acknowledged is there once, losses are told."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.acceptance.commands import Served, alive, children_of, eventually, serving
from tests.acceptance.program import Program
from tests.acceptance.test_live import listen, ports
from tests.fault.accounted import alerts_once, expect
from tests.fault.senders import KINDS, Sender, free_ports

#: What is killed; "serve" is the supervisor with all of them at once.
PROCESSES = ("listening", "storing", "alerting", "ledger", "clerk", "web")
#: A process that dies often waits longer before it starts again: then all of them are killed, and `serve` starts anew.
EACH = 6


def until_quiet(home: Path) -> None:
    """Until nothing waits in the raw spools; a busy machine stores more slowly than it was sent."""
    folder = home / "data" / "live"
    eventually(lambda: not list(folder.glob("*/*.wkr")) and not list(folder.glob("*/*.open")), within=900)


def kill(served: Served, name: str) -> None:
    """One of the processes, or all at one moment; back when what was killed is gone."""
    if name != "serve":
        pid = eventually(lambda: served.processes().get(name), within=120)
        os.kill(pid, signal.SIGKILL)
        return
    pids = children_of(served.process.pid)
    for pid in (served.process.pid, *pids):
        os.kill(pid, signal.SIGKILL)
    served.process.wait(60)
    eventually(lambda: not any(map(alive, pids)))


def survive(program: Program, kills: list[str], dice: random.Random, *, apart: float) -> dict[str, int]:
    """Kill these one after another under load; how many messages are there of each sender in the end."""
    at = free_ports()
    listen(program, {kind.name_of: {"protocol": kind.protocol, "port": at[kind.name_of]} for kind in KINDS})
    senders: list[Sender] = [kind(at[kind.name_of]) for kind in KINDS]
    left = list(kills)
    while left:
        session = left[: left.index("serve") + 1] if "serve" in left else left
        left = left[len(session) :]
        with serving(program.home) as served:
            ports(program, *at)
            for sender in senders:
                if not sender.ident:
                    sender.start()
            for name in session:
                time.sleep(dice.uniform(0, apart))
                kill(served, name)
            if not left and served.process.poll() is None:
                finish(program, senders)
                assert served.stop()[0] == 0
                return expect(program.home, senders, listener_died=True)
    with serving(program.home) as served:
        ports(program, *at)
        finish(program, senders)
        assert served.stop()[0] == 0
    return expect(program.home, senders, listener_died=True)


def finish(program: Program, senders: list[Sender]) -> None:
    """Until every sender goes on, and what it sent is stored."""
    for goes_on in [sender.goes_on() for sender in senders]:
        eventually(goes_on, within=120)
    for sender in senders:
        sender.ends.set()
    for sender in senders:
        sender.join(120)
        assert not sender.is_alive()
    until_quiet(program.home)


def test_what_was_acknowledged_is_there_once_after_kills_of_anything(program: Program) -> None:
    found = survive(program, ["storing", "listening", "ledger", "serve"], random.Random(1), apart=1.2)
    assert min(found.values()) > 10
    alerts_once(program)
    joined = program.json("store", "compact", "--all")
    assert joined["before"] > joined["after"] > 0 == joined["waiting"]
    program.verify()


@pytest.mark.soak
def test_what_was_acknowledged_is_there_once_after_fifty_kills(program: Program) -> None:
    dice = random.Random(seed := int(os.environ.get("SEED", "5")))
    kills = [("serve" if n % EACH == EACH - 1 else dice.choice(PROCESSES)) for n in range(50)]
    found = survive(program, kills, dice, apart=2.5)
    assert min(found.values()) > 100
    alerts_once(program)
    program.json("store", "compact", "--all")
    program.verify()
    print(f"seed {seed}, {len(kills)} kills: {', '.join(kills)}; stored {found}")
