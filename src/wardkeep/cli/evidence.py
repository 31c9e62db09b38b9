# SPDX-License-Identifier: Apache-2.0
"""`wardkeep evidence`: the result of a named query over a sealed range, as a bundle that verifies anywhere."""

from __future__ import annotations

from pathlib import Path

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.ledger import format_index


@click.group("evidence")
def command() -> None:
    """Results of named queries, as bundles that anyone can verify."""


@command.command("queries")
@standard
def queries(frame: Frame) -> None:
    """List the queries: name, version, what they ask for, and the hash of their text."""
    from wardkeep.evidence import queries as known  # noqa: PLC0415 - pulls in the engines of the store

    for one in known():
        said = {
            "name": one.name,
            "version": one.version,
            "over": one.over,
            "parameters": list(one.parameters),
            "title": one.title[frame.lang],
            "sha256": one.sha256,
            "text": one.text.decode(),
        }
        asked = "".join(f" --with {name}=…" for name in one.parameters)
        frame.out(said, f"{one.name} {one.version}{asked}\n    {one.title[frame.lang]}")


@command.command("run")
@click.argument("name")
@click.option("--from", "first", required=True, help="The first entry of the range, such as 2026:0.")
@click.option("--to", "last", required=True, help="The last entry of the range, such as 2026:4711.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A ZIP (NAME.zip), or a folder to be made.")
@click.option(
    "--with", "values", multiple=True, metavar="NAME=VALUE", help="A parameter of the query; can be repeated."
)
@click.option("--version", "version", type=int, default=None, help="The query's version (default: the newest).")
@standard
def run(
    frame: Frame, name: str, first: str, last: str, out: Path, values: tuple[str, ...], version: int | None
) -> None:
    """Ask the query NAME of a sealed range and write the result with its proofs.

    The bundle is verified before it is handed out, and an act says that it was made. What is in it leaves the house with it:
    the rows of `accesses-of-patient` name accounts and the patient.
    """
    from wardkeep import evidence  # noqa: PLC0415
    from wardkeep.home import now  # noqa: PLC0415
    from wardkeep.watch.store.sealed_rows import held_rows, sealed_rows  # noqa: PLC0415

    reader = frame.home.ledger_reader()
    query = evidence.load(name, version)
    asked = query.checked(_pairs(values))
    where = evidence.range_of(reader, first, last)
    found = evidence.ask(
        query,
        asked,
        where,
        reader=reader,
        rows=lambda log, begin, end, patients: sealed_rows(frame.home.store(), log, begin, end, patients=patients),
    )
    lost = 0
    if query.over == "events":
        lost = evidence.events_in(reader, where) - held_rows(frame.home.store(), where.log, where.first, where.last)
    if lost:
        frame.say(
            speak("%d events of the range are no longer stored: they are not asked, and not in the result") % lost
        )
    evidence.write(evidence.parts(reader, query, asked, where, found, note=reader.vouched(where.log, where.last)), out)
    try:
        shown = evidence.verify_bundle(out, reader.vkey(where.log))
    except evidence.BundleRefused:
        frame.say(speak("what was written to %s does not verify: hand it to nobody") % out)
        raise
    frame.django()
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415
    from wardkeep.seal.act import action  # noqa: PLC0415

    patients = [asked["patient"]] if "patient" in asked else []
    with action("evidence:bundle:made", actor="cli", at=now(), patients=patients) as act:
        act.fact("query", [query.name, query.version])
        act.fact("range", [where.log, where.first, where.last])
        act.fact("rows", shown.rows)
        act.fact("result", shown.sha256)
    drain_here(frame.home, say=frame.say)
    frame.out(
        {
            "query": query.name,
            "version": query.version,
            "from": format_index(where.log, where.first),
            "to": format_index(where.log, where.last),
            "rows": shown.rows,
            "complete": shown.complete,
            "gone": shown.gone,
            "lost": lost,
            "sha256": shown.sha256,
            "bundle": str(out),
            "vkey": reader.vkey(where.log),
        },
        speak("%(rows)s records of %(from)s to %(to)s written to %(bundle)s")
        % {
            "rows": f"{shown.rows:,}",
            "from": format_index(where.log, where.first),
            "to": format_index(where.log, where.last),
            "bundle": out,
        },
    )


def _pairs(values: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in values:
        name, equal, value = text.partition("=")
        if not equal or name in found:
            raise click.UsageError(f"--with {text!r}: write NAME=VALUE, each name once")
        found[name] = value
    return found
