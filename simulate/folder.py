# SPDX-License-Identifier: Apache-2.0
"""Writing a hospital: the plain folder, and the truth beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from simulate.foreign import write_foreign
from simulate.hl7 import write_feeds
from simulate.hospital import Hospital
from simulate.parameters import Progress
from simulate.sources.files import write_sources

STYLES = ("folder", "foreign")


def write(
    hospital: Hospital,
    folder: Path,
    style: str = "folder",
    *,
    compress: bool = False,
    feeds: int = 0,
    progress: Progress | None = None,
) -> list[Path]:
    """Write tables and events into `folder` (made where it is missing); the files, events last. ValueError: unknown style.

    `compress` gzips the audit events of the foreign style (a tenth of the size, two seconds more). The last
    `feeds` days come as HL7 messages too.
    """
    if style not in STYLES:
        raise ValueError(f"style is {style!r}: give one of {', '.join(STYLES)}")
    tell = progress or (lambda share, what: None)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, table in hospital.tables.items():
        tell(0.0, f"{name}.csv")
        files.append(_csv(table, folder / f"{name}.csv"))
    if feeds:
        tell(0.05, "HL7 messages")
        files += write_feeds(hospital, folder, feeds)
    if style == "foreign":
        files += write_foreign(hospital, folder, tell, compress=compress)
        if hospital.sources is not None:
            files += write_sources(hospital.sources.events, folder, holders(hospital))
        return files
    tell(0.3, "events.csv")
    files.append(_csv(hospital.events, folder / "events.csv"))
    if hospital.sources is not None:
        files.append(_csv(hospital.sources.events, folder / "events-sources.csv"))
    tell(1.0, "done")
    return files


def holders(hospital: Hospital) -> dict[str, str]:
    """The name of whoever an account belongs to."""
    staff, accounts = hospital.tables["staff"], hospital.tables["accounts"]
    names = dict(zip(staff["staff_id"].to_pylist(), staff["name"].to_pylist(), strict=True))
    pairs = zip(accounts["account"].to_pylist(), accounts["staff_id"].to_pylist(), strict=True)
    return {account: names[number] for account, number in pairs if number in names}


def write_records(hospital: Hospital, folder: Path) -> list[Path]:
    """Write what the records office hands over for sealing; it is no table of the folder, and stands by itself."""
    if hospital.changes is None:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    return [_csv(hospital.changes.archive, folder / "archive.csv")]


def write_truth(hospital: Hospital, folder: Path) -> list[Path]:
    """Write what really happened; never into the hospital's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    misuse = _csv(hospital.misuse, folder / "misuse.csv")
    pq.write_table(hospital.legitimate, folder / "legitimate.parquet")
    written = [misuse, folder / "legitimate.parquet"]
    if hospital.changes is not None:
        written.append(_csv(hospital.changes.truth, folder / "changes.csv"))
    if hospital.sources is not None:
        pq.write_table(hospital.persons, folder / "persons.parquet")
        scenes = json.dumps(hospital.scenes, ensure_ascii=False, indent=1)
        (folder / "scenes.json").write_text(scenes + "\n", "utf-8")
        numbers = hospital.same_person
        same = pa.table({"earlier_id": pa.array(list(numbers)), "staff_id": pa.array(list(numbers.values()))})
        written += [folder / "persons.parquet", folder / "scenes.json", _csv(same, folder / "same_person.csv")]
    return written


def _csv(table: pa.Table, path: Path) -> Path:
    """RFC 4180 in UTF-8; an unknown value is an empty cell."""
    with path.open("wb") as out:
        out.write((",".join(table.column_names) + "\n").encode())
        pacsv.write_csv(table, out, pacsv.WriteOptions(include_header=False, quoting_style="needed"))
    return path
