# SPDX-License-Identifier: Apache-2.0
"""`wardkeep upgrade`: backup, migrate, verify, doctor."""

from __future__ import annotations

import click

from wardkeep.cli.doctor import report
from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.home import now


@click.command("upgrade")
@standard
def command(frame: Frame) -> None:
    """Back up the rows, bring them to this version, verify them, and check the installation."""
    frame.django()
    from wardkeep.jobs.upgrading import back_up, migrate, refuse_newer_schema  # noqa: PLC0415

    refuse_newer_schema()
    backup = back_up(frame.home, at=now())
    frame.say(speak("backup: %s") % backup)
    frame.say(speak("migrations done: %d") % migrate(frame.home, backup=backup))
    if not report(frame):
        click.get_current_context().exit(1)
