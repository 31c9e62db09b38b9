# SPDX-License-Identifier: Apache-2.0
"""`wardkeep keys`: recovery shares."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import click

from wardkeep.cli.frame import Frame, empty_folder, speak, standard
from wardkeep.home import now

#: A share is shorter than this.
LONGEST = 4096


@click.group("keys")
def command() -> None:
    """Recovery shares: open lost keys again, or make a new set."""


@command.command("recover")
@click.argument("shares", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@standard
def recover(frame: Frame, shares: tuple[Path, ...]) -> None:
    """Put a lost root key back from recovery SHARES: two files, or typed in where none is named.

    Where the key was under a passphrase, hand over a new one as for `wardkeep serve`.
    """
    texts = [_read(path) for path in shares] or _typed(frame)
    from wardkeep.jobs.recovering import recover_keys  # noqa: PLC0415

    at = now()
    moved = [str(path) for path in recover_keys(frame.home, texts, at=at.astimezone(UTC))]
    said = {"keys": str(frame.home.keys_folder), "moved": moved, "sealed": _told(frame)}
    lines = [speak("The keys in %(keys)s open again.") % said]
    lines += [speak("What stood there was moved to %s; destroy it when all is well.") % path for path in moved]
    frame.out(said, "\n".join(lines))


@command.command("shares")
@click.option(
    "--to", type=click.Path(path_type=Path), required=True, help="An empty folder for the shares; it is made."
)
@standard
def shares_(frame: Frame, to: Path) -> None:
    """Write a new set of three recovery shares, of which two open the keys. Older sets stay good."""
    frame.django()
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415
    from wardkeep.jobs.recovering import write_shares  # noqa: PLC0415

    paths = [str(path) for path in write_shares(frame.home, empty_folder(to, "--to"), at=now())]
    drain_here(frame.home, say=frame.say)
    frame.out({"shares": paths}, "\n".join([speak("Keep them apart; any two open the keys."), *paths]))


def _read(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(LONGEST).strip()


def _typed(frame: Frame) -> list[str]:
    """Shares as a person types them: the first says how many are needed."""
    if not frame.interactive:
        raise click.UsageError(speak("name the files of two shares"))
    first = click.prompt(speak("First recovery share"), err=True)
    needed = first.split("-")[1] if first.count("-") > 1 else ""
    more = int(needed) - 1 if needed.isdecimal() and len(needed) < 3 else 1
    return [first, *(click.prompt(speak("Next recovery share"), err=True) for _ in range(more))]


def _told(frame: Frame) -> bool:
    """Say in the ledger that keys were recovered; False where rows cannot be written now, and then it is said on stderr."""
    try:
        frame.django()
        from wardkeep.jobs.draining import drain_here  # noqa: PLC0415
        from wardkeep.jobs.recovering import say_recovered  # noqa: PLC0415

        say_recovered(at=now())
        drain_here(frame.home, say=frame.say)
    except Exception as exc:  # the keys are back: whatever else is broken must not hide it
        frame.say(speak("the ledger could not be told: %s") % type(exc).__name__)
        return False
    return True
