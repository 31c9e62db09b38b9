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

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.settings import SettingsError, check


@click.command("serve")
@click.option("--bind", default=None, help="Address to listen on; default: console.bind.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port; 0 takes a free one.")
@click.option("--plain-http", is_flag=True, help="Accept that sign-in travels unencrypted on another address.")
@standard
def command(frame: Frame, bind: str | None, port: int | None, plain_http: bool) -> None:
    """Run the ledger's writer, the clerk and the console. SIGTERM ends it clean."""
    from wardkeep.jobs.install import console_url  # noqa: PLC0415
    from wardkeep.jobs.supervisor import Supervisor  # noqa: PLC0415

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
    supervisor = Supervisor(home, bind=console.bind, port=console.port, say=frame.say)
    taken = supervisor.open()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, supervisor.stop)
    supervisor.start()
    address = console_url(settings, taken)
    announcer = threading.Thread(target=_announce, args=(frame, supervisor, address, taken), daemon=True)
    announcer.start()
    supervisor.run()
    frame.say(speak("stopped"))


def _announce(frame: Frame, supervisor: object, address: str, port: int) -> None:
    """Print the address once the console answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not getattr(supervisor, "stopping", False):
        try:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/")
            with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - our own loopback
                break
        except urllib.error.HTTPError:
            break  # it answers; what it says to a stranger does not matter
        except OSError:
            time.sleep(0.2)
    address += "/"
    frame.out({"address": address, "port": port, "pid": os.getpid()}, speak("The console is at %s") % address)
