# SPDX-License-Identifier: Apache-2.0
"""The certificates of a time stamp in the order that DER wants.

CMS lets an authority write them in any order, and OpenSSL does; the library that reads stamps refuses all orders but that of
DER. No signature covers the order, and sorting changes no length: only the place of whole certificates.
"""

from __future__ import annotations

SEQUENCE, CERTIFICATES = 0x30, 0xA0


def in_order(stamp: bytes) -> bytes:
    """The same TimeStampResp with its certificates sorted; unchanged where it is not of the form that we know."""
    try:
        answer = _inside(stamp, 0, len(stamp), SEQUENCE)
        token = _inside(stamp, *_element(stamp, answer, 1), SEQUENCE)
        signed = _inside(stamp, *_element(stamp, _inside(stamp, *_element(stamp, token, 1), CERTIFICATES), 0), SEQUENCE)
        start, end = _inside(stamp, *_element(stamp, signed, 3), CERTIFICATES)
        certificates = sorted(stamp[a:b] for a, b in _elements(stamp, start, end))
    except (IndexError, ValueError):
        return stamp
    return stamp[:start] + b"".join(certificates) + stamp[end:]


def _element(raw: bytes, within: tuple[int, int], number: int) -> tuple[int, int]:
    return _elements(raw, *within)[number]


def _elements(raw: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Where the elements between two places begin and end. Raises ValueError, IndexError."""
    found = []
    while start < end:
        _, behind = _content(raw, start)
        if behind > end:
            raise ValueError
        found.append((start, behind))
        start = behind
    return found


def _inside(raw: bytes, start: int, end: int, tag: int) -> tuple[int, int]:
    """Where the content of the one element begins and ends. Raises ValueError, IndexError."""
    begin, behind = _content(raw, start)
    if raw[start] != tag or behind != end:
        raise ValueError
    return begin, behind


def _content(raw: bytes, start: int) -> tuple[int, int]:
    """Where an element's content begins, and where it ends. Raises ValueError, IndexError."""
    first = raw[start + 1]
    if first < 0x80:
        return start + 2, start + 2 + first
    count = first & 0x7F
    if not 1 <= count <= 4:
        raise ValueError
    begin = start + 2 + count
    return begin, begin + int.from_bytes(raw[start + 2 : begin], "big")
