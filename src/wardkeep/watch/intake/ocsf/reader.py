# SPDX-License-Identifier: Apache-2.0
"""OCSF files to rows."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import chain

import msgspec

from wardkeep.watch.event import Rejected
from wardkeep.watch.intake.cutting import Block, Overlong, cut
from wardkeep.watch.intake.documents import Piece
from wardkeep.watch.intake.limits import DOCUMENT, KEEP, LOOK, RECORD
from wardkeep.watch.intake.lines import Lines
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.ocsf.dividing import divide, in_lines, is_ocsf
from wardkeep.watch.intake.ocsf.event import row
from wardkeep.watch.intake.ocsf.values import BadEvent
from wardkeep.watch.intake.row import Read, set_aside
from wardkeep.watch.intake.times import BadTime, Zone

_decode = msgspec.json.Decoder().decode


def recognises(name: str, head: bytes) -> bool:
    """By the class that its first records name."""
    return is_ocsf(head)


def blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
    """Whole lines; a document as one block."""
    head = next(stream, b"")
    for chunk in stream:
        if len(head) >= LOOK:
            stream = chain((chunk,), stream)
            break
        head += chunk
    if in_lines(head.removeprefix(codecs.BOM_UTF8)[:LOOK]):
        yield from cut(chain((head,), stream), Lines())
        return
    held, size, kept = [head], len(head), b""
    for chunk in stream:
        size += len(chunk)
        if size <= DOCUMENT:
            held.append(chunk)
        elif held:
            kept, held = b"".join(held)[:KEEP], []
    if size > DOCUMENT:
        yield Overlong(1, kept, size)
    elif size:
        yield Block(b"".join(held), size, 1, 0)


def reader(source: str, zone: str, mapping: Mapping | None) -> OcsfReader:
    """A reader for one file."""
    return OcsfReader(source=source, zone=zone)


class OcsfReader:
    """The events of one file."""

    def __init__(self, *, source: str, zone: str) -> None:
        self.source = source
        self._zone = Zone(zone)

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every record of a block whose first line has the number `first`."""
        if first == 1:
            data = data.removeprefix(codecs.BOM_UTF8)
        if first == 1 and not in_lines(data[:LOOK]):
            return [self.piece(piece) for piece in divide(data, first)]
        out: list[Read] = []
        for number, line in enumerate(data.split(b"\n"), first):
            body = line.strip(b" \t\r")
            if body:
                out += self._line(body, number)
        return out

    def _line(self, body: bytes, number: int) -> list[Read]:
        if len(body) > RECORD:
            reason = f"too-long: a line of {len(body)} bytes, more than {RECORD}"
            return [self.rejected(reason, body, str(number))]
        whole = self._record(body, str(number)) if body[:1] == b"{" else None
        if whole is not None and not (isinstance(whole, Rejected) and whole.reason.startswith("not-json")):
            return [whole]
        # A list, two records, or half a one and a whole one.
        pieces = list(divide(body, number))
        alone = len(pieces) == 1 and pieces[0].position == str(number)
        return [self.piece(p if alone else Piece(f"{number}:{p.position}", p.raw, p.problem)) for p in pieces]

    def piece(self, piece: Piece) -> Read:
        """One piece of a document."""
        if piece.problem is not None:
            return self.rejected(piece.problem, piece.raw, piece.position)
        if len(piece.raw) > RECORD:
            reason = f"too-long: a record of {len(piece.raw)} bytes, more than {RECORD}"
            return self.rejected(reason, piece.raw, piece.position)
        return self._record(piece.raw, piece.position)

    def _record(self, raw: bytes, position: str) -> Read:
        try:
            raw.isascii() or raw.decode()
            return row(_decode(raw), raw, position, self._zone)
        except BadEvent as exc:
            reason = str(exc)
        except BadTime as exc:
            reason = f"bad-time: {exc}"
        except msgspec.ValidationError:
            reason = "not-json: a number that is out of range"
        except msgspec.DecodeError:
            reason = "not-json: the record is no complete JSON value"
        except UnicodeDecodeError as exc:
            reason = f"bad-encoding: byte {exc.start + 1} of the record is not UTF-8"
        except RecursionError:
            reason = "too-deep: the record is nested too deeply"
        return self.rejected(reason, raw, position)

    def rejected(self, reason: str, raw: bytes, position: str) -> Rejected:
        """A record that is none, kept."""
        return set_aside(reason, raw, form="ocsf", source=self.source, position=position)
