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
    from django.core.management import call_command  # noqa: PLC0415

    from wardkeep.jobs.upgrading import SchemaError, back_up, pending_migrations, unknown_migrations  # noqa: PLC0415

    if newer := unknown_migrations():
        raise SchemaError(
            f"the database is newer than this Wardkeep: it has {newer[-1]}",
            "install the Wardkeep that upgraded it, or restore the backup from before",
        )
    backup = back_up(frame.home, at=now())
    frame.say(speak("backup: %s") % backup)
    pending = pending_migrations()
    if pending:
        call_command("migrate", verbosity=0, interactive=False)
    frame.say(speak("migrations done: %d") % len(pending))
    if not report(frame):
        click.get_current_context().exit(1)
