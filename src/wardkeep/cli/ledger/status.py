# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger status`: the newest log, its size, root and signed checkpoint, and who else vouches for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.home import now
from wardkeep.ledger.note import open_checkpoint
from wardkeep.ledger.sidecar import Sidecar, State

if TYPE_CHECKING:
    from wardkeep.jobs.dated import Dated
    from wardkeep.jobs.witnessed import Standing

#: Kept days that are told to machines; people are told the newest.
DAYS = 7


@click.command("status")
@standard
def command(frame: Frame) -> None:
    """The newest log: its origin, size, root and signed checkpoint, and what the witnesses say.

    Exit status 1 where a witness reports a rollback or another history, a kept day does, or a signature with SM2 does not hold.
    """
    from wardkeep.jobs.dated import dated  # noqa: PLC0415
    from wardkeep.jobs.witnessed import standing  # noqa: PLC0415

    reader = frame.home.ledger_reader()
    # Each note is read once: the ledger may grow meanwhile, and size, root and note must be of one tree.
    notes = {log: reader.note(log) for log in reader.logs()}
    trees = {log: open_checkpoint(note, reader.description.verifier(log)) for log, note in notes.items()}
    logs = [{"log": log, "size": tree.size, "root": tree.root.hex()} for log, tree in trees.items()]
    log = reader.current
    note, newest, vkey, second = notes[log], trees[log], reader.vkey(log), reader.second(log)
    sm2, sidecar = reader.sm2(log), reader.sidecar(log)
    witnessed = standing(frame.home, reader)
    days = dated(frame.home, reader, most=DAYS)
    frame.out(
        {
            "origin": newest.origin,
            "size": newest.size,
            "root": newest.root.hex(),
            "checkpoint": note,
            "cosignatures": [one.cosigner.name for one in witnessed.cosigned.cosignatures]
            if witnessed.cosigned
            else [],
            "vkey": vkey,
            "second_vkey": second and second.vkey(),
            "sm2_vkey": sm2 and sm2.vkey(),
            "sm2": _sidecar(sidecar),
            "logs": logs,
            **_witnesses(witnessed),
            "daily": [
                {
                    "day": one.day,
                    "size": one.size,
                    "root": one.root,
                    "stamped_at": one.stamped and one.stamped.at,
                    "problem": one.disagrees or one.problem,
                    "sm2": _sidecar(one.sidecar),
                }
                for one in days
            ],
        },
        "\n".join(
            [
                *(
                    speak("log %(log)s: %(size)s entries, root %(root)s") % {**one, "size": f"{one['size']:,}"}
                    for one in logs
                ),
                speak("public key: %s") % vkey,
                *([speak("second signature: ML-DSA-44, key in --json")] if second else []),
                *_sidecar_words(sidecar),
                *_words(frame, witnessed),
                *(_day(frame, one) for one in days[:1]),
                speak("newest checkpoint (keep a copy elsewhere):"),
                "",
                note.rstrip("\n"),
            ]
        ),
    )
    if witnessed.conflicts or sidecar.state == State.FAILS or any(one.disagrees for one in days):
        click.get_current_context().exit(1)


def _witnesses(witnessed: Standing) -> dict[str, Any]:
    """The newest cosigned checkpoint, which may be older than the newest one, and what each witness said."""
    cosigned = witnessed.cosigned
    return {
        "cosigned": cosigned
        and {
            "size": cosigned.checkpoint.size,
            "root": cosigned.checkpoint.root.hex(),
            "enough": cosigned.enough,
            "at": witnessed.at,
            "age_seconds": int((now() - witnessed.at).total_seconds()) if witnessed.at else None,
            "by": [{"name": one.cosigner.name, "at": one.at} for one in cosigned.cosignatures],
            "note": cosigned.note,
        },
        "witnesses": [
            {
                "name": one.name,
                "url": one.url,
                "outcome": one.seen and one.seen.outcome,
                "detail": one.seen.detail if one.seen else "",
                "asked_at": one.seen and one.seen.asked_at,
                "cosigned_size": one.seen and one.seen.cosigned_size,
                "cosigned_at": one.cosigned_at,
                "conflicts": {
                    log: {
                        "kind": conflict.kind,
                        "first_seen": conflict.first_seen,
                        "witness_size": conflict.witness_size,
                        "our_size": conflict.our_size,
                        "evidence": conflict.evidence,
                    }
                    for log, conflict in one.conflicts.items()
                },
            }
            for one in witnessed.witnesses
        ],
        "problems": witnessed.conflicts + ([witnessed.problem] if witnessed.problem else []),
    }


def _sidecar(one: Sidecar) -> dict[str, Any]:
    return {"state": one.state, "size": one.size, "why": one.why}


def _sidecar_words(one: Sidecar) -> list[str]:
    """What the SM2 signature beside the newest checkpoint is worth; nothing where there is none."""
    values = {"size": f"{one.size or 0:,}", "why": one.why}
    words = {
        State.HOLDS: speak("SM2 signature: holds for %(size)s entries"),
        State.FAILS: speak("PROBLEM: the SM2 signature does not hold: %(why)s"),
        State.NOT_EVALUATED: speak("SM2 signature: not evaluated: %(why)s"),
    }
    return [words[one.state] % values] if one.state in words else []


def _day(frame: Frame, one: Dated) -> str:
    if one.disagrees:
        return speak("PROBLEM: %s") % one.disagrees
    if one.stamped:
        values = {"day": one.day, "at": frame.clock(one.stamped.at)}
        return speak("checkpoint of %(day)s: kept, stamped at %(at)s") % values
    if one.problem:
        return speak("checkpoint of %(day)s: kept, no time stamp: %(why)s") % {"day": one.day, "why": one.problem}
    return speak("checkpoint of %s: kept") % one.day


def _words(frame: Frame, witnessed: Standing) -> list[str]:
    if witnessed.problem:
        return [speak("witnesses: %s") % witnessed.problem]
    if witnessed.policy is None:
        return [speak("witnesses: nobody is asked")]
    lines = [speak("PROBLEM: %s") % conflict for conflict in witnessed.conflicts]
    if witnessed.at and witnessed.cosigned:
        values = {"size": f"{witnessed.cosigned.checkpoint.size:,}", "at": frame.clock(witnessed.at)}
        lines.append(speak("cosigned up to %(size)s entries at %(at)s") % values)
    else:
        lines.append(speak("no checkpoint has enough cosignatures yet (%s)") % witnessed.quorum)
    for one in witnessed.witnesses:
        lines.append(speak("witness %(name)s: %(said)s") % {"name": one.name, "said": one.said})
        if one.seen and one.seen.detail:
            lines[-1] += f" ({one.seen.detail})"
    return lines
