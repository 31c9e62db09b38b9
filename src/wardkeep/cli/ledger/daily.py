# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger daily`: keep the checkpoint of today, and have it stamped where an authority is set."""

from __future__ import annotations

import click

from wardkeep.cli.frame import Frame, speak, standard


@click.command("daily")
@standard
def command(frame: Frame) -> None:
    """Keep today's checkpoint and have it stamped, unless that was done. `wardkeep serve` does so by itself.

    Nobody is asked where ledger.timestamps is empty. Exit status 3 where it is set and today has no stamp.
    """
    from wardkeep.home import now  # noqa: PLC0415
    from wardkeep.jobs.dated import dated, keep_today  # noqa: PLC0415

    home = frame.home
    keep_today(home, now())
    (today,) = dated(home, home.ledger_reader(), most=1)
    said = {
        "day": today.day,
        "size": today.size,
        "root": today.root,
        "stamped_at": today.stamped and today.stamped.at,
        "authority": today.stamped and today.stamped.authority,
        "problem": today.problem or today.disagrees,
    }
    lines = [speak("%(day)s: %(size)s entries, root %(root)s") % {**said, "size": f"{today.size:,}"}]
    if today.stamped:
        values = {"at": frame.clock(today.stamped.at), "by": today.stamped.authority}
        lines.append(speak("stamped at %(at)s by %(by)s") % values)
    elif home.settings.ledger.timestamps:
        lines.append(speak("no time stamp: %s") % today.problem)
    frame.out(said, "\n".join(lines))
    if home.settings.ledger.timestamps and not today.stamped:
        click.get_current_context().exit(3)
