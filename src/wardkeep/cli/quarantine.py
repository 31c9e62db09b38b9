# SPDX-License-Identifier: Apache-2.0
"""`wardkeep quarantine`: what was set aside, with reasons; reading it again; closing it; taking it out."""

from __future__ import annotations

import os
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.home import now
from wardkeep.jobs.dismissing import Why, dismiss, reopen

if TYPE_CHECKING:
    from wardkeep.watch.store import Piece

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Both options choose pieces; without them all that wait are meant.
_source = click.option("--source", default=None, metavar="FILE", help="Only pieces that came from this file name.")
_by = click.option("--by", metavar="NAME", default=None, help="Your account of Wardkeep: what you do is yours.")


@click.group("quarantine")
def command() -> None:
    """What was set aside, with reasons."""


@command.command("list")
@_source
@click.option("--all", "everything", is_flag=True, help="Also those that were read well later, or dismissed.")
@click.option("--raw", is_flag=True, help="Show the content too: it may name patients.")
@standard
def list_(frame: Frame, source: str | None, everything: bool, raw: bool) -> None:
    """One line a piece: where it came from and why it was set aside."""
    zone = ZoneInfo(frame.home.settings.hospital.timezone)
    reasons: Counter[str] = Counter()
    for piece in _pieces(frame, source, (), everything=everything):
        reasons[_code(piece.reason)] += 1
        line = _line(piece, zone)
        if raw:
            line["raw"] = piece.raw.decode("utf-8", "backslashreplace")
        shown = f"{piece.id}  {piece.source}:{piece.position}  {piece.reason}"
        frame.out(line, f"{shown}\n  {line['raw']}" if raw else shown)
    for reason, count in reasons.most_common():
        frame.say(f"{count:8,}  {reason}")
    if not reasons:
        frame.say(speak("nothing is set aside"))


@command.command("replay")
@click.argument("ids", nargs=-1, metavar="[ID...]")
@_source
@click.option(
    "--mapping", default=None, help="The mended mapping: a file, or the name of a confirmed or a shipped one."
)
@click.option("--strict", is_flag=True, help="End with status 1 when a piece still cannot be read.")
@_by
@standard
def replay_(
    frame: Frame, ids: tuple[str, ...], source: str | None, mapping: str | None, strict: bool, by: str | None
) -> None:
    """Read pieces again: what can be read now is stored, the rest stays.

    A piece that conflicts with what is stored is stored as its amendment: the older reading is kept and no longer counts.
    """
    frame.django()
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415
    from wardkeep.jobs.ingesting import mapping_named  # noqa: PLC0415
    from wardkeep.jobs.replaying import replay, replay_for  # noqa: PLC0415

    who = _person(by)
    pieces = _pieces(frame, source, ids)
    using = mapping_named(mapping, frame.home)
    if pieces:
        done = replay_for(frame.home, pieces, mapping=using, actor=who, at=now())
        drain_here(frame.home, say=frame.say)
    else:  # nothing waits, and nothing is done that an act could name
        done = replay(frame.home, pieces, mapping=using, at=now())
    result: dict[str, Any] = {
        "pieces": done.tried,
        "replayed": done.read,
        "left": done.tried - done.read,
        "reasons": done.left,
        "accepted": done.report.accepted,
        "duplicates": done.report.duplicates,
        "sealed": done.report.sealed,
        "first_index": done.report.first_index,
        "last_index": done.report.last_index,
        "checkpoint": done.checkpoint,
        "by": by,
    }
    frame.out(
        result,
        speak("%(pieces)d pieces: %(replayed)d read now (%(accepted)d stored, %(duplicates)d known), %(left)d left")
        % result,
    )
    for reason, count in done.left.items():
        frame.say(f"{count:8,}  {reason}")
    if strict and result["left"]:
        click.get_current_context().exit(1)


@command.command("dismiss")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option(
    "--why",
    required=True,
    type=click.Choice([why.value for why in Why]),
    help="mended: a later export brought it; no_record: a heading or torn line; not_ours; test_data.",
)
@_by
@standard
def dismiss_(frame: Frame, ids: tuple[str, ...], why: str, by: str | None) -> None:
    """Close pieces that need no reading. Their content stays, and `list --all` shows them; `reopen` undoes it."""
    frame.django()
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415

    who = _person(by)
    pieces = _pieces(frame, None, ids)
    dismiss(frame.home, pieces, why=Why(why), at=now(), actor=who)
    drain_here(frame.home, say=frame.say)
    frame.out({"dismissed": len(pieces), "why": why, "by": by}, speak("%d pieces dismissed") % len(pieces))


@command.command("reopen")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@_by
@standard
def reopen_(frame: Frame, ids: tuple[str, ...], by: str | None) -> None:
    """Let pieces wait again that were dismissed in error; `replay` reads them then."""
    frame.django()
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415

    who = _person(by)
    pieces = _pieces(frame, None, ids, everything=True)
    if others := [piece.id for piece in pieces if piece.state != "dismissed"]:
        raise click.UsageError(speak("%s is not dismissed: see `wardkeep quarantine list --all`") % ", ".join(others))
    reopen(frame.home, pieces, at=now(), actor=who)
    drain_here(frame.home, say=frame.say)
    frame.out({"reopened": len(pieces), "by": by}, speak("%d pieces wait again") % len(pieces))


@command.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@_source
@click.option("--all", "everything", is_flag=True, help="Also those that were read well later, or dismissed.")
@standard
def export(frame: Frame, folder: Path, source: str | None, everything: bool) -> None:
    """Write the originals to files that only you can read, one a piece, and a list of them (`pieces.jsonl`)."""
    import json  # noqa: PLC0415

    zone = ZoneInfo(frame.home.settings.hospital.timezone)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise click.UsageError(speak("%s is not empty: name another folder") % folder)
    lines = []
    for piece in _pieces(frame, source, (), everything=everything):
        name = piece.id + "-" + re.sub(r"[^\w.-]", "_", piece.source)
        _write(folder / name, piece.head + piece.raw)
        lines.append(json.dumps({**_line(piece, zone), "file": name}, ensure_ascii=False))
    _write(folder / "pieces.jsonl", "".join(line + "\n" for line in lines).encode())
    result = {"folder": str(folder), "pieces": len(lines)}
    frame.out(result, speak("%(pieces)d pieces written to %(folder)s; they are in the clear") % result)


def _person(name: str | None) -> Any:
    """The account in whose name something is done, one that may do it in the console too; without a name the command."""
    from wardkeep.govern.identity.models import User  # noqa: PLC0415
    from wardkeep.govern.identity.permission import permission  # noqa: PLC0415
    from wardkeep.govern.identity.role import Act  # noqa: PLC0415

    if name is None:
        return "cli"
    user = User.objects.filter(name=name).first()
    if user is None:
        raise click.UsageError(speak("there is no account %(name)s") % {"name": name})
    if not permission(user, Act.INTAKE_MEND):
        raise click.UsageError(
            speak(
                "%(name)s may not do this: it needs the role of a data administrator, a security specialist or a director"
            )
            % {"name": name}
        )
    return user


def _pieces(frame: Frame, source: str | None, ids: tuple[str, ...], *, everything: bool = False) -> list[Piece]:
    """The pieces that are meant, in the order in which they came. Raises a usage error for an id that is not among them."""
    found = [
        p
        for p in frame.home.store().pieces()
        if (everything or p.state == "open") and (source is None or p.source == source) and (not ids or p.id in ids)
    ]
    if missing := set(ids) - {p.id for p in found}:
        said = speak("there is no piece %s in quarantine") if everything else speak("no piece %s waits in quarantine")
        raise click.UsageError(said % ", ".join(sorted(missing)))
    return found


def _line(piece: Piece, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": piece.id,
        "source": {"file": piece.source, "position": piece.position},
        "reason": piece.reason,
        "format": piece.format,
        "bytes": len(piece.raw),
        "received_at": (EPOCH + timedelta(microseconds=piece.received_us)).astimezone(zone).isoformat(),
        "state": piece.state,
    }


def _code(reason: str) -> str:
    """The stable part of a reason."""
    return reason.partition(":")[0]


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
