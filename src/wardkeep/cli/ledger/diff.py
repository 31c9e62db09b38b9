# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger diff`: whether the ledger still extends what somebody saw of it before."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.ledger import LedgerReader, LedgerUnavailable, ProofRefused
from wardkeep.ledger.compare import Compared, Verdict, compare
from wardkeep.ledger.proof import HEADER, read_proof
from wardkeep.ledger.witness.client import HttpWitness

LARGEST = 1 << 20


@click.command("diff")
@click.argument("others", nargs=-1)
@click.option("--vkey", default=None, help="The public key to trust; without it, the one that the ledger names.")
@standard
def command(frame: Frame, others: tuple[str, ...], vkey: str | None) -> None:
    """Compare the ledger with what others saw: a checkpoint file, a .tlog-proof file, or the address of a witness.

    Without OTHERS every witness of the policy is asked. Exit status 0 where the ledger only grew since; 1 where it was set
    back, was rewritten, or is signed by another key; 3 where somebody could not be asked.
    """
    reader = frame.home.ledger_reader()
    found: list[Compared] = []
    missing: list[dict[str, str]] = []
    for name, note in _notes(frame, reader, others, missing):
        found.append(compare(reader, name, note, vkey=vkey))
    for one in missing:
        frame.say(f"{one['with']}: {one['why']}")
    if not found and not missing:
        raise click.UsageError(speak("nothing to compare with: name a checkpoint file or a witness's address"))
    ok = all(one.verdict in (Verdict.SAME, Verdict.GROWN) for one in found)
    frame.out(
        {
            "ok": ok and bool(found),
            "compared": [{"with": one.name, **_plain(one)} for one in found],
            "not_compared": missing,
        },
        "\n".join(_words(one) for one in found) or speak("nobody could be asked"),
    )
    if not ok or missing:
        click.get_current_context().exit(1 if not ok else 3)


def _plain(one: Compared) -> dict[str, object]:
    said = dataclasses.asdict(one)
    del said["name"]
    return said


def _notes(
    frame: Frame, reader: LedgerReader, others: tuple[str, ...], missing: list[dict[str, str]]
) -> Iterator[tuple[str, str]]:
    """Who saw what: a name, and the signed note."""
    for other in others or tuple(_addresses(frame)):
        if "://" in other:
            yield from _of_witness(frame, reader, other, missing)
            continue
        path = Path(other)
        try:
            raw = path.read_bytes() if path.stat().st_size <= LARGEST else b""
            text = raw.decode()
        except OSError as exc:
            raise click.UsageError(f"{other}: {exc.strerror}") from None
        except UnicodeDecodeError:
            text = ""
        try:
            yield other, read_proof(text)[2] if text.startswith(HEADER) else text
        except ProofRefused as exc:
            raise click.UsageError(f"{other}: {exc}") from None


def _addresses(frame: Frame) -> Iterator[str]:
    policy = frame.home.witness_policy()
    for witness in policy.witnesses if policy else ():
        if witness.url:
            yield witness.url


def _of_witness(
    frame: Frame, reader: LedgerReader, url: str, missing: list[dict[str, str]]
) -> Iterator[tuple[str, str]]:
    """What a witness shows of each of our logs; one that it never saw is nothing to compare with."""
    witness = HttpWitness(url, frame.home.settings.ledger.plain_http)
    unseen = 0
    for log in reversed(reader.logs()):
        try:
            reply = witness.checkpoint(reader.description.origin_of(log))
        except LedgerUnavailable as exc:
            missing.append({"with": url, "why": str(exc)})
            return
        if reply.status == 200:
            yield url, reply.body
        elif reply.status == 404:
            unseen += 1
        else:
            missing.append({"with": url, "why": speak("it answers with status %d") % reply.status})
            return
    if unseen == len(reader.logs()):
        missing.append({"with": url, "why": speak("it shows no checkpoint of this ledger")})


def _words(one: Compared) -> str:
    words = {
        Verdict.SAME: speak("%(name)s: the same, %(theirs)d entries of log %(log)s"),
        Verdict.GROWN: speak(
            "%(name)s: the ledger only grew since, from %(theirs)d to %(ours)d entries of log %(log)s"
        ),
        Verdict.ROLLBACK: speak(
            "%(name)s: ROLLBACK. It saw %(theirs)d entries of log %(log)s, the ledger has %(ours)d: entries were taken "
            "away, or an older copy was put back"
        ),
        Verdict.FORK: speak(
            "%(name)s: FORK. Of the first %(theirs)d entries of log %(log)s some are not those that it saw: it was "
            "rewritten since"
        ),
        Verdict.OTHER_KEY: speak("%(name)s: not signed by the trusted key of log %(log)s"),
        Verdict.OTHER_LOG: speak("%(name)s: of %(log)s, which is no log of this ledger"),
    }
    values = {"name": one.name, "log": one.log, "theirs": one.size or 0, "ours": one.our_size or 0}
    return words[one.verdict] % values
