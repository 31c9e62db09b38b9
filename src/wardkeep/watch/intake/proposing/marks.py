# SPDX-License-Identifier: Apache-2.0
"""Encoding, separator, quote and header of a text, told from its first rows. Pure."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Sequence

from wardkeep.watch.intake.proposing.draft import Written
from wardkeep.watch.intake.proposing.meanings import names_in
from wardkeep.watch.intake.proposing.proposal import Because, Marks, Proposed
from wardkeep.watch.intake.proposing.sampling import wide

#: Rows that are looked at.
ROWS = 200
#: Rows above the header that may be a title.
MOST_TITLES = 20
_SEPARATORS = (",", "\t", "|", ";", "^", "||", "\x01", "~")
_DATA = re.compile(r"\d{4}[-/年]\d|\d{2}:\d{2}|^\d+(\.\d+)?$|^\d{1,3}(\.\d{1,3}){3}$|^$")
#: Why something is so that a person chose.
SAID = Because("由您指定", "as you chose")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def marks(data: bytes, given: Written | None = None) -> Marks | None:
    """How a text is written, None where no rows of several cells can be seen; with `given` as somebody says."""
    text, encoding = _decoded(data) if given is None else _as_said(data, given.encoding)
    numbered = [(n, line) for n, line in enumerate(text.splitlines()) if line.strip("\ufeff \t")]
    if given is not None:
        numbered = [(n, line) for n, line in numbered if n >= given.skip_lines]
    # The last line may be cut in the middle.
    numbered = numbered[: ROWS + 20][: -1 if len(numbered) > 2 and not text.endswith("\n") else None]
    lines = [line for _, line in numbered]
    if not lines:
        return None
    separators = _SEPARATORS if given is None else (given.separator,)
    (score, width, skip), separator = max(
        ((_fit(lines, separator), separator) for separator in separators), key=lambda found: found[0][0]
    )
    if given is not None:
        skip = 0
    elif score <= 0 or width < 2:
        return None
    quote = _quote(lines[skip:], separator) if given is None else given.quote
    if given is None:
        skip += _titles(_cells(lines[skip : skip + ROWS + 1], separator, quote))
    table = [tuple(row) for row in _cells(lines[skip : skip + ROWS + 1], separator, quote)]
    if not table or not table[0]:
        return None
    header, sure = _header(table) if given is None else (given.header, 1.0)
    percent = min(100, round(score * 100))
    parts: tuple[Proposed, ...] = (
        encoding,
        Proposed(key="separator", value=separator, confidence=max(0.0, min(1.0, score)), because=Because(
            f"{percent}% 的行用它分成 {width} 列", f"{percent} % of the lines have {width} cells with it")),
        _headed(header, sure) if given is None else Proposed(key="header", value=_word(header), because=SAID, confidence=1.0),
    )  # fmt: skip
    # A mapping counts every line, the empty ones too.
    skipped = given.skip_lines if given is not None else numbered[skip][0]
    if skipped:
        parts = (*parts, _skipped(skipped) if given is None else
                 Proposed(key="skip_lines", value=str(skipped), because=SAID, confidence=1.0))  # fmt: skip
    return Marks(
        encoding=encoding.value, separator=separator, quote=quote, header=header, skip_lines=skipped, names=table[0],
        rows=tuple(table[1:] if header else table), parts=parts,
    )  # fmt: skip


def sheet_marks(data: bytes, given: Written | None = None) -> Marks | None:
    """The same of a workbook's rows, as lines: the first sheet that has rows of several cells."""
    found = _first_sheet(data)
    if found is None:
        return None
    sheet, rows = found
    if given is not None:
        at = next((n for n, (row, _) in enumerate(rows) if row > given.skip_lines), None)
        if at is None:
            return None
        skipped, header, sure = given.skip_lines, given.header, 1.0
    else:
        at = _titles([cells for _, cells in rows])
        skipped = rows[at][0] - 1 if at else 0
        header, sure = _header([cells for _, cells in rows[at:]])
    width = max(len(rows[at][1]), 1)
    table = [tuple(cells[:width]) + ("",) * (width - len(cells)) for _, cells in rows[at : at + ROWS + 1]]
    if width < 2:
        return None
    why = Because("工作簿里第一张有多列的表", "the first sheet of the workbook that has several columns")
    parts: tuple[Proposed, ...] = (
        Proposed(key="sheet", value=sheet, because=why, confidence=0.9),
        _headed(header, sure),
    )
    if skipped:
        parts = (*parts, _skipped(skipped))
    return Marks(
        encoding="utf-8", separator=",", quote='"', header=header, skip_lines=skipped, names=table[0],
        rows=tuple(table[1:] if header else table), parts=parts, sheet=sheet,
    )  # fmt: skip


def _first_sheet(data: bytes) -> tuple[str, list[tuple[int, list[str]]]] | None:
    sheets: dict[str, list[tuple[int, list[str]]]] = {}
    for line in data.split(b"\n"):
        try:
            sheet, row, told = json.loads(line)[:3]
        except (ValueError, TypeError):
            continue
        if isinstance(sheet, str) and isinstance(row, int) and isinstance(told, list):
            sheets.setdefault(sheet, []).append((row, [str(cell) for cell in told]))
    wide = (item for item in sheets.items() if any(len(cells) > 1 for _, cells in item[1]))
    return next(wide, None)


def _word(value: bool) -> str:
    return "true" if value else "false"


def _headed(header: bool, sure: float) -> Proposed:
    return Proposed(key="header", value=_word(header), confidence=sure, because=Because(
        "第一行全是名称，没有数据" if header else "第一行看起来已经是数据",
        "the first row is names and no data" if header else "the first row looks like data already"))  # fmt: skip


def _skipped(count: int) -> Proposed:
    return Proposed(key="skip_lines", value=str(count), confidence=0.7, because=Because(
        "前面的行像是标题：单元格较少，或不是列名",
        "the lines before look like a title: they hold fewer cells, or no names of columns"))  # fmt: skip


def _as_said(data: bytes, encoding: str) -> tuple[str, Proposed]:
    """The text in an encoding that somebody named. What is not in it is shown as such, and will be set aside."""
    even = data[: len(data) // 2 * 2] if encoding.startswith("utf-16") else data
    text = even.decode(encoding, "replace").removeprefix("\ufeff")
    return text, Proposed(key="encoding", value=encoding, because=SAID, confidence=1.0)


def _decoded(data: bytes) -> tuple[str, Proposed]:
    for mark, name in _BOMS:
        if data.startswith(mark):
            why = Because("文件开头有字节顺序标记", "the file begins with a byte order mark")
            even = data if name == "utf-8-sig" or len(data) % 2 == 0 else data[:-1]
            return even.decode(name, "replace"), Proposed(key="encoding", value=name, because=why, confidence=1.0)
    if codec := wide(data):
        why = Because("每隔一个字节是零，像 UTF-16", "every other byte is zero, as in UTF-16")
        return data[: len(data) // 2 * 2].decode(codec, "replace"), Proposed(
            key="encoding", value=codec, because=why, confidence=0.7
        )
    whole = data[: data.rfind(b"\n") + 1] or data
    for name in ("utf-8", "gb18030"):
        try:
            text = whole.decode(name)
        except UnicodeDecodeError:
            continue
        if text.isascii():
            why = Because("前面的行里只有 ASCII 字符", "the first rows hold ASCII letters only")
            return text, Proposed(key="encoding", value="utf-8", because=why, confidence=0.8)
        why = Because(f"前面的行都是合法的 {name}", f"the first rows are valid {name}")
        return text, Proposed(key="encoding", value=name, because=why, confidence=0.98 if name == "utf-8" else 0.85)
    why = Because("既不是 UTF-8 也不是 GB18030：请核对", "neither UTF-8 nor GB18030: please check")
    return whole.decode("cp1252", "replace"), Proposed(key="encoding", value="cp1252", because=why, confidence=0.3)


def _fit(lines: Sequence[str], separator: str) -> tuple[float, int, int]:
    """How regular the lines are with a separator, the number of cells, and the lines before the first regular one."""
    counts = [len(row) for row in _cells(lines, separator, '"')]
    width, _ = max(Counter(counts).items(), key=lambda item: (item[1], item[0]))
    if width < 2:
        return 0.0, width, 0
    skip = next(n for n, count in enumerate(counts) if count == width)
    rest = counts[skip:]
    share = sum(count == width for count in rest) / len(rest)
    # Of two that fit, the one with more cells; a comma within sentences loses to the pipe around them.
    return share * (1 + min(width, 40) / 1000) - skip * 0.02, width, skip


def _titles(table: Sequence[Sequence[str]]) -> int:
    """Rows at the begin that have as many cells as the others, most of them empty: a title, who exported, when. Where they are
    not empty, either, the first row that holds names of columns ends them."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in table]
    first = next(n for n, count in enumerate(filled) if count * 5 >= max(filled) * 3)
    named = next((n for n, row in enumerate(table[: MOST_TITLES + 1]) if _names(row)), first)
    first = max(first, named)
    return first if first <= MOST_TITLES else 0


def _names(row: Sequence[str]) -> bool:
    """Whether a row holds names of columns and no data."""
    return names_in(row) > 1 and not any(cell.strip() and _DATA.search(cell.strip()) for cell in row)


def _cells(lines: Sequence[str], separator: str, quote: str) -> list[list[str]]:
    if len(separator) > 1:
        return [line.split(separator) for line in lines]
    if not quote:
        return [line.split(separator) for line in lines]
    try:
        return [row for row in csv.reader(lines, delimiter=separator, quotechar=quote) if row]
    except csv.Error:
        return [line.split(separator) for line in lines]


def _quote(lines: Sequence[str], separator: str) -> str:
    cells = [cell.strip() for line in lines[:ROWS] for cell in line.split(separator)]
    single = sum(len(c) > 1 and c[0] == c[-1] == "'" for c in cells)
    return "'" if single > len(cells) / 2 and not any(c.startswith('"') for c in cells) else '"'


def _header(table: Sequence[Sequence[str]]) -> tuple[bool, float]:
    first = [cell.strip() for cell in table[0]]
    data = sum(bool(_DATA.search(cell)) for cell in first)
    below = [sum(bool(_DATA.search(c.strip())) for c in row) for row in table[1:21]]
    typical = sum(below) / len(below) if below else 0.0
    if data == 0:
        return True, 0.95 if typical >= 1 and len(set(first)) == len(first) else 0.6
    return data < typical / 2, 0.5 if data < typical else 0.9
