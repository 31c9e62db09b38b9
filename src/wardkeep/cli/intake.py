# SPDX-License-Identifier: Apache-2.0
"""`wardkeep intake`: reads logs and stores nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.cli.live import command as status
from wardkeep.cli.propose import command as propose
from wardkeep.settings import Hospital
from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake import FORMATS, as_line, rejected_line

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@click.group("intake")
def command() -> None:
    """Read logs and store nothing; say what is heard live."""


command.add_command(status)
command.add_command(propose)


@command.command("read")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@click.option("--format", "format_", type=click.Choice(FORMATS), default=None, help="Default: found by looking.")
@click.option(
    "--mapping",
    default=None,
    help="Mapping of a delimited export: a file, or the name of a confirmed or a shipped one.",
)
@click.option("--timezone", default=None, help="Zone of local times and of what is printed; default: the home's.")
@click.option("--strict", is_flag=True, help="End with status 1 when a piece cannot be read.")
@standard
def read(
    frame: Frame, paths: tuple[Path, ...], format_: str | None, mapping: str | None, timezone: str | None, strict: bool
) -> None:
    """Print what would be stored, one event or rejected piece a line. Needs no home."""
    from wardkeep.jobs.ingesting import is_table, logs_of, mapping_named  # noqa: PLC0415

    zone = _zone(frame, timezone)
    events = rejected = 0
    tables = [path for path in paths if is_table(path)]
    for path in tables:
        for line in _table_lines(path, zone):
            rejected += "rejected" in line
            frame.out(line, _text(line))
    logs = logs_of(
        [p for p in paths if p not in tables],
        mapping=mapping_named(mapping, frame.home),
        format=format_,
        home=frame.home,
    )
    for log in logs:
        for line in _lines(log.read(zone=zone.key), zone):
            rejected += "rejected" in line
            events += "rejected" not in line
            frame.out(line, _text(line))
    counts = {"events": events, "rejected": rejected}
    frame.say(speak("%(events)d events, %(rejected)d pieces that cannot be read") % counts)
    if strict and rejected:
        click.get_current_context().exit(1)


def _zone(frame: Frame, named: str | None) -> ZoneInfo:
    if named is None:
        return ZoneInfo((frame.home.settings.hospital if frame.home.exists else Hospital()).timezone)
    if named not in available_timezones():
        raise click.UsageError(speak("--timezone %s is no IANA zone: write one such as Asia/Shanghai") % named)
    return ZoneInfo(named)


def _lines(found: Iterator[AccessEvent | Rejected], zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    """Each piece as a line, its time in `zone`."""
    for piece in found:
        if isinstance(piece, Rejected):
            yield rejected_line(piece)
        else:
            time = (EPOCH + timedelta(microseconds=piece.time)).astimezone(zone)
            yield {**as_line(piece), "time": time.isoformat()}


def _table_lines(path: Path, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    """A table of the hospital that was named as a file: what cannot be read of it, and how many rows can."""
    from wardkeep.watch.hospital import read_context  # noqa: PLC0415

    for table in read_context(path, zone=zone.key):
        yield from map(rejected_line, table.rejected)
        yield {"table": table.name, "rows": table.table.num_rows, "source": {"file": table.source, "position": ""}}


def _text(line: dict[str, Any]) -> str:
    place = f"{line['source']['file']}:{line['source']['position']}"
    if "table" in line:
        return speak("%(table)s: a table of the hospital with %(rows)d rows") % line
    if "rejected" in line:
        return f"{speak('REJECTED'):25}  {line['rejected']}  [{place}]"
    words = [
        line["time"],
        line["account"] or "-",
        line["action"] if line["kind"] == "access" else line["kind"],
        ", ".join(line["patients"]) or "-",
        line["resource"] or "-",
        line["system"],
        line["outcome"] if line["outcome"] != "success" else "",
        json.dumps(line["query"], ensure_ascii=False) if line["query"] else "",
    ]
    return "  ".join(word for word in words if word) + f"  [{place}]"
