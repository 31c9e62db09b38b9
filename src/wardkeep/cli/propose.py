# SPDX-License-Identifier: Apache-2.0
"""`wardkeep intake propose`: a mapping for a log that nobody described, for a person to confirm. Stores and uses nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.settings import Hospital

#: Events shown of what the first rows would become.
SHOWN = 5


@click.command("propose")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--write",
    "target",
    default=None,
    metavar="FILE.toml",
    type=click.Path(path_type=Path),
    help="Write the proposed mapping here; a file that is there is left as it is.",
)
@standard
def command(frame: Frame, path: Path, target: Path | None) -> None:  # fmt: skip
    """Propose a mapping from the first rows of FILE (text or .xlsx), each part with a reason and how sure it is.

    Needs no home. Exit status 1 where something must be added before the mapping can be used.
    """
    from wardkeep.watch.intake.proposing.propose import HEAD, propose  # noqa: PLC0415
    from wardkeep.watch.intake.proposing.trying import becomes  # noqa: PLC0415
    from wardkeep.watch.intake.sheets.package import PACKED  # noqa: PLC0415
    from wardkeep.watch.intake.sheets.xlsx import recognises  # noqa: PLC0415

    hospital = frame.home.settings.hospital if frame.home.exists else Hospital()
    with path.open("rb") as file:
        head = file.read(HEAD)
        if recognises(path.name, head):
            # An archive is read as a whole: its list of contents stands at the end.
            head += file.read(PACKED)
    found = propose(head, path.name, hospital.timezone)
    lines = becomes(head, path.name, found.toml, hospital.timezone, SHOWN) if not found.open else []
    if frame.json:
        frame.out({"file": path.name, **_as_json(found, frame.lang), "becomes": lines})
    else:
        for part in found.parts:
            why = getattr(part.because, frame.lang)
            frame.out(None, f"{round(part.confidence * 100):>3} %  {part.key:22} {part.value!r:32}  {why}")
        if found.unused:
            frame.out(None, speak("columns that become nothing: %s") % ", ".join(found.unused))
        for line in lines:
            said = (
                (line["rejected"],)
                if "rejected" in line
                else (line["time"], line["account"], line["action"], line["patient_id"])
            )
            frame.out(None, "  ".join(str(word) for word in said if word))
        frame.out(None, found.toml)
    for one in found.open:
        frame.say(getattr(one, frame.lang))
    if target is not None and found.toml:
        _write(target, found.toml)
        frame.say(speak("written to %s: confirm each line, then name it with --mapping") % target)
    if found.open:
        click.get_current_context().exit(1)


def _as_json(found: Any, lang: str) -> dict[str, Any]:
    return {
        "proposed": [{**dataclasses.asdict(part), "because": getattr(part.because, lang)} for part in found.parts],
        "mapping": found.toml,
        "unused": list(found.unused),
        "open": [getattr(one, lang) for one in found.open],
        "unknown_words": {target: list(words) for target, words in found.unknown_words.items()},
    }


def _write(target: Path, text: str) -> None:
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.UsageError(speak("%s is there already: name another file") % target) from None
    except OSError as exc:
        raise click.UsageError(f"{target}: {exc.strerror}") from None
