# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger cosign`: ask the witnesses now, for an installation that is not served, or after a change of the policy."""

from __future__ import annotations

import click

from wardkeep.cli.frame import Frame, speak, standard


@click.command("cosign")
@standard
def command(frame: Frame) -> None:
    """Ask the witnesses of the policy to cosign the newest checkpoint, now. `wardkeep serve` does so by itself.

    Exit status 1 where a witness reports a rollback or another history, 3 where too few cosigned.
    """
    from wardkeep.jobs.cosigning import ask_once, collector  # noqa: PLC0415
    from wardkeep.jobs.witnessed import said, shown, standing  # noqa: PLC0415

    reader = frame.home.ledger_reader()
    if frame.home.witness_policy() is None:
        raise click.UsageError(speak("no witnesses are named: set ledger.witnesses in config.toml"))
    heard = ask_once(frame.home, collector(frame.home))
    now = standing(frame.home, reader)
    # A checkpoint that has all its cosignatures is not sent again: then it is as good as asked.
    enough = (
        now.cosigned is not None and now.cosigned.enough and now.cosigned.checkpoint.size == reader.size(reader.current)
    )
    contradicted = bool(now.conflicts) or any(one.seen.outcome.is_conflict for one in heard)
    lines = [f"{shown(one.witness.name)}, {one.log}: {said(one.seen.outcome)}" for one in heard] + now.conflicts
    for one in heard:
        if one.seen.detail:
            frame.say(f"{shown(one.witness.name)}, {one.log}: {one.seen.detail}")
    lines.append(
        speak("the newest checkpoint has enough cosignatures (%s)") % now.quorum
        if enough
        else speak("the newest checkpoint has too few cosignatures (%s)") % now.quorum
    )
    frame.out(
        {
            "ok": enough and not contradicted,
            "asked": [
                {
                    "witness": shown(one.witness.name),
                    "log": one.log,
                    "outcome": one.seen.outcome,
                    "detail": one.seen.detail,
                }
                for one in heard
            ],
            "conflicts": now.conflicts,
        },
        "\n".join(lines),
    )
    if contradicted or not enough:
        click.get_current_context().exit(1 if contradicted else 3)
