# SPDX-License-Identifier: Apache-2.0
"""`wardkeep doctor`: checks an installation."""

from __future__ import annotations

import dataclasses

import click

from wardkeep.cli.frame import Frame, speak, standard


@click.command("doctor")
@standard
def command(frame: Frame) -> None:
    """Check an installation; exit status 1 where something is wrong."""
    if not report(frame):
        click.get_current_context().exit(1)


def report(frame: Frame) -> bool:
    """Print every check; True where nothing is wrong."""
    from wardkeep.jobs.checks import examine  # noqa: PLC0415

    if not frame.home.exists:
        from wardkeep.home import NoHome  # noqa: PLC0415

        raise NoHome(frame.home.path)
    try:
        frame.django()
    except Exception as exc:
        # The checks that need it say so themselves; the others still run.
        frame.say(f"{speak('Error')}: {exc}" if hasattr(type(exc), "exit_status") else type(exc).__name__)
    checks = list(examine(frame.home))
    if frame.json:
        frame.out({"checks": [dataclasses.asdict(check) for check in checks]})
    else:
        for check in checks:
            sign = speak("WARN") if check.warn else speak("ok") if check.ok else speak("FAIL")
            frame.out(None, f"{sign:5} {check.name:15} {check.detail}")
            if check.mend:
                frame.out(None, f"      {speak('mend')}: {check.mend}")
    return all(check.ok for check in checks)
