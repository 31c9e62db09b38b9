# SPDX-License-Identifier: Apache-2.0
"""From files to the parts of a list: their names, kinds and pages, by themselves or as a table (CSV) says."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wardkeep.package.errors import PackageUnwritable
from wardkeep.package.layout import part_name
from wardkeep.package.part import LARGEST_PART, LONGEST_TEXT, MOST_PARTS, Form, Part

COLUMNS = ("file", "name", "kind", "form", "pages")
RECORD = "record"
LARGEST_TABLE = 4 << 20
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """What a table says of one file."""

    name: str
    kind: str
    form: Form
    pages: int | None


def read_table(path: Path, form: Form) -> dict[str, Row]:
    """What a CSV file says of each file; only `file` must be there. Raises PackageUnwritable."""
    raw = path.read_bytes()
    if len(raw) > LARGEST_TABLE:
        raise PackageUnwritable(f"{path} has more than {LARGEST_TABLE:,} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    reader = csv.DictReader(io.StringIO(text))
    unknown = [name for name in reader.fieldnames or () if name not in COLUMNS]
    if unknown or "file" not in (reader.fieldnames or ()):
        raise PackageUnwritable(f"{path}: its first line names {', '.join(COLUMNS)}, of which file must be there")
    found = {}
    for number, row in enumerate(reader, 2):
        try:
            file, pages = row["file"], row.get("pages") or None
            found[file] = Row(
                name=row.get("name") or file,
                kind=row.get("kind") or RECORD,
                form=Form(row.get("form") or form),
                pages=None if pages is None else int(pages),
            )
        except (ValueError, TypeError):
            raise PackageUnwritable(f"{path}, line {number}: form is original or copy, pages a number") from None
    return found


def files_of(paths: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Each file by its name, those of a folder in order by their name below it. Raises PackageUnwritable."""
    for path in paths:
        if path.is_dir():
            for below in sorted(path.rglob("*")):
                name = below.relative_to(path)
                if below.is_file() and not any(part.startswith(".") for part in name.parts):
                    yield name.as_posix(), below
        elif path.is_file():
            yield path.name, path
        else:
            raise PackageUnwritable(f"{path} is no file and no folder")


def parts_of(
    number: int,
    files: Sequence[tuple[str, Path]],
    table: dict[str, Row],
    *,
    form: Form,
    follows: Sequence[str],
    kept: bool,
    awaited: Collection[str] = (),
) -> tuple[tuple[Part, ...], dict[str, Path]]:
    """The parts of the list of step `number`, and what of them goes into the package. Raises PackageUnwritable.

    follows: names of records that are not complete yet. kept: whether the content goes in, or only its hash.
    awaited: names of records that were to follow; a file that is called so but for its ending is that record.
    """
    parts, inside = list[Part](), dict[str, Path]()
    if unused := sorted(set(table) - {name for name, _ in files}):
        raise PackageUnwritable(f"the table names a file that was not given: {unused[0]!r}")
    for place, (name, path) in enumerate(files, 1):
        called = path.stem if path.stem in awaited and name not in awaited else name
        said = table.get(name, Row(called, RECORD, form, None))
        size, digest = measure(path)
        file = part_name(number, place, path.name) if kept else None
        if file is not None:
            inside[file] = path
        parts.append(
            Part(
                name=said.name,
                kind=said.kind,
                form=said.form,
                pages=said.pages,
                size=size,
                sha256=digest,
                file=file,
            )
        )
    parts += [
        Part(name=name, kind=RECORD, form=form, pages=None, size=None, sha256=None, file=None) for name in follows
    ]
    names = [part.name for part in parts]
    for name in (text for part in parts for text in (part.name, part.kind)):
        if not 0 < len(name) <= LONGEST_TEXT or not name.isprintable():
            raise PackageUnwritable(f"{name[:80]!r} is no printable text of 1 to {LONGEST_TEXT} characters")
    if not parts:
        raise PackageUnwritable("a list has at least one part")
    if len(parts) > MOST_PARTS:
        raise PackageUnwritable(f"a list has at most {MOST_PARTS:,} parts", hint="put the others into a supplement")
    if twice := sorted(name for name, count in Counter(names).items() if count > 1):
        raise PackageUnwritable(f"two parts have one name: {twice[0]!r}", hint="give each its own name with --table")
    return tuple(parts), inside


def measure(path: Path) -> tuple[int, str]:
    digest, taken = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            taken += len(piece)
    if taken > LARGEST_PART:
        raise PackageUnwritable(f"{path.name} has more than {LARGEST_PART:,} bytes")
    return taken, digest.hexdigest()
