# SPDX-License-Identifier: Apache-2.0
"""`wardkeep records package check`: a sealed record package, offline, and in the home that made it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.cli.trusted import trusted_of
from wardkeep.ledger import format_index
from wardkeep.package.law import Side

if TYPE_CHECKING:
    from wardkeep.ledger.policy import Policy
    from wardkeep.package.found import Checked

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@click.command("check")
@click.argument("package", type=click.Path(exists=True, path_type=Path))
@click.option("--vkey", default=None, help="The log's public key, from another place than the package.")
@click.option("--policy", type=FILE, default=None, help="In place of --vkey a policy file (c2sp.org/tlog-policy).")
@click.option("--institution-key", type=FILE, default=None, help="The hospital's public key (PEM), as you know it.")
@click.option("--family-key", type=FILE, default=None, help="The family's public key (PEM), as you know it.")
@click.option("--notary-key", type=FILE, default=None, help="The notary's public key (PEM), as you know it.")
@click.option(
    "--acts",
    type=click.Path(exists=True, path_type=Path),
    default=None,
    help="An evidence bundle of the query acts-of-package: shows that no step was left out.",
)
@click.option(
    "--beside", type=click.Path(exists=True, file_okay=False, path_type=Path), default=None,
    help="A folder with records of which the package has only the hash.",
)  # fmt: skip
@standard
def check(
    frame: Frame, package: Path, vkey: str | None, policy: Path | None, acts: Path | None, beside: Path | None,
    **keys: Path | None,
) -> None:  # fmt: skip
    """Check a sealed record PACKAGE: list, parts, signatures, openings, ledger. Status 1 where something was altered.

    With --vkey or --policy no home is needed. Without, the home that made it is asked whether a step is missing too.
    """
    from wardkeep.evidence import BundleRefused  # noqa: PLC0415
    from wardkeep.package import StalePackage  # noqa: PLC0415
    from wardkeep.package.beside import acts_left_out, look_beside  # noqa: PLC0415
    from wardkeep.package.check import check_package  # noqa: PLC0415

    known = {Side(name.removesuffix("_key")): path.read_bytes() for name, path in keys.items() if path is not None}
    try:
        if vkey is None and policy is None:
            if not frame.home.exists:
                raise click.UsageError(
                    speak("give --vkey or --policy: there is no home here whose ledger could be asked")
                )
            frame.django()
            from wardkeep.jobs.packages import checked_here, own_key  # noqa: PLC0415

            trusted: str | Policy = own_key(frame.home)
            found, complete = checked_here(frame.home, package, keys=known), True
        else:
            trusted = trusted_of(vkey, policy)
            found, complete = check_package(package, trusted, keys=known), False
        if acts is not None:
            found.problems += acts_left_out(acts, trusted, found)
            complete = True
        if beside is not None:
            look_beside(found, beside)
    except (BundleRefused, StalePackage) as exc:
        frame.out({"ok": False, "reason": str(exc)}, speak("NO: %s") % exc)
        click.get_current_context().exit(1)
    report(frame, found, complete=complete)


def report(frame: Frame, found: Checked, *, complete: bool) -> None:
    """Say what a package was found to be, and end with the status that it means."""
    from wardkeep.package.found import Worth  # noqa: PLC0415

    frame.out({"ok": found.ok, **_said(found, complete)}, "\n".join(_lines(found, complete)))
    if not found.ok:
        click.get_current_context().exit(1)
    if any(one.worth is Worth.UNCHECKED for one in found.signatures):
        frame.say(speak("SM2 signatures need a library that is not installed: pip install 'wardkeep[sm]'"))
        click.get_current_context().exit(3)


def _said(found: Checked, complete: bool) -> dict[str, Any]:
    story = found.story
    return {
        "package": str(found.package),
        "steps": found.steps,
        "complete": complete,
        "problems": [{"file": one.file, "reason": one.sentence} for one in found.problems],
        "lists": [
            {"step": step.number, "at": step.at.isoformat(), "parts": len(body.parts), "unsigned": story.unsigned(step.number)}
            for step, body in story.lists
        ],
        "parts": len(story.parts),
        "elsewhere": [part.name for part in found.elsewhere],
        "to_follow": story.to_follow,
        "signatures": [
            {"step": one.step, "list": one.of, "side": one.side, "name": one.name, "state": one.worth, "key": one.key}
            for one in found.signatures
        ],
        "openings": [
            {
                "step": step.number, "at": step.at.isoformat(), "ground": body.ground, "reason": body.reason,
                "document": body.document, "present": [one.said() for one in body.present],
            }
            for step, body in story.openings
        ],
        "sealed": [
            {"step": n, "index": format_index(one.log, one.index), "origin": one.checkpoint.origin, "at": _at(one.at)}
            for n, one in sorted(found.places.items())
        ],
    }  # fmt: skip


def _lines(found: Checked, complete: bool) -> list[str]:
    if found.problems:
        yes = speak("NO: %(count)d things of package %(package)s do not hold") % {
            "count": len(found.problems),
            "package": found.package,
        }
        return [yes, *(f"    {one.file}: {one.sentence}" for one in found.problems)]
    story, first = found.story, found.story.first
    kept = len(story.parts) - len(found.elsewhere)
    lines = [
        speak("YES: package %(package)s of %(hospital)s, every step as it was sealed")
        % {"package": found.package, "hospital": first.hospital},
        speak("    %(kept)d records in it are unchanged, %(elsewhere)d are kept elsewhere and only their hash is here")
        % {"kept": kept, "elsewhere": len(found.elsewhere)},
    ]
    lines += [speak("    still to follow: %s") % name for name in story.to_follow]
    for step, _ in story.lists:
        place = found.places[step.number]
        lines.append(
            speak("list %(step)d: sealed %(at)s as %(index)s of %(origin)s")
            % {
                "step": step.number,
                "at": _at(place.at),
                "index": format_index(place.log, place.index),
                "origin": place.checkpoint.origin,
            }
        )
        lines += [f"    {_worth(one.worth)}: {one.name} ({_side(one.side)}){_key(one.key)}"
                  for one in found.signatures if one.of == step.number]  # fmt: skip
        lines += [f"    {speak('not signed')}: {_side(side)}" for side in story.unsigned(step.number)]
    lines += [
        speak("opened %(at)s: %(ground)s, present %(present)s")
        % {
            "at": _at(found.places[step.number].at),
            "ground": _ground(body.ground),
            "present": ", ".join(f"{one.name} ({_side(one.side)})" for one in body.present),
        }
        for step, body in story.openings
    ] or [speak("never opened")]
    return [*lines, _completeness(complete)]


def _completeness(complete: bool) -> str:
    if complete:
        return speak("no step was left out: the ledger has no other of this package")
    return speak("that no later step was left out is not shown: ask the hospital for the acts of this package (--acts)")


def _worth(worth: str) -> str:
    return {
        "verified": speak("signature verified with the key that you named"),
        "unknown_key": speak("signature holds; whose key it is you must compare"),
        "by_hand": speak("signed by hand, picture kept unchanged"),
        "unchecked": speak("SM2 signature, not checked here"),
        "broken": speak("signature does not hold"),
    }[worth]


def _side(side: str) -> str:
    return {"institution": speak("hospital"), "family": speak("patient or kin"), "notary": speak("notary")}[side]


def _ground(ground: str) -> str:
    return {
        "settled": speak("dispute settled"), "three_years": speak("three years without a demand"),
        "copy": speak("copies asked for"), "appraisal": speak("appraisal"), "mediation": speak("mediation"),
        "lawsuit": speak("lawsuit"),
    }[ground]  # fmt: skip


def _key(key: str | None) -> str:
    return f", SHA-256 {key}" if key else ""


def _at(micros: int) -> str:
    return f"{EPOCH + timedelta(microseconds=micros):%Y-%m-%d %H:%M:%SZ}"
