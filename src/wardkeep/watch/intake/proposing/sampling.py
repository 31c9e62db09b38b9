# SPDX-License-Identifier: Apache-2.0
"""`Sample`: as much of a file as a mapping is proposed from; a text's first bytes, a workbook's first rows. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from wardkeep.watch.intake.forms import form_of
from wardkeep.watch.intake.limits import LOOK, MIB
from wardkeep.watch.intake.opening import Source
from wardkeep.watch.intake.proposing.proposal import Because
from wardkeep.watch.intake.recognise import looks_like_json, stranger
from wardkeep.watch.intake.sheets.package import UNPACKED, BadSheet, Package
from wardkeep.watch.intake.sheets.rows import rows
from wardkeep.watch.intake.sheets.workbook import workbook
from wardkeep.watch.intake.sheets.xlsx import recognises

#: Bytes that are kept of a text, and of a workbook's rows.
HEAD = 256 * 1024
#: Rows of each sheet that are kept.
SHEET_ROWS = 240
#: What all members of a workbook may unpack to where a page asks; a command takes what a reader takes.
MODEST = 64 * MIB
_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_LINE = b'["'
#: Bytes that no text holds; \x01 separates cells in some exports.
_CONTROLS = bytes({*range(32)} - {1, *b"\t\n\v\f\r"})
#: What a workbook is refused for, by the first word of the reason.
_REFUSED = {
    "bad-zip": "压缩包损坏", "document-type": "含有一律拒绝的文档类型声明", "encrypted": "有密码：请另存为无密码的文件",
    "no-sheet": "里面没有工作表", "not-xml": "内容损坏", "too-deep": "嵌套太深", "too-long": "内容太长",
    "zip-bomb": "解开后太大：请只留前几百行",
}  # fmt: skip
_encode = msgspec.json.Encoder().encode


class NoSample(ValueError):
    """Why no mapping can be proposed for a file; in both languages, never with a value of it."""

    def __init__(self, because: Because) -> None:
        super().__init__(because.en)
        self.because = because


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """What is kept of a file; `data` are lines of rows where it is a sheet (sheets/xlsx.py)."""

    name: str
    data: bytes
    sheet: bool = False


def sample_of(data: bytes, name: str, unpacked: int = UNPACKED) -> Sample:
    """The sample of a file, by its bytes or by their beginning. Raises NoSample."""
    if not data:
        raise NoSample(Because("文件是空的", "the file is empty"))
    if recognises(name, data):
        return Sample(name=name, data=_of_sheets(data, unpacked), sheet=True)
    head = _unpacked(data, name)
    if not head:
        raise NoSample(Because("压缩文件解不开", "the compressed file cannot be unpacked"))
    _refuse(head, name)
    return Sample(name=name, data=_whole_lines(head) if len(head) >= HEAD else head)


def sample_of_rows(data: bytes, name: str) -> Sample:
    """The sample of what was set aside of a file: text, or rows of a sheet as lines."""
    if data.startswith(_LINE):
        return Sample(name=name, data=data[:HEAD].rpartition(b"\n")[0] if len(data) > HEAD else data, sheet=True)
    return sample_of(data, name)


def _unpacked(data: bytes, name: str) -> bytes:
    head = b""
    with Source.of_bytes(data, name) as source:
        for chunk in source.chunks():
            head += chunk
            if len(head) >= HEAD:
                break
    return head[:HEAD]


def _refuse(head: bytes, name: str) -> None:
    """Raises NoSample for what a reader takes without a mapping, and for what none takes."""
    form = form_of(name, head[:LOOK], mapped=False)
    if looks_like_json(head) or (form is not None and not form.mapped):
        what = form.name if form is not None else "JSON"
        raise NoSample(
            Because(
                f"这是 {what}，不需要映射：直接导入即可", f"this is {what}: it needs no mapping, ingest it as it is"
            )
        )
    if known := stranger(head):
        raise NoSample(Because(f"这不是表格文本，而是：{known}", f"this is no table in text, but {known}"))
    look = head[:4096]
    if wide(head) is None and len(look.translate(None, _CONTROLS)) * 100 < len(look) * 99:
        raise NoSample(Because("这不是文本文件", "this is no text"))


def wide(data: bytes) -> str | None:
    """The form of UTF-16 that a text has, by its mark or by where its zeros stand; None where it is none."""
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return codec
    look = data[:4096]
    even, odd = look[::2].count(0), look[1::2].count(0)
    if max(even, odd) * 20 < len(look) or min(even, odd) * 10 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _whole_lines(head: bytes) -> bytes:
    """Without the last line, which may be cut."""
    codec = wide(head)
    if codec is None:
        return head[: head.rfind(b"\n") + 1] or head
    end, at = "\n".encode(codec), len(head)
    while (at := head.rfind(end, 0, at)) >= 0:
        if at % 2 == 0:
            return head[: at + 2]
        at += 1
    return head[: len(head) // 2 * 2]


def _of_sheets(data: bytes, unpacked: int) -> bytes:
    held: list[bytes] = []
    size = 0
    try:
        for line in _lines(data, unpacked):
            size += len(line) + 1
            if size > HEAD:
                break
            held.append(line)
    except BadSheet as exc:
        if not held:
            code = str(exc).partition(":")[0]
            zh = f"工作簿读不了：{_REFUSED.get(code, code)}"
            raise NoSample(Because(zh, f"the workbook cannot be read: {exc}")) from None
    except (RecursionError, MemoryError):
        raise NoSample(Because("表格读不了", "the sheet cannot be read within any limit")) from None
    if not held:
        raise NoSample(Because("表格里没有行", "the sheet holds no row"))
    return b"\n".join(held)


def _lines(data: bytes, unpacked: int) -> Iterator[bytes]:
    package = Package(data, unpacked)
    book = workbook(package)
    for sheet, member in book.sheets:
        for count, line in enumerate(rows(package, member, book)):
            if count >= SHEET_ROWS:
                break
            yield bytes(_encode([sheet, line.row, line.cells if line.problem is None else line.problem]))
