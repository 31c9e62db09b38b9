# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger verify`: every entry, tile, journal record, stored event and sealed row against the signed root."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.cli.ledger.kept import keep, present, read_named
from wardkeep.jobs.verified import read_verified
from wardkeep.ledger import LedgerReader, ProofRefused, format_index, parse_index, verify_ledger
from wardkeep.ledger.verify_entry import State, verify_entry
from wardkeep.ledger.verify_since import compare_with, verify_since

if TYPE_CHECKING:
    from wardkeep.ledger import Report
    from wardkeep.ledger.note import Checkpoint

#: Seconds between two lines of progress.
PAUSE = 5.0


@click.command("verify")
@click.option("--vkey", default=None, help="The public key to trust; without it, the one that the ledger names.")
@click.option("--ledger-only", is_flag=True, help="Leave out the event store and the database.")
@click.option(
    "--since",
    default=None,
    metavar="last|FILE",
    help="Read only what came since the last verification, or since a checkpoint in FILE. Leaves out store and database.",
)
@click.option("--entry", default=None, metavar="INDEX", help="Verify this entry alone: 2026:123, or 123.")
@standard
def command(frame: Frame, vkey: str | None, ledger_only: bool, since: str | None, entry: str | None) -> None:
    """Check every entry, tile and journal record, every stored event and every sealed row against the signed root.

    Names each problem by the smallest thing that can be read. Exit status 0: verified. 1: there is a problem. 2: the call is
    unusable. 3: something could not be read, and nothing else is wrong.
    """
    if entry is not None:
        if since is not None:
            raise click.UsageError(speak("--since and --entry cannot be given together"))
        _verify_one(frame, entry, vkey)
        return
    report, known = _verify_ledger(frame, since, vkey)
    problems = [{"part": "ledger", **dataclasses.asdict(problem)} for problem in report.problems]
    left_out: list[str] = []
    if not ledger_only and since is None:
        more, left_out = _verify_others(frame)
        problems += more
    for note in report.notes:
        frame.say(note)
    said = {
        "ok": not problems and not left_out,
        "size": report.size,
        "intact": report.intact,
        "expunged": report.expunged,
        "problems": problems,
        "not_verified": left_out,
    }
    if since is not None:
        said["since"] = {log: checkpoint.size for log, checkpoint in known.items()}
    frame.out(said, _verdict(report, problems, left_out, since=known if since is not None else None))
    if problems or left_out:
        click.get_current_context().exit(1 if problems else 3)


def _verify_ledger(frame: Frame, since: str | None, vkey: str | None) -> tuple[Report, dict[str, Checkpoint]]:
    """The ledger itself, and the checkpoints that it was compared with. What holds is remembered for the next time."""
    folder, reader = frame.home.ledger_folder, frame.home.ledger_reader()
    kept, before = dict(read_verified(frame.home).checkpoints), present(reader)
    known = kept if since in (None, "last") else read_named(reader, Path(str(since)), vkey)
    if since is None:
        report = verify_ledger(folder, vkey=vkey, progress=_progress(frame))
        compare_with(folder, known, report)
    else:
        report = verify_since(folder, known, vkey=vkey, progress=_progress(frame))
    if report.ok:
        compare_with(folder, before, report)
    if report.ok and since in (None, "last"):
        keep(frame, before)
    return report, known


def _verify_others(frame: Frame) -> tuple[list[dict[str, Any]], list[str]]:
    """The event store and the database: their problems, and what of them could not be verified."""
    problems: list[dict[str, Any]] = []
    left_out: list[str] = []
    for part, look in (("store", _verify_store), ("database", _verify_rows)):
        try:
            problems += look(frame, frame.home.ledger_reader())
        except Exception as exc:  # fails closed: what could not be verified is said, and the status tells it
            left_out.append(part)
            frame.say(speak("%(part)s was not verified: %(why)s") % {"part": part, "why": _why(exc)})
    return problems, left_out


def _verify_one(frame: Frame, index: str, vkey: str | None) -> None:
    """One entry: its state, and the root that it was verified against."""
    log, n = parse_index(index, current=frame.home.ledger_reader().current)
    try:
        found = verify_entry(frame.home.ledger_folder, log, n, vkey=vkey)
    except ProofRefused as error:
        frame.out({"ok": False, "index": format_index(log, n), "reason": str(error)}, speak("NO: %s") % error)
        click.get_current_context().exit(1)
    words = {
        State.INTACT: speak("it is what was sealed"),
        State.EXPUNGED: speak("its body was removed, as an act says"),
        State.MISSING: speak("its body is gone, and no act allows it"),
        State.CHANGED: speak("its body is not what was sealed"),
        State.UNPROVEN: speak("the tiles do not lead from it to the signed root"),
    }
    said = {"index": format_index(log, n), "state": found.state.value, "size": found.size, "root": found.root.hex()}
    frame.out({"ok": found.ok, **said}, f"{said['index']}: {words[found.state]}")
    if not found.ok:
        click.get_current_context().exit(1)


def _verify_store(frame: Frame, reader: LedgerReader) -> Iterable[dict[str, Any]]:
    """Every stored segment against its leaves."""
    if not frame.home.store_folder.is_dir():
        return []
    from wardkeep.watch.store import verify_store  # noqa: PLC0415

    return [_problem("store", problem) for problem in verify_store(frame.home.store(), reader)]


def _verify_rows(frame: Frame, reader: LedgerReader) -> Iterable[dict[str, Any]]:
    """Every sealed row against its last act."""
    frame.django()
    from wardkeep.seal.outbox import incarnation  # noqa: PLC0415
    from wardkeep.seal.verify import verify_rows  # noqa: PLC0415

    found = verify_rows(reader, last=reader.last_number(str(incarnation())))
    return [_problem("database", problem) for problem in found.problems]


def _problem(part: str, problem: Any) -> dict[str, Any]:
    detail = getattr(problem, "detail", "")
    return {"part": part, "kind": problem.kind, "where": problem.where, "detail": detail}


def _why(exc: Exception) -> str:
    """A known error's own words; of another only its class, because its text may name people."""
    return str(exc) if hasattr(type(exc), "exit_status") else type(exc).__name__


def _progress(frame: Frame) -> Callable[[int, int], None]:
    said = time.monotonic()

    def show(done: int, size: int) -> None:
        nonlocal said
        if time.monotonic() - said >= PAUSE:
            said = time.monotonic()
            frame.say(speak("%(done)s of %(size)s entries") % {"done": f"{done:,}", "size": f"{size:,}"})

    return show


def _verdict(
    report: Report,
    problems: list[dict[str, Any]],
    left_out: list[str],
    *,
    since: Mapping[str, Checkpoint] | None,
) -> str:
    words = {
        "entry": speak("an entry was changed"),
        "missing": speak("something is missing"),
        "bundle": speak("a bundle of entries was changed"),
        "tile": speak("a tile of hashes was changed"),
        "journal": speak("the journal was changed"),
        "checkpoint": speak("a signed checkpoint was changed"),
        "description": speak("the ledger's description was changed"),
        "key": speak("the ledger is signed by another key"),
        "root": speak("the log does not give the signed root"),
        "stray": speak("a file that the ledger did not write"),
        "rollback": speak("the log was set back behind what was verified before"),
        "fork": speak("the log has another history than the one that was verified before"),
    }
    lines = []
    for problem in problems:
        detail = f" ({problem['detail']})" if problem["detail"] else ""
        lines.append(f"{problem['where']}: {words.get(problem['kind'], problem['kind'])}{detail}")
    counted = {"size": f"{report.size:,}", "intact": f"{report.intact:,}", "expunged": f"{report.expunged:,}"}
    lines.append(
        speak("%(size)s entries: %(intact)s intact, %(expunged)s expunged") % counted
        + (", " + speak("%d problems") % len(problems) if problems else "")
    )
    if since is not None and not problems:
        sizes = ", ".join(format_index(log, checkpoint.size) for log, checkpoint in sorted(since.items()))
        lines.append(speak("read since %s; the ledger only grew, and what it grew by is unbroken") % (sizes or "0"))
    elif not problems and not left_out:
        lines.append(speak("the ledger is unbroken"))
    return "\n".join(lines)
