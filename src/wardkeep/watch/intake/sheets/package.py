# SPDX-License-Identifier: Apache-2.0
"""The archive around a sheet: what is asked before anything is unpacked, and members that are never unpacked beyond a limit."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from xml.parsers import expat

from wardkeep.watch.intake.limits import KIB, MIB

#: The archive itself; all that it says it unpacks to; how many times its size that may be; members.
PACKED, UNPACKED, RATIO, GRACE, MEMBERS = 256 * MIB, 2048 * MIB, 200, 32 * MIB, 5000
#: What is held in memory as a whole: texts of the sheet that are shared, styles, the list of sheets.
HELD = 256 * MIB
#: Elements in elements.
DEEPEST = 60
STEP = 64 * KIB


class BadSheet(ValueError):
    """Why the file is no sheet that is read; never with a value of it."""


class Package:
    """An archive that was found harmless by what it says of itself."""

    def __init__(self, data: bytes, most: int = UNPACKED) -> None:
        """`most`: what all members may unpack to. Raises BadSheet."""
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
            members = self._zip.infolist()
        except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OSError, NotImplementedError, EOFError):
            raise BadSheet("bad-zip: the archive of the sheet is damaged or cut") from None
        if len(members) > MEMBERS:
            raise BadSheet(f"zip-bomb: the archive has {len(members)} members, more than {MEMBERS}")
        total = sum(member.file_size for member in members)
        if total > most or (total > GRACE and total > RATIO * len(data)):
            raise BadSheet(f"zip-bomb: the archive unpacks to {total} bytes, beyond {RATIO} times its size or {most}")
        if any(member.flag_bits & 1 for member in members):
            raise BadSheet("encrypted: the archive has a password: save the sheet without one")
        self._members = {member.filename.lstrip("/").lower(): member for member in members}

    def has(self, name: str) -> bool:
        """Whether there is such a member."""
        return name.lower() in self._members

    def read(self, name: str, longest: int = UNPACKED) -> Iterator[bytes]:
        """A member in steps. Raises BadSheet where it is not what the archive says."""
        member = self._members.get(name.lower())
        if member is None:
            raise BadSheet("no-sheet: a part of the workbook is not in the archive")
        size = 0
        try:
            with self._zip.open(member) as stream:
                while step := stream.read(STEP):
                    size += len(step)
                    if size > min(longest, member.file_size):
                        raise BadSheet(
                            f"zip-bomb: a part of the workbook is larger than {min(longest, member.file_size)} bytes"
                        )
                    yield step
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            RuntimeError,
            NotImplementedError,
            ValueError,
        ) as exc:
            if isinstance(exc, BadSheet):
                raise
            raise BadSheet("bad-zip: a part of the workbook is damaged") from None

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """What a member names as its parts: id -> kind and name."""
        folder, _, base = name.rpartition("/")
        rels = f"{folder}/_rels/{base}.rels".lstrip("/")
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, given: dict[str, str]) -> None:
            if tag == "Relationship" and given.get("TargetMode") != "External":
                target = given.get("Target", "")
                place = (
                    target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                )
                found[given.get("Id", "")] = (given.get("Type", "").rpartition("/")[2], place)

        if self.has(rels):
            parse(self.read(rels, HELD), start)
        return found


def nothing(*_: Any) -> None:
    """A handler that does nothing."""


def feeding(
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] = nothing,
    text: Callable[[str], None] = nothing,
) -> Any:
    """A parser with these handlers; names lose their prefix, a document type is refused unread."""
    depth = 0

    def begin(tag: str, given: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise BadSheet(f"too-deep: more than {DEEPEST} elements in each other")
        start(tag.rpartition(":")[2], given)

    def leave(tag: str) -> None:
        nonlocal depth
        depth -= 1
        end(tag.rpartition(":")[2])

    def refuse(*_: object) -> None:
        raise BadSheet(
            "document-type: a part of the workbook declares a document type or an entity, which is refused unread"
        )

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, leave, text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    return parser


def fed(parser: Any, data: bytes, *, last: bool = False) -> None:
    """Give the parser more. Raises BadSheet."""
    try:
        parser.Parse(data, last)
    except (expat.ExpatError, UnicodeError, ValueError) as exc:
        if isinstance(exc, BadSheet):
            raise
        raise BadSheet("not-xml: a part of the workbook is no XML") from None


def parse(
    steps: Iterator[bytes], start: Callable[[str, dict[str, str]], None], end: Callable[[str], None] = nothing,
    text: Callable[[str], None] = nothing,
) -> None:  # fmt: skip
    """A whole member. Raises BadSheet."""
    parser = feeding(start, end, text)
    for step in steps:
        fed(parser, step)
    fed(parser, b"", last=True)
