# SPDX-License-Identifier: Apache-2.0
"""`wardkeep judge`: explains, detects and ranks everything that was ingested."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from wardkeep.cli.frame import Frame, speak, standard

if TYPE_CHECKING:
    from wardkeep.watch.spelling import Spelt

#: Names shown of a list.
SHOWN = 5


@click.command("judge")
@click.option("--from", "from_", default=None, metavar="T", help="Judge events from this time or local day on.")
@click.option("--to", default=None, metavar="T", help="Judge events before this time, or up to this local day.")
@click.option("--dry-run", is_flag=True, help="Store nothing, seal nothing.")
@click.option(
    "--reasons",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    default=None,
    help="Write event_id, explained, reason, source_id of every event to this Parquet file.",
)
@click.option("--trigger", default="command", hidden=True, type=click.Choice(["command", "nightly", "demo"]))
@standard
def command(frame: Frame, from_: str | None, to: str | None, dry_run: bool, reasons: Path | None, trigger: str) -> None:
    """Print the cases, best first within each day on which they open."""
    if trigger == "nightly":
        from wardkeep.jobs.processes import end_with_parent  # noqa: PLC0415

        end_with_parent()
    frame.django()
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415
    from wardkeep.jobs.judging import judge_home, lines  # noqa: PLC0415
    from wardkeep.jobs.upgrading import refuse_other_schema  # noqa: PLC0415

    refuse_other_schema()
    zone = ZoneInfo(frame.home.settings.hospital.timezone)
    judged = judge_home(
        frame.home,
        from_us=_moment(from_, zone, ends=False),
        to_us=_moment(to, zone, ends=True),
        trigger=trigger,
        by="jobs" if trigger == "nightly" else "cli",
        store=not dry_run,
        reasons=reasons,
    )
    for line in lines(judged.judgement, zone):
        frame.out(
            line,
            "{opened_on} {rank:>4}  {score:8.4f}  {account:20} {0}  ".format(
                ", ".join(line["detections"]), **{k: line[k] for k in ("opened_on", "rank", "score", "account")}
            )
            + speak("%(patients)d patients, %(events)d accesses")
            % {"patients": len(line["patients"]), "events": len(line["event_ids"])},
        )
    found = judged.judgement
    frame.say(
        speak("%(events)d accesses, %(explained)d explained, %(cases)d cases")
        % {"events": found.events, "explained": found.explained, "cases": len(found.cases)}
    )
    if found.unknown:
        frame.say(
            speak("not evaluated: %(calls)d calls of procedures that no imported schema explains: %(names)s")
            % {"calls": sum(found.unknown.values()), "names": _some(list(found.unknown))}
        )
    for text in _spelt(found.spelt):
        frame.say(text)
    if judged.run is not None:
        drain_here(frame.home, say=frame.say)


def _spelt(spelt: Sequence[Spelt]) -> Iterator[str]:
    """What was made of accounts that are written otherwise than in the table: how many, and which are not sure."""
    sure = [one for one in spelt if one.account is not None]
    if sure:
        names = _some([f"{one.written} = {one.account}" for one in sure])
        yield speak("%(accounts)d accounts are written otherwise than in the table: %(names)s") % {
            "accounts": len(sure),
            "names": names,
        }
    if unsure := [one for one in spelt if one.account is None]:
        names = _some([f"{one.written} ({', '.join(one.accounts[:SHOWN])})" for one in unsure])
        yield speak("not taken for another: %(accounts)d accounts that may be several: %(names)s") % {
            "accounts": len(unsure),
            "names": names,
        }


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" ..." if len(names) > SHOWN else "")


def _moment(text: str | None, zone: ZoneInfo, *, ends: bool) -> int | None:
    """Microseconds of a time with offset, a local time, or a local day (whole: its end is the next midnight)."""
    if text is None:
        return None
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=1 if ends else 0)
            moment = datetime.combine(day, time(), zone)
        else:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=zone)
    except ValueError:
        name = "--to" if ends else "--from"
        raise click.UsageError(
            speak("%(option)s %(text)s is no time: write 2026-03-02 or 2026-03-02T08:00:00+08:00")
            % {"option": name, "text": text}
        ) from None
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
