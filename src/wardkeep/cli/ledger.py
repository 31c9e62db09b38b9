# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger`: the state of the tamper-evident record, its verification, proofs of single entries, a restore."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.ledger import (
    LedgerDamaged,
    LedgerReader,
    LedgerUnavailable,
    ProofRefused,
    check_proof,
    format_index,
    parse_index,
    verify_ledger,
)
from wardkeep.ledger.note import Verifier, open_checkpoint

if TYPE_CHECKING:
    from wardkeep.ledger import Report

#: A proof of the largest log that can be is under 3 KB; with many cosignatures a few hundred.
LARGEST_PROOF = 1 << 20
LARGEST_ENTRY = 65_535
#: Acts that are listed for people.
SHOWN = 20
#: Seconds between two lines of progress.
PAUSE = 5.0


@click.group("ledger")
def command() -> None:
    """The tamper-evident record: status, verify, prove, check, reconcile."""


@command.command("status")
@standard
def status(frame: Frame) -> None:
    """The newest log: its origin, size, root and signed checkpoint."""
    reader = frame.home.ledger_reader()
    # Each note is read once: the ledger may grow meanwhile, and size, root and note must be of one tree.
    notes = {log: reader.note(log) for log in reader.logs()}
    trees = {log: open_checkpoint(note, reader.description.verifier(log)) for log, note in notes.items()}
    logs = [{"log": log, "size": tree.size, "root": tree.root.hex()} for log, tree in trees.items()]
    log = reader.current
    note, newest, vkey = notes[log], trees[log], reader.vkey(log)
    frame.out(
        {
            "origin": newest.origin,
            "size": newest.size,
            "root": newest.root.hex(),
            "checkpoint": note,
            "cosignatures": _cosignatures(note, newest.origin),
            "vkey": vkey,
            "logs": logs,
        },
        "\n".join(
            [
                *(
                    speak("log %(log)s: %(size)s entries, root %(root)s") % {**one, "size": f"{one['size']:,}"}
                    for one in logs
                ),
                speak("public key: %s") % vkey,
                speak("newest checkpoint (keep a copy elsewhere):"),
                "",
                note.rstrip("\n"),
            ]
        ),
    )


@command.command("verify")
@click.option("--vkey", default=None, help="The public key to trust; without it, the one that the ledger names.")
@click.option("--ledger-only", is_flag=True, help="Leave out the event store and the database.")
@standard
def verify(frame: Frame, vkey: str | None, ledger_only: bool) -> None:
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


@command.command("prove")
@click.argument("index")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, writable=True, path_type=Path), help="The .tlog-proof file."
)
@click.option(
    "--entry",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    default=None,
    help="Write the entry itself to this file too; `check` needs both.",
)
@standard
def prove(frame: Frame, index: str, out: Path, entry: Path | None) -> None:
    """Write a proof that the entry INDEX (2026:123, or 123 for the newest log) is in the ledger."""
    reader = frame.home.ledger_reader()
    log, n = parse_index(index, current=reader.current)
    proof = reader.proof(log, n)
    if entry is not None:
        body = reader.body(log, n)
        _refuse_unproven(reader, log, n, proof, body)
        entry.write_bytes(body)
    out.write_text(proof, encoding="utf-8")
    said = {"index": format_index(log, n), "proof": str(out), "entry": str(entry) if entry else None}
    frame.out(said | {"vkey": reader.vkey(log)}, speak("%(index)s: proof written to %(proof)s") % said)


@command.command("check")
@click.argument("proof", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--entry", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The entry's bytes."
)
@click.option("--vkey", required=True, help="The log's public key, from another place than the proof.")
@standard
def check(frame: Frame, proof: Path, entry: Path, vkey: str) -> None:
    """Check a proof offline; needs no home. Exit status 1 where it does not hold."""
    try:
        Verifier.parse(vkey)
    except ProofRefused as exc:
        raise click.UsageError(f"--vkey: {exc}") from None
    try:
        text, body = _read(proof, LARGEST_PROOF), _read(entry, LARGEST_ENTRY)
        n, checkpoint = check_proof(text.decode(), body, vkey)
    except (ProofRefused, UnicodeDecodeError) as exc:
        reason = str(exc) if isinstance(exc, ProofRefused) else speak("the proof is no text")
        frame.out({"ok": False, "reason": reason}, speak("NO: %s") % reason)
        click.get_current_context().exit(1)
    said = {"index": n, "origin": checkpoint.origin, "size": checkpoint.size}
    frame.out(
        {"ok": True, **said, "root": checkpoint.root.hex()},
        speak("YES: it is entry %(index)d of %(origin)s, which had %(size)d entries") % said,
    )


@command.command("reconcile")
@click.option("--restored", is_flag=True, help="The rows are an older copy, put back on purpose: go on with them.")
@standard
def reconcile(frame: Frame, restored: bool) -> None:
    """List the acts that the ledger has of this database and the database has not.

    There are some where an older copy of the rows was put back: exit status 1. With --restored the rows get a new
    incarnation, and an act says what they do not know; without it no new act of theirs can be sealed.
    """
    from wardkeep.home import now  # noqa: PLC0415

    reader = frame.home.ledger_reader()
    frame.django()
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415
    from wardkeep.jobs.upgrading import is_served  # noqa: PLC0415
    from wardkeep.seal.outbox import incarnation  # noqa: PLC0415
    from wardkeep.seal.restore import begin_again, compare  # noqa: PLC0415

    if restored and is_served(frame.home):
        raise LedgerUnavailable(
            speak("%s is being served") % frame.home.path, hint=speak("stop `wardkeep serve`, then call this again")
        )
    found = compare(reader)
    begun = restored and bool(found.younger)
    if begun:
        found = begin_again(reader, actor="cli", at=now())
        drain_here(frame.home, say=frame.say)
    lines = [f"{act.index}  {act.act}" for act in found.younger[:SHOWN]]
    if len(found.younger) > SHOWN:
        lines.append("…")
    lines.append(speak("%d acts of the ledger are younger than the rows") % len(found.younger))
    if begun:
        lines.append(speak("the rows go on as a new incarnation: %s") % incarnation())
    frame.out(
        {
            "ok": begun or not found.younger,
            "incarnation": str(incarnation()),
            "younger": [dataclasses.asdict(act) for act in found.younger],
            "restored": begun,
        },
        "\n".join(lines),
    )
    if found.younger and not begun:
        frame.say(speak("if an older copy was put back on purpose: `wardkeep ledger reconcile --restored`"))
        click.get_current_context().exit(1)


def _refuse_unproven(reader: LedgerReader, log: str, n: int, proof: str, body: bytes) -> None:
    """Hand out no entry that its own proof refuses. Raises LedgerDamaged."""
    try:
        check_proof(proof, body, reader.vkey(log))
    except ProofRefused:
        index = format_index(log, n)
        if not body:
            raise LedgerDamaged(
                speak("the entry %s has no body any more") % index,
                hint=speak("`wardkeep ledger verify` says whether an act allows it; the proof alone needs no --entry"),
            ) from None
        raise LedgerDamaged(speak("the entry %s is not what was sealed") % index) from None


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise ProofRefused(f"{path} has more than {most:,} bytes")
    return raw


def _cosignatures(note: str, origin: str) -> list[str]:
    """Who else signed a checkpoint, by name, unverified."""
    names = [line.removeprefix("\u2014 ").partition(" ")[0] for line in note.rpartition("\n\n")[2].splitlines()]
    return [name for name in names if name != origin]


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
