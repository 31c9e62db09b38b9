# SPDX-License-Identifier: Apache-2.0
"""The objects of audit messages, quickly: what is said of an object repeats, which object it is does not.

The id, the name and the query are cut out. What is left is parsed the first time that it is seen, with nothing in their places;
what was well-formed then is so again with any text there that holds no mark.
"""

from __future__ import annotations

from typing import NamedTuple

from wardkeep.watch.intake.atna import parts
from wardkeep.watch.intake.atna.markup import BadXml, document
from wardkeep.watch.intake.fhir_shapes import Entity

_BEGIN = b"<ParticipantObjectIdentification"
_ID = b' ParticipantObjectID="'
_NAME, _QUERY = ((b"<%b>" % name.encode(), b"</%b>" % name.encode()) for name in parts.NAME_AND_QUERY)
#: Objects that are remembered without what is new in them.
KNOWN = 20_000


class _Rest(NamedTuple):
    """What is said of an object beside its id, its name and its query."""

    kind: str | None
    role: str | None
    id_type: str | None
    id_said: str | None


class Objects:
    """The objects of one file or connection."""

    def __init__(self) -> None:
        self._known: dict[bytes, _Rest | None] = {}

    def read(self, data: bytes) -> list[Entity] | None:
        """The objects of a message, from the first to the end of the last; None where they need a parser."""
        found = []
        for one in data.split(_BEGIN)[1:]:
            entity = self._one(one)
            if entity is None:
                return None
            found.append(entity)
        return found

    def _one(self, data: bytes) -> Entity | None:
        at = data.find(_ID) + len(_ID)
        stop = data.find(b'"', at)
        if at < len(_ID) or stop < at:
            return None
        written = data[at:stop]
        if b"<" in written or b"\n" in written or b"\t" in written or b"\r" in written:
            return None
        if b"&" in written:
            if written.count(b"&") != written.count(b"&amp;"):
                return None
            written = written.replace(b"&amp;", b"&")
        rest = data[:at] + data[stop:]
        name = query = None
        if _NAME[0] in rest:
            rest, name = _cut(rest, *_NAME)
        if _QUERY[0] in rest:
            rest, query = _cut(rest, *_QUERY)
        known = self._known.get(rest)
        if known is None:
            if rest in self._known:
                return None
            if len(self._known) >= KNOWN:
                self._known.clear()
            known = self._known[rest] = _learnt(rest)
            if known is None:
                return None
        kind, role, id_type, id_said = known
        return parts.entity(written.decode() or None, kind, role, id_type, id_said, name, query)


def _cut(data: bytes, begin: bytes, end: bytes) -> tuple[bytes, str | None]:
    """The bytes without the first text between the two tags, and that text; all of them where it needs a parser."""
    at = data.find(begin) + len(begin)
    stop = data.find(b"<", at)
    text = data[at:stop]
    if not data.startswith(end, stop) or b"&" in text or b"]]>" in text or b"\r" in text:
        return data, None
    return data[:at] + data[stop:], text.decode().strip() or None


def _learnt(rest: bytes) -> _Rest | None:
    """What the rest of an object says; None where it is none, or something stands in the places of what was cut out."""
    try:
        top = document(b"<x>" + _BEGIN + rest + b"</x>")
    except BadXml:
        return None
    element = top.children[0] if len(top.children) == 1 and not top.text.strip() else top
    if element.name != "ParticipantObjectIdentification" or element.attributes.get("ParticipantObjectID") != "":
        return None
    texts = [one.text for name in parts.NAME_AND_QUERY for one in element.all(name)]
    tags = sum(rest.count(begin) for begin, _ in (_NAME, _QUERY))
    if any(texts) or len(texts) != tags or any(len(element.all(name)) > 1 for name in parts.NAME_AND_QUERY):
        return None
    return _Rest(*parts.said_of_object(element))
