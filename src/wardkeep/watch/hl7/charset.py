# SPDX-License-Identifier: Apache-2.0
"""From the bytes of a message to text, by MSH-18.

Bytes are decoded before they are divided: in GB 18030 and Big5 the second byte of a character can be `|`, `^` or `~`. Where
MSH-18 is empty (or says ASCII, and that is not so), UTF-8 is taken where the bytes are UTF-8, else GB 18030 where that moves no
delimiter; what was taken so is told. Character sets that are switched within a message (ISO 2022) are refused by name.
"""

from __future__ import annotations

from wardkeep.watch.hl7.errors import NotRead

#: HL7 table 0211, and what Chinese senders write instead.
CODECS = {
    "ASCII": "ascii", "": "ascii",
    **{f"8859/{n}": f"iso8859-{n}" for n in (*range(1, 12), *range(13, 17))},
    "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8", "UTF8": "utf-8", "UNICODE UTF8": "utf-8",
    "GB 18030-2000": "gb18030", "GB18030": "gb18030", "GB18030-2000": "gb18030", "GB 18030": "gb18030", "GBK": "gb18030",
    "GB2312": "gb18030", "GB 2312": "gb18030", "GB2312-80": "gb18030", "BIG-5": "big5", "BIG5": "big5",
    "KS X 1001": "euc_kr",
}  # fmt: skip
#: They switch by escape sequences, or are not written in bytes that MLLP can carry.
_UNSUPPORTED = {
    "ISO IR6", "ISO IR14", "ISO IR58", "ISO IR87", "ISO IR100", "ISO IR149", "ISO IR159", "ISO IR165", "ISO IR169",
    "JAS2020", "JIS X 0202", "CNS 11643-1992", "UNICODE", "UNICODE UTF-16", "UNICODE UTF-32",
}  # fmt: skip
BOM = b"\xef\xbb\xbf"


def decode(raw: bytes) -> tuple[str, str, bool]:
    """The text, its codec, and whether that was guessed. Raises NotRead."""
    named = _named(raw)
    codec = CODECS.get(named)
    if b"\x1b$" in raw or b"\x1b(" in raw:
        raise NotRead(
            "charset: the text switches its character set (ISO 2022), which is not supported; send UNICODE UTF-8"
        )
    if raw.isascii() and (codec or not named):
        return raw.decode("ascii"), codec or "ascii", False
    if codec is None:
        if named in _UNSUPPORTED:
            raise NotRead(f"charset: MSH-18 names {named}, which is not supported; send UNICODE UTF-8 or GB 18030-2000")
        raise NotRead("charset: MSH-18 names a character set that is in no table")
    if codec != "ascii":
        try:
            return raw.decode(codec), codec, False
        except UnicodeDecodeError as problem:
            raise NotRead(f"charset: byte {problem.start + 1} is not {named}") from None
    return _guessed(raw)


def _guessed(raw: bytes) -> tuple[str, str, bool]:
    try:
        return raw.decode(), "utf-8", True
    except UnicodeDecodeError:
        pass
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        text = ""
    if text and all(text.count(chr(mark)) == raw.count(bytes([mark])) for mark in raw[3:8]):
        return text, "gb18030", True
    raise NotRead(
        "charset: MSH-18 is empty, and the bytes are neither UTF-8 nor surely GB 18030; let the sender fill it"
    )


def _named(raw: bytes) -> str:
    """What MSH-18 names first."""
    end = min((at for at in (raw.find(b"\r"), raw.find(b"\n")) if at >= 0), default=len(raw))
    header, bar = raw[:end], raw[3:4]
    found = _eighteenth(header.decode("latin-1"), bar.decode("latin-1"), raw[5:6].decode("latin-1"))
    if (not found or (found not in CODECS and found not in _UNSUPPORTED)) and not header.isascii():
        # The header itself has a character whose second byte looks like a delimiter.
        again = _eighteenth(header.decode("gb18030", "replace"), bar.decode("latin-1"), raw[5:6].decode("latin-1"))
        return again if CODECS.get(again) == "gb18030" else found
    return found


def _eighteenth(header: str, bar: str, repetition: str) -> str:
    fields = header.split(bar, 18) if bar else []
    return fields[17].split(repetition or "~", 1)[0].strip().upper() if len(fields) > 17 else ""
