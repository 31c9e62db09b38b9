# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger prove`: a proof of one entry, for whoever has the public key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.ledger import LedgerDamaged, LedgerReader, ProofRefused, check_proof, format_index, parse_index
from wardkeep.ledger.note import Checkpoint, read_note
from wardkeep.ledger.page import page as verifier_page
from wardkeep.ledger.proof import read_proof
from wardkeep.ledger.proof_bundle import ProofBundle


class NewFile(click.Path):
    """A file to write. What looks like an option was meant as one, its own name having been left out."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if str(value).startswith("-"):
            self.fail(speak("it needs a file; to name one %(name)s write ./%(name)s") % {"name": value}, param, ctx)
        return super().convert(value, param, ctx)


FILE = NewFile(dir_okay=False, writable=True, path_type=Path)


@click.command("prove")
@click.argument("index")
@click.option("--out", type=FILE, default=None, help="The .tlog-proof file.")
@click.option("--entry", type=FILE, default=None, help="Write the entry itself to this file too; `check` needs both.")
@click.option(
    "--sidecar",
    type=FILE,
    default=None,
    help="Write the proof's checkpoint, signed with SM2, to this file (ledger.sidecar).",
)
@click.option("--bundle", type=FILE, default=None, help="One .proof.json file with the proof, the entry and the key.")
@click.option(
    "--with-row", is_flag=True, help="Put an access's row and salt into the bundle: whoever has it reads who and whose."
)
@click.option(
    "--page", type=FILE, default=None, help="Write the page that checks a bundle in any browser to this file."
)
@standard
def command(
    frame: Frame,
    index: str,
    out: Path | None,
    entry: Path | None,
    sidecar: Path | None,
    bundle: Path | None,
    with_row: bool,
    page: Path | None,
) -> None:
    """Write a proof that the entry INDEX (2026:123, or 123 for the newest log) is in the ledger."""
    if out is None and bundle is None:
        raise click.UsageError(speak("name a file with --out or --bundle"))
    if with_row and bundle is None:
        raise click.UsageError(speak("--with-row needs --bundle"))
    reader = frame.home.ledger_reader()
    log, n = parse_index(index, current=reader.current)
    proof, vkey = reader.proof(log, n), reader.vkey(log)
    if entry is not None or bundle is not None:
        body = reader.body(log, n)
        _refuse_unproven(reader, log, n, proof, body)
        if entry is not None:
            entry.write_bytes(body)
        if bundle is not None:
            salt, row = frame.home.store().sealed(log, n) if with_row else (None, None)
            handovers = tuple(one.body() for one in reader.description.handovers)
            made = ProofBundle(proof=proof, entry=body, vkey=vkey, salt=salt, row=row, handovers=handovers)
            made.check(vkey)
            bundle.write_bytes(made.encode())
    if out is not None:
        out.write_text(proof, encoding="utf-8")
    if sidecar is not None:
        sidecar.write_text(_signed_with_sm2(frame, proof), encoding="utf-8")
    if page is not None:
        page.write_bytes(verifier_page())
    written = {"proof": out, "entry": entry, "sidecar": sidecar, "bundle": bundle, "page": page}
    said = {"index": format_index(log, n)} | {name: str(path) if path else None for name, path in written.items()}
    shown = {"index": said["index"], "proof": out or bundle}
    frame.out(said | {"vkey": vkey}, speak("%(index)s: proof written to %(proof)s") % shown)


def _signed_with_sm2(frame: Frame, proof: str) -> str:
    """The checkpoint of a proof as a note that the SM2 key signed: the published one may be of another size."""
    key = frame.home.sm2_key()
    if key is None:
        raise click.UsageError(
            speak('--sidecar: nothing is signed with SM2 here; set ledger.sidecar = "sm2" in config.toml')
        )
    return key.sign(Checkpoint.parse(read_note(read_proof(proof)[2])[0]).text())


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
