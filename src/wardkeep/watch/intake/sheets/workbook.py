# SPDX-License-Identifier: Apache-2.0
"""What a workbook says beside its rows: its sheets, the texts they share, and which cells are dates."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wardkeep.watch.intake.sheets.package import HELD, BadSheet, Package, parse

#: Texts that sheets share, and the letters in all of them.
TEXTS, LETTERS = 3_000_000, 128 << 20
#: Formats that every workbook has: dates and times, those of Chinese and Japanese workbooks included; with a time of day.
DATES = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
CLOCKS = frozenset([18, 19, 20, 21, 22, 32, 33, 34, 35, 45, 46, 47])
_QUIET = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
_LETTERS = re.compile(r"[ymdhs]", re.IGNORECASE)
_CLOCK = re.compile(r"[hs]", re.IGNORECASE)
EPOCH, EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
LATEST = 2_958_466  # the year 10000


@dataclass
class Workbook:
    """Sheets in their order (name and member), shared texts, and of each style whether it is a date (with a time of day)."""

    sheets: list[tuple[str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    #: None: no date; else whether the time of day belongs to it.
    styles: list[bool | None] = field(default_factory=list)
    epoch: datetime = EPOCH


def workbook(package: Package) -> Workbook:
    """Read all that the rows need. Raises BadSheet."""
    top = next((name for kind, name in package.related("").values() if kind == "officeDocument"), "xl/workbook.xml")
    if not package.has(top):
        raise BadSheet("no-sheet: the archive holds no workbook; a Word or a zip file is none")
    parts = package.related(top)
    found = Workbook()

    def start(tag: str, given: dict[str, str]) -> None:
        if tag == "workbookPr" and given.get("date1904") in ("1", "true"):
            found.epoch = EPOCH_1904
        if tag == "sheet":
            own = next((value for key, value in given.items() if key.rpartition(":")[2] == "id"), "")
            kind, name = parts.get(own, ("", ""))
            if kind == "worksheet":
                found.sheets.append((given.get("name", "") or f"Sheet{len(found.sheets) + 1}", name))

    parse(package.read(top, HELD), start)
    if not found.sheets:
        raise BadSheet("no-sheet: the workbook holds no sheet with rows")
    for kind, name in parts.values():
        if kind == "sharedStrings" and package.has(name):
            found.texts = _texts(package, name)
        elif kind == "styles" and package.has(name):
            found.styles = _styles(package, name)
    return found


def _texts(package: Package, name: str) -> list[str]:
    """The shared texts; readings (`rPh`) of Japanese ones are left out."""
    found: list[str] = []
    pieces: list[str] = []
    letters, inside, silent = 0, False, 0

    def start(tag: str, given: dict[str, str]) -> None:
        nonlocal inside, silent
        if tag == "si":
            pieces.clear()
        silent += tag == "rPh"
        inside = tag == "t" and not silent

    def end(tag: str) -> None:
        nonlocal inside, silent, letters
        inside = False
        silent -= tag == "rPh"
        if tag == "si":
            found.append("".join(pieces))
            letters += len(found[-1])
            if len(found) > TEXTS or letters > LETTERS:
                raise BadSheet("too-long: the sheet's texts are more than are held at once; export CSV, or fewer days")

    def text(said: str) -> None:
        if inside:
            pieces.append(said)

    parse(package.read(name), start, end, text)
    return found


def _styles(package: Package, name: str) -> list[bool | None]:
    own: dict[int, str] = {}
    numbers: list[int] = []
    within = False

    def start(tag: str, given: dict[str, str]) -> None:
        nonlocal within
        if tag == "numFmt":
            own[_number(given.get("numFmtId"))] = given.get("formatCode", "")
        elif tag == "cellXfs":
            within = True
        elif tag == "xf" and within:
            numbers.append(_number(given.get("numFmtId")))

    def end(tag: str) -> None:
        nonlocal within
        within = within and tag != "cellXfs"

    parse(package.read(name, HELD), start, end)
    return [_is_date(number, own.get(number)) for number in numbers]


def _is_date(number: int, code: str | None) -> bool | None:
    if code is None:
        return number in CLOCKS if number in DATES else None
    bare = _QUIET.sub("", code.split(";")[0])
    if code.lower() == "general" or not _LETTERS.search(bare):
        return None
    return _CLOCK.search(bare) is not None


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else 0


def number(text: str, style: bool | None, epoch: datetime) -> str:
    """A number as it is meant: whole without a point, a date as ISO 8601."""
    try:
        value = float(text)
    except ValueError:
        return text
    if style is not None and 0 <= value < LATEST:
        return _date(value, style, epoch)
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return text


def _date(value: float, clock: bool, epoch: datetime) -> str:
    moment = epoch + timedelta(milliseconds=round(value * 86_400_000))
    if value < 1:
        return moment.strftime("%H:%M:%S")
    if not clock and value.is_integer():
        return moment.strftime("%Y-%m-%d")
    return moment.isoformat(" ", "milliseconds" if moment.microsecond else "seconds")
