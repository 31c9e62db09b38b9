# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger prove`: a proof of one entry, for whoever has the public key."""

from __future__ import annotations

from pathlib import Path

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.ledger import LedgerDamaged, LedgerReader, ProofRefused, check_proof, format_index, parse_index


@click.command("prove")
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
def command(frame: Frame, index: str, out: Path, entry: Path | None) -> None:
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
