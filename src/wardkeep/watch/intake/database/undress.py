# SPDX-License-Identifier: Apache-2.0
"""Taking a statement's disguises off: odd letters, comments, hexadecimal, pieces of strings. Pure; never runs anything."""

from __future__ import annotations

import re
import unicodedata

#: A text longer than this is judged by its beginning and its end.
LONGEST = 65_536
_TAIL = 16_384
#: Letters that look like Latin ones: Cyrillic and Greek.
_TWINS = str.maketrans(
    "АВЕЅЗІЈКМНОРСТХУаеорсухіјѕԁһΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
    "ABESZIJKMHOPCTXYaeopcyxijsdhABEZHIKMNOPTYXo",
)
_MARKS = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
#: Strings and quoted names on the way, so that `--` inside them is no comment.
_COMMENT = re.compile(
    r"('(?:[^'\\]|''|\\.)*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]\n]{1,128}\])"
    r"|/\*!\d*((?:[^*]|\*(?!/))*)\*/|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)|(?:--|(?<![\w@:$.\[('\"])#(?![#\w])|^\s*//)[^\n]*",
    re.MULTILINE,
)
_HEX = re.compile(r"(?<![\w'])0x((?:[0-9a-f]{2}){8,16384})[0-9a-f]?(?![\w])", re.IGNORECASE)
_CHAR = re.compile(r"\bn?(?:char|chr|unichar)\s*\(\s*(\d{1,6}(?:\s*,\s*\d{1,6})*)\s*\)", re.IGNORECASE)
_JOINED = re.compile(r"'((?:[^']|'')*)'\s*(?:\|\||\+|&)\s*N?'((?:[^']|'')*)'")
_CONCAT = re.compile(r"\bconcat\s*\(\s*(N?'(?:[^']|'')*'(?:\s*,\s*N?'(?:[^']|'')*')*)\s*\)", re.IGNORECASE)
_STRING = re.compile(r"N?'((?:[^']|'')*)'")
_QUOTE = re.compile(
    r"(?<![\w'])n?q'(?:\[(.*?)\]|\{(.*?)\}|\((.*?)\)|<(.*?)>|([^\s\w])(.*?)\5)'", re.IGNORECASE | re.DOTALL
)
_DOLLAR = re.compile(r"\$(\w{0,20})\$(.*?)\$\1\$", re.DOTALL)
_ESCAPED_NAME = re.compile(r"U&([\"'])((?:\\[0-9a-f]{4}|\\\+[0-9a-f]{6}|[^\\\"'])*)\1", re.IGNORECASE)
_ESCAPE = re.compile(r"\\\+?([0-9a-f]{6}|[0-9a-f]{4})", re.IGNORECASE)
_ASSIGNED = re.compile(r"([@:]?\w{1,64})\s*(?:n?varchar2?\s*\(\s*\w+\s*\)\s*)?:?=\s*N?'((?:[^']|'')*)'", re.IGNORECASE)
_ARROW = re.compile(r"(?<=\w)->(?=[A-Za-z_]\w*)")
_ODBC = re.compile(r"\{\s*(?:d|t|ts)\s+('[^']*')\s*\}", re.IGNORECASE)
_CACHE = re.compile(r"%(?:NOLOCK|NOFPLAN|NOINDEX|INORDER|FULL|ALLINDEX)\b", re.IGNORECASE)
_CACHE_WORD = re.compile(r"%(STARTSWITH|EXACT|UPPER|SQLUPPER|SQLSTRING)\b", re.IGNORECASE)
#: Rounds of putting pieces together.
_ROUNDS = 40


def cut(text: str) -> tuple[str, bool]:
    """The text, or its beginning and end where it is huge; and whether it was cut."""
    if len(text) <= LONGEST:
        return text, False
    return f"{text[: LONGEST - _TAIL]} {text[-_TAIL:]}", True


def letters(text: str) -> str:
    """Full-width, look-alike and invisible characters as what they look like."""
    if text.isascii():
        return text
    return _MARKS.sub("", unicodedata.normalize("NFKC", text)).translate(_TWINS)


def without_comments(text: str) -> str:
    """Without comments; MySQL's executable ones stay as what they execute."""
    if "--" not in text and "/*" not in text and "#" not in text and "//" not in text:
        return text
    return _COMMENT.sub(lambda m: m[1] or (f" {m[2]} " if m[2] else " "), text)


def put_together(text: str) -> str:
    """Hexadecimal constants, CHAR(), concatenated strings and simple variables as the strings that they make."""
    text = _DOLLAR.sub(lambda m: _literal(m[2]), text) if "$" in text else text
    text = _QUOTE.sub(lambda m: _literal(next(g for i, g in enumerate(m.groups()) if g is not None and i != 4)), text)
    text = _ESCAPED_NAME.sub(_unescaped, text)
    text = _HEX.sub(_decoded, text)
    text = _CHAR.sub(_characters, text)
    text = _folded(text)
    for _ in range(2):
        values = {m[1]: m[2] for m in _ASSIGNED.finditer(text) if m[1][0] in "@:" or m[1].isidentifier()}
        replaced = text
        for name, value in list(values.items())[:32]:
            if len(value) <= 4096:
                near = rf"((?:\|\||\+|,|\()\s*){re.escape(name)}(?![\w])(?=\s*(?:\|\||\+|,|\)))"
                replaced = re.sub(near, lambda m, v=value: f"{m[1]}'{v}'", replaced)  # type: ignore[misc]
        if replaced == text or len(replaced) > 2 * LONGEST:
            break
        text = _folded(replaced)
    return text


def caches(text: str) -> str:
    """Caché SQL's own signs in words that a parser of SQL knows."""
    if "->" in text:
        text = _ARROW.sub("__", text)
    if "{" in text:
        text = _ODBC.sub(r"\1", text)
    if "%" in text:
        text = _CACHE.sub(" ", text)
        text = _CACHE_WORD.sub(lambda m: "LIKE" if m[1].upper() == "STARTSWITH" else m[1], text)
    return text


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _folded(text: str) -> str:
    for _ in range(_ROUNDS):
        folded = _JOINED.sub(lambda m: f"'{m[1]}{m[2]}'", text)
        folded = _CONCAT.sub(lambda m: "'" + "".join(_STRING.findall(m[1])) + "'", folded)
        if folded == text:
            break
        text = folded
    return text


def _unescaped(match: re.Match[str]) -> str:
    said = _ESCAPE.sub(lambda m: chr(min(int(m[1], 16), 0x10FFFF)), match[2])
    return f"{match[1]}{said.encode('utf-8', 'replace').decode('utf-8')}{match[1]}"


def _decoded(match: re.Match[str]) -> str:
    raw = bytes.fromhex(match[1])
    for encoding in ("utf-16-le", "utf-8", "gb18030") if raw[1:8:2] == b"\0\0\0\0" else ("utf-8", "gb18030"):
        try:
            text = raw[: len(raw) // 2 * 2 if encoding == "utf-16-le" else None].decode(encoding)
        except UnicodeDecodeError:
            continue
        if all(c.isprintable() or c.isspace() for c in text):
            return _literal(text)
    return match[0]


def _characters(match: re.Match[str]) -> str:
    codes = [int(code) for code in re.findall(r"\d+", match[1])]
    good = all(9 <= c < 0xD800 or 0xE000 <= c <= 0x10FFFF for c in codes)
    return _literal("".join(map(chr, codes))) if good else match[0]
