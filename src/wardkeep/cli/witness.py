# SPDX-License-Identifier: Apache-2.0
"""`wardkeep witness`: remember other people's logs and cosign what only grows. Needs no home; runs elsewhere."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.home import default_home, now
from wardkeep.ledger import LedgerUnavailable, ProofRefused
from wardkeep.ledger.cosignature import cosignatures
from wardkeep.ledger.note import Checkpoint, read_note
from wardkeep.ledger.witness.folder import WitnessFolder
from wardkeep.ledger.witness.request import MOST_BYTES
from wardkeep.ledger.witness.service import Service
from wardkeep.ledger.witness.witness import Answer, Witness

folder_option = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="WARDKEEP_WITNESS",
    default=None,
    help="The witness's folder (default: WARDKEEP_WITNESS, else ~/.local/share/wardkeep-witness).",
)


@click.group("witness")
def command() -> None:
    """A witness for other people's logs: init, second-key, add-log, serve, status. Needs no home."""


@command.command("init")
@folder_option
@click.option("--name", required=True, help="The witness's name, such as witness.example/w1; it can never change.")
@standard
def init(frame: Frame, folder: Path | None, name: str) -> None:
    """Make a witness: a folder with a key of its own. Prints the line that a log's policy needs."""
    try:
        made = _folder(folder, WitnessFolder.create, name)
    except ProofRefused:
        raise click.UsageError(f"--name: {name!r} has a space or a plus, or is empty") from None
    cosigner = Witness(made).cosigner
    frame.out(
        {"folder": str(made.path), "name": name, "vkey": cosigner.vkey()},
        "\n".join(
            [
                speak("%s is the witness's folder") % made.path,
                speak("for the policy of the log (write the address for URL):"),
                f"witness {name} {cosigner.vkey()} URL",
            ]
        ),
    )


@command.command("second-key")
@folder_option
@standard
def second_key(frame: Frame, folder: Path | None) -> None:
    """Give the witness a second key, of the kind ML-DSA-44, which no quantum computer forges; it cosigns with both then.

    A witness that is served has to be started anew. Prints the line that a log's policy needs.
    """
    second = _folder(folder, WitnessFolder).add_second()
    frame.out(
        {"name": second.name, "vkey": second.vkey()},
        "\n".join(
            [
                speak("for the policy of the log, beside the first key (write the address for URL):"),
                f"witness {second.name}-ml-dsa {second.vkey()} URL",
            ]
        ),
    )


@command.command("add-log")
@folder_option
@click.argument("vkey")
@click.option("--every-year", is_flag=True, help="The log begins anew each year under the same key: know each of them.")
@click.option("--origin", default=None, help="The log's origin, where it is not the key's name.")
@click.option("--another-key", is_flag=True, help="The known log has changed its key: accept this one too.")
@standard
def add_log(
    frame: Frame, folder: Path | None, vkey: str, every_year: bool, origin: str | None, another_key: bool
) -> None:
    """Know a log by its public key, VKEY. A running witness need not be restarted."""
    found = _folder(folder, WitnessFolder)
    try:
        log = found.add_log(vkey, origin=origin, every_year=every_year, another_key=another_key)
    except ProofRefused as exc:
        raise click.UsageError(f"VKEY: {exc}; {exc.hint}" if exc.hint else f"VKEY: {exc}") from None
    said = {"origin": log.origin, "vkeys": log.vkeys, "every_year": log.every_year}
    frame.out(said, speak("%(origin)s is known by %(count)d keys") % {"origin": log.origin, "count": len(log.vkeys)})


@command.command("serve")
@folder_option
@click.option("--bind", default="127.0.0.1", show_default=True, help="Address to listen on; TLS ends in front of it.")
@click.option("--port", type=click.IntRange(0, 65535), default=8421, show_default=True, help="0 takes a free one.")
@standard
def serve(frame: Frame, folder: Path | None, bind: str, port: int) -> None:
    """Answer add-checkpoint over HTTP until stopped. Refusals that matter are said on stderr."""
    from waitress.server import create_server  # noqa: PLC0415

    found = _folder(folder, WitnessFolder)
    found.signer()
    lock = found.lock()
    witness = Witness(found)

    def tell(answer: Answer) -> None:
        if answer.status in (403, 422, 500, 503):
            frame.say(f"{now():%Y-%m-%dT%H:%M:%SZ} {answer.status} {answer.origin!r}: {answer.body.strip()}")

    try:
        server: Any = create_server(
            Service(witness, clock=now, told=tell),
            host=bind,
            port=port,
            threads=4,
            ident=None,
            max_request_body_size=MOST_BYTES,
            channel_timeout=30,
        )
    except OSError as exc:
        raise LedgerUnavailable(
            f"cannot listen on {bind} port {port}: {exc.strerror}", hint="choose another with --port"
        ) from None
    taken = int(server.effective_port)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    shown = f"[{bind}]" if ":" in bind else bind
    said = {"address": f"http://{shown}:{taken}/", "port": taken, "pid": os.getpid(), "name": witness.name}
    frame.out(
        said | {"vkey": witness.cosigner.vkey(), "second_vkey": witness.second and witness.second.vkey()},
        speak("%(name)s answers at %(address)s") % said,
    )
    server.run()
    os.close(lock)
    frame.say(speak("stopped"))


@command.command("status")
@folder_option
@standard
def status(frame: Frame, folder: Path | None) -> None:
    """What the witness saw of each log. Exit status 1 where a log signed two histories."""
    found = _folder(folder, WitnessFolder)
    witness = Witness(found)
    known = found.logs()
    seen: dict[str, dict[str, Any]] = {}
    for note in found.seen():
        tree = Checkpoint.parse(read_note(note)[0])
        at = cosignatures(note, [witness.cosigner])[0].at
        seen[tree.origin] = {"size": tree.size, "root": tree.root.hex(), "at": at}
    nothing = {"size": None, "root": None, "at": None}
    logs = [
        {
            "origin": origin,
            **(seen.get(origin) or nothing),
            "conflicts": [str(path) for path in found.conflicts(origin)],
        }
        for origin in dict.fromkeys([*(log.origin for log in known), *seen])
    ]
    second = witness.second and witness.second.vkey()
    lines = [f"{witness.name}: {one}" for one in (witness.cosigner.vkey(), second) if one]
    for log in logs:
        size = speak("nothing yet") if log["size"] is None else speak("%s entries") % f"{log['size']:,}"
        lines.append(f"{log['origin']}: {size}")
        lines += [speak("  it signed two histories: %s") % path for path in log["conflicts"]]
    said = {"name": witness.name, "vkey": witness.cosigner.vkey(), "second_vkey": second, "logs": logs}
    frame.out(said, "\n".join(lines))
    if any(log["conflicts"] for log in logs):
        click.get_current_context().exit(1)


def _folder(folder: Path | None, make: Any, *more: str) -> WitnessFolder:
    """The folder that was named, or the usual one beside the usual home."""
    path = folder or default_home().with_name("wardkeep-witness")
    found: WitnessFolder = make(path.expanduser().absolute(), *more)
    return found
