# SPDX-License-Identifier: Apache-2.0
"""`wardkeep serve`: everything that runs, under one supervisor, until stopped."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.settings import SettingsError, check

if TYPE_CHECKING:
    from wardkeep.jobs.supervisor import Supervisor


@click.command("serve")
@click.option("--bind", default=None, help="Address to listen on; default: console.bind.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port; 0 takes a free one.")
@click.option("--plain-http", is_flag=True, help="Accept that sign-in travels unencrypted on another address.")
@standard
def command(frame: Frame, bind: str | None, port: int | None, plain_http: bool) -> None:
    """Run the console, the ledger's writer, the clerk, and what the settings name to listen or pull. SIGTERM ends it clean."""
    home = frame.home
    console = home.settings.console
    console = dataclasses.replace(
        console,
        bind=bind if bind is not None else console.bind,
        port=port if port is not None else console.port,
        plain_http=plain_http or console.plain_http,
    )
    settings = dataclasses.replace(home.settings, console=console)
    if faults := check(settings):
        raise SettingsError(faults)
    home.adopt(settings, None)
    frame.django()
    from wardkeep.jobs.upgrading import refuse_other_schema  # noqa: PLC0415

    refuse_other_schema()

    def announce(address: str, port: int) -> None:
        said = {"address": address, "port": port, "pid": os.getpid()}
        frame.out(said, speak("The console is at %s") % address)

    run(frame, announce)


def run(frame: Frame, announce: Callable[[str, int], None], *, or_free_port: bool = False) -> None:
    """Serve the frame's home until a signal; `announce` is called with address and port once the console answers.

    or_free_port: take another port where the one of the settings is taken.
    """
    from wardkeep.jobs.install import console_url  # noqa: PLC0415
    from wardkeep.jobs.supervisor import PortTaken, Supervisor  # noqa: PLC0415

    console = frame.home.settings.console
    supervisor = Supervisor(frame.home, bind=console.bind, port=console.port, say=frame.say)
    try:
        taken = supervisor.open()
    except PortTaken:
        if not or_free_port:
            raise
        supervisor = Supervisor(frame.home, bind=console.bind, port=0, say=frame.say)
        taken = supervisor.open()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, supervisor.stop)
    supervisor.start()
    address = console_url(frame.home.settings, taken) + "/"
    threading.Thread(target=_when_it_answers, args=(supervisor, address, taken, announce), daemon=True).start()
    supervisor.run()
    frame.say(speak("stopped"))


def _when_it_answers(supervisor: Supervisor, address: str, port: int, announce: Callable[[str, int], None]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not supervisor.stopping:
        try:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/")
            with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - our own loopback
                break
        except urllib.error.HTTPError:
            break  # it answers; what it says to a stranger does not matter
        except OSError:
            time.sleep(0.2)
    announce(address, port)
