# SPDX-License-Identifier: Apache-2.0
"""`wardkeep ledger minutes`: the root of a day as a sheet for the committee's minutes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from wardkeep.cli.frame import Frame, speak, standard


@click.command("minutes")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="A file .svg or .html.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The day (default: the newest one kept).")
@standard
def command(frame: Frame, out: Path, day: datetime | None) -> None:
    """Write the checkpoint of a day as a sheet to print, with a QR code, in the language of --lang.

    In a binder it convicts whoever rewrites the log up to that day.
    """
    if out.suffix not in (".svg", ".html"):
        raise click.UsageError(speak("--out: name a file that ends in .svg or .html"))
    frame.django()
    from wardkeep.web.draw.minutes import draw_minutes, page_of  # noqa: PLC0415
    from wardkeep.web.ledger.minutes import sheet_of  # noqa: PLC0415

    sheet = sheet_of(frame.home, day.date() if day else None)
    drawn = draw_minutes(sheet)
    if out.suffix == ".html":
        drawn = page_of(drawn, f"{sheet.hospital} {sheet.day}", {"zh": "zh-Hans", "en": "en"}[frame.lang])
    out.write_text(drawn, encoding="utf-8")
    said = {"day": sheet.day, "size": sheet.checkpoint.size, "root": sheet.checkpoint.root.hex(), "file": str(out)}
    frame.out(said, speak("the sheet of %(day)s is in %(file)s") % said)
