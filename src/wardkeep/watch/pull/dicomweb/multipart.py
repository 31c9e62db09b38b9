# SPDX-License-Identifier: Apache-2.0
"""The parts of a multipart answer (RFC 2046, 5.1) as its bytes come: each whole or not at all, and no byte kept twice.

Nothing is guessed: a boundary that was not announced, a length that is not kept, and an end that does not come are named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from io import BytesIO

from wardkeep.watch.pull.errors import BadAnswer, OfOneRecord

#: Bytes of the headers of one part, and of what stands before the first and after the last.
HEADERS, BESIDE = 16_384, 16_384
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]", re.ASCII)


def boundary_of(content_type: str) -> bytes:
    """The boundary that a header announces for parts that are DICOM. Raises BadAnswer."""
    said = Message()
    said["Content-Type"] = content_type
    kind = said.get_param("type", "application/dicom")
    if said.get_content_type() != "multipart/related" or not _is_dicom(kind):
        raise BadAnswer("an image is not sent as multipart/related of application/dicom")
    boundary = said.get_param("boundary")
    if not isinstance(boundary, str) or not _BOUNDARY.fullmatch(boundary):
        raise BadAnswer("an answer in parts does not say by what they are parted")
    return boundary.encode()


def _is_dicom(kind: object) -> bool:
    return isinstance(kind, str) and kind.strip().lower() == "application/dicom"


class Multipart:
    """Feed it what comes, and close it."""

    def __init__(self, boundary: bytes, *, largest: int) -> None:
        """largest: bytes of one part."""
        self._mark, self._largest = b"\r\n--" + boundary, largest
        # The first boundary may stand at the very beginning: as if a line had ended before.
        self._held = bytearray(b"\r\n")
        self._state = "before"
        self._part, self._size, self._told = BytesIO(), 0, -1

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The parts that are whole now. Raises BadAnswer."""
        self._held += data
        while True:
            if self._state == "after":
                self._bounded(len(self._held), BESIDE, "does not end after its last part")
                return
            if self._state == "headers" and not self._headers():
                return
            at = self._held.find(self._mark)
            if at < 0:
                self._keep(len(self._held) - len(self._mark) + 1)
                return
            end = self._held.find(b"\r\n", at + len(self._mark))
            closes = self._held[at + len(self._mark) : at + len(self._mark) + 2] == b"--"
            if end < 0 and not closes:
                self._bounded(len(self._held) - at, HEADERS, "has a boundary without an end")
                self._keep(at)
                return
            self._keep(at)
            rest = bytes(self._held[len(self._mark) : end - at]) if not closes else b""
            if rest.strip(b" \t"):
                raise BadAnswer("an answer has its boundary inside of a part")
            del self._held[: len(self._mark) + (2 if closes else len(rest))]
            if self._state == "part":
                yield self._whole()
            self._state = "after" if closes else "headers"

    def close(self) -> None:
        """Nothing comes any more. Raises BadAnswer where the last boundary did not."""
        if self._state != "after":
            raise BadAnswer("an answer in parts was cut off")

    def _headers(self) -> bool:
        """Take the headers of a part, where all of them are there."""
        # The line of the boundary ends what may be an empty block of headers.
        end = self._held.find(b"\r\n\r\n")
        self._bounded(end if end >= 0 else len(self._held), HEADERS, "has a part with headers without an end")
        if end < 0:
            return False
        told = Message()
        for line in bytes(self._held[:end]).decode("latin-1").split("\r\n"):
            name, colon, value = line.partition(":")
            if colon:
                told[name.strip()] = value.strip()
        if "Content-Type" in told and told.get_content_type() != "application/dicom":
            raise BadAnswer("a part of an answer is not application/dicom")
        length = str(told.get("Content-Length", "")).strip()
        self._told = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else -1
        self._fits(self._told)
        del self._held[: end + 2]  # one line end stays: a part may be empty
        self._state, self._part, self._size = "part", BytesIO(), -2
        return True

    def _keep(self, count: int) -> None:
        """The first of what is held are no boundary: of a part, or before all parts."""
        if count <= 0:
            return
        if self._state == "part":
            begin = max(0, min(count, -self._size))  # the line end before its first byte is not its own
            self._size += count
            self._fits(self._size)
            self._part.write(memoryview(self._held)[begin:count])
        else:
            self._size += count
            self._bounded(self._size, BESIDE, "does not begin with a part")
        del self._held[:count]

    def _whole(self) -> bytes:
        if self._size < 0 or self._told not in (-1, self._size):
            raise BadAnswer("a part of an answer is not as long as it says")
        part, self._part = self._part, BytesIO()
        return part.getvalue()

    def _fits(self, size: int) -> None:
        if size > self._largest:
            raise OfOneRecord("an answer has a part that is longer than `largest`")

    def _bounded(self, size: int, most: int, what: str) -> None:
        if size > most:
            raise BadAnswer(f"an answer {what}")
