# SPDX-License-Identifier: Apache-2.0
"""Encoding, separator, quote and header of a text, told from its first rows. Pure."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence

from wardkeep.watch.intake.proposing.proposal import Because, Marks, Proposed

#: Rows that are looked at.
ROWS = 200
_SEPARATORS = (",", "\t", "|", ";", "^", "||", "\x01", "~")
_DATA = re.compile(r"\d{4}[-/年]\d|\d{2}:\d{2}|^\d+(\.\d+)?$|^\d{1,3}(\.\d{1,3}){3}$|^$")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def marks(data: bytes) -> Marks | None:
    """How a text is written, None where no rows of several cells can be seen."""
    text, encoding = _decoded(data)
    lines = [line for line in text.splitlines() if line.strip("\ufeff \t")]
    # The last line may be cut in the middle.
    lines = lines[: ROWS + 20][: -1 if len(lines) > 2 and not text.endswith("\n") else None]
    if not lines:
        return None
    best = max(((_fit(lines, separator), separator) for separator in _SEPARATORS), key=lambda found: found[0][0])
    (score, width, skip), separator = best
    if score <= 0 or width < 2:
        return None
    quote = _quote(lines[skip:], separator)
    table = [tuple(row) for row in _cells(lines[skip : skip + ROWS + 1], separator, quote)]
    header, sure = _header(table)
    percent = min(100, round(score * 100))
    parts: tuple[Proposed, ...] = (
        encoding,
        Proposed(key="separator", value=separator, confidence=min(1.0, score), because=Because(
            f"{percent}% 的行用它分成 {width} 列", f"{percent} % of the lines have {width} cells with it")),
        Proposed(key="header", value="true" if header else "false", confidence=sure, because=Because(
            "第一行全是名称，没有数据" if header else "第一行看起来已经是数据",
            "the first row is names and no data" if header else "the first row looks like data already")),
    )  # fmt: skip
    if skip:
        parts = (*parts, Proposed(key="skip_lines", value=str(skip), confidence=0.7, because=Because(
            "前面的行列数不同，像是标题", "the lines before have another number of cells: a title")),)  # fmt: skip
    return Marks(
        encoding=encoding.value, separator=separator, quote=quote, header=header, skip_lines=skip, names=table[0],
        rows=tuple(table[1:] if header else table), parts=parts,
    )  # fmt: skip


def _decoded(data: bytes) -> tuple[str, Proposed]:
    for mark, name in _BOMS:
        if data.startswith(mark):
            why = Because("文件开头有字节顺序标记", "the file begins with a byte order mark")
            even = data if name == "utf-8-sig" or len(data) % 2 == 0 else data[:-1]
            return even.decode(name, "replace"), Proposed(key="encoding", value=name, because=why, confidence=1.0)
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
