# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger verify`: every entry, tile, journal record, stored event and sealed row against the signed root."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.ledger import LedgerReader, verify_ledger

if TYPE_CHECKING:
    from wardkeep.ledger import Report

#: Seconds between two lines of progress.
PAUSE = 5.0


@click.command("verify")
@click.option("--vkey", default=None, help="The public key to trust; without it, the one that the ledger names.")
@click.option("--ledger-only", is_flag=True, help="Leave out the event store and the database.")
@standard
def command(frame: Frame, vkey: str | None, ledger_only: bool) -> None:
    """Check every entry, tile and journal record, every stored event and every sealed row against the signed root.

    Names each problem by the smallest thing that can be read. Exit status 1 where there is one.
    """
    reader = frame.home.ledger_reader()
    report = verify_ledger(frame.home.ledger_folder, vkey=vkey, progress=_progress(frame))
    problems = [{"part": "ledger", **dataclasses.asdict(problem)} for problem in report.problems]
    left_out: list[str] = []
    if not ledger_only:
        for part, look in (("store", _verify_store), ("database", _verify_rows)):
            try:
                problems += look(frame, reader)
            except Exception as exc:  # fails closed: what could not be verified is said, and the status tells it
                left_out.append(part)
                frame.say(speak("%(part)s was not verified: %(why)s") % {"part": part, "why": _why(exc)})
    for note in report.notes:
        frame.say(note)
    frame.out(
        {
            "ok": not problems and not left_out,
            "size": report.size,
            "intact": report.intact,
            "expunged": report.expunged,
            "problems": problems,
            "not_verified": left_out,
        },
        _verdict(report, problems, left_out),
    )
    if problems or left_out:
        click.get_current_context().exit(1 if problems else 3)


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


def _verdict(report: Report, problems: list[dict[str, Any]], left_out: list[str]) -> str:
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
    if not problems and not left_out:
        lines.append(speak("the ledger is unbroken"))
    return "\n".join(lines)
