# SPDX-License-Identifier: Apache-2.0
"""The objects of audit messages: what each is, and what a message says was touched.

Quickly: what is said of an object repeats, which object it is does not. The id, the name and the query are cut out. What is
left is parsed the first time that it is seen, with nothing in their places; what was well-formed then is so again with any text
there that holds no mark.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from wardkeep.watch.intake import fhir_terms as terms
from wardkeep.watch.intake.atna.markup import BadXml, Element, code_of, document, said_of
from wardkeep.watch.intake.fhir_entities import Thing
from wardkeep.watch.intake.fhir_parts import bare_patient
from wardkeep.watch.intake.fhir_query import decoded, patients_in, searched_type

NAME, QUERY = "ParticipantObjectName", "ParticipantObjectQuery"
#: Object id types (RFC 3881), and DICOM's for a study.
PATIENT_NUMBER, STUDY = "2", "110180"
_BEGIN, _END = b"<ParticipantObjectIdentification", b"</ParticipantObjectIdentification>"
_ID = b' ParticipantObjectID="'
_NAME, _QUERY = ((b"<%b>" % name.encode(), b"</%b>" % name.encode()) for name in (NAME, QUERY))
#: An object of the usual build: what stands before the id, the id, what stands behind it, name and query.
_USUAL = re.compile(
    rb'([^<]*?) ParticipantObjectID="([^"<\n\t\r]*+)"'
    rb"([^<]*+<ParticipantObjectIDTypeCode[^<>]*+(?<=/)>)\s*+"
    rb"(?:<ParticipantObjectName>([^<&\r\]]*+)</ParticipantObjectName>\s*+)?"
    rb"(?:<ParticipantObjectQuery>([^<&\r\]]*+)</ParticipantObjectQuery>\s*+)?"
    rb"</ParticipantObjectIdentification>\s*+\Z"
)
#: Patients, and objects without what is new in them, that are remembered.
KNOWN = 20_000
#: Bytes that no XML may hold.
CONTROLS = bytes(set(range(32)) - {9, 10, 13})
_encode = msgspec.json.Encoder().encode
_new = tuple.__new__


class Said(NamedTuple):
    """What is said of an object beside its id, its name and its query."""

    kind: str | None
    role: str | None
    #: What it is called where it is no patient.
    resource: str | None
    patient: bool
    #: The number of the request, which is no thing.
    request: bool


class Object(NamedTuple):
    """What an object adds to what was touched; texts of JSON are ready for `extra`."""

    #: The patient's own id, and its writing as JSON where that is another thing; None where it is no patient.
    patient: str | None
    written: str
    resource: str | None
    query: str | None
    request: str | None
    #: The thing as JSON; empty where it has neither id nor name.
    shown: str


class Touched(NamedTuple):
    """Patients by their own ids, each once; resource, query, the request's number; things and patients as JSON."""

    patients: tuple[str, ...]
    resource: str | None
    query: str | None
    request: str | None
    objects: str
    written: str


def said_of_object(element: Element) -> Said:
    """ParticipantObjectIdentification without what is new in it."""
    named = element.all("ParticipantObjectIDTypeCode")
    kind, role = element.get("ParticipantObjectTypeCode"), element.get("ParticipantObjectTypeCodeRole")
    id_type = next((code for one in named if (code := code_of(one))), None)
    called = next((said for one in named if (said := said_of(one))), None)
    patient = role == terms.PATIENT_ROLE or (role is None and kind == "1" and id_type == PATIENT_NUMBER)
    query = role == terms.QUERY_ROLE
    resource = None if query else "ImagingStudy" if id_type == STUDY else called
    return Said(kind, role, resource, patient, terms.REQUEST_ID in (id_type, kind))


def thing(element: Element) -> Object:
    """ParticipantObjectIdentification."""
    name, query = (next((t for one in element.all(name) if (t := one.text.strip())), None) for name in (NAME, QUERY))
    return made(said_of_object(element), element.get("ParticipantObjectID"), name, query)


def made(said: Said, known: str | None, name: str | None, query: str | None) -> Object:
    """An object by what is said of it."""
    kind, role, resource, patient, request = said
    label = known or name
    if request:
        return Object(None, "", None, None, label, "")
    shown = _encode(Thing(known, None, name, role, kind)).decode() if label else ""
    if not patient:
        return _new(Object, (None, "", resource if known else None, query, None, shown))
    bare = bare_patient(label) if label else ""
    return _new(Object, (bare, _encode(label).decode() if bare != label else "", None, query, None, shown))


def touched(objects: list[Object]) -> Touched:
    """What a message touched, by the rules for FHIR's audit events."""
    patients: dict[str, str] = {}
    things: list[str] = []
    resource = query = request = None
    found = False
    for patient, written, called, asked, number, shown in objects:
        if patient is not None:
            found = True
            if patient and patient not in patients:
                patients[patient] = written
        elif number is not None:
            request = number
        elif resource is None:
            resource = called
        if asked and query is None:
            query = decoded(asked)
        if shown:
            things.append(shown)
    if query is not None:
        for one in patients_in(query):
            found, bare = True, bare_patient(one)
            patients.setdefault(bare, _encode(one).decode() if bare != one else "")
        resource = resource or searched_type(query)
    shown_as = ""
    if any(patients.values()):
        shown_as = ",".join([written or _encode(bare).decode() for bare, written in patients.items()])
    return _new(Touched, (
        tuple(patients), resource or ("Patient" if found else None), query, request,
        f'"objects":[{",".join(things)}],' if things else "", f'"patients":[{shown_as}],' if shown_as else "",
    ))  # fmt: skip


class Objects:
    """The objects of one file or connection."""

    def __init__(self) -> None:
        #: Whole patients: the same ones are opened again and again.
        self._patients: dict[bytes, Object] = {}
        self._usual: dict[tuple[bytes, bytes], Said | None] = {}
        self._known: dict[bytes, Said | None] = {}

    def read(self, data: bytes) -> list[Object] | None:
        """The objects of a message, from the first to the end of the last; None where they need a parser."""
        found: list[Object] = []
        patients = self._patients
        for one in data.split(_BEGIN)[1:]:
            thing = patients.get(one)
            if thing is None:
                thing = self._usually(one)
                if thing is None:
                    return None
                if thing.patient is not None and thing.query is None:
                    if len(patients) >= KNOWN:
                        patients.clear()
                    patients[one] = thing
            found.append(thing)
        return found

    def _usually(self, data: bytes) -> Object | None:
        """An object without the begin of its tag."""
        match = _USUAL.match(data)
        if match is None:
            return self._one(data)
        before, written, behind, name, query = match.groups()
        said = self._usual.get((before, behind)) or self._learn(before, behind)
        if said is None or (b"&" in written and (written := _unescaped(written)) == b"&"):
            return None
        return made(
            said,
            _text(written) or None,
            (_text(name).strip() or None) if name else None,
            (_text(query).strip() or None) if query else None,
        )

    def _learn(self, before: bytes, behind: bytes) -> Said | None:
        key = (before, behind)
        if key in self._usual:
            return None
        if len(self._usual) >= KNOWN:
            self._usual.clear()
        self._usual[key] = said = _learnt(before + _ID + b'"' + behind + _END)
        return said

    def _one(self, data: bytes) -> Object | None:
        at = data.find(_ID) + len(_ID)
        stop = data.find(b'"', at)
        if at < len(_ID) or stop < at:
            return None
        written = data[at:stop]
        if b"<" in written or b"\n" in written or b"\t" in written or b"\r" in written:
            return None
        if b"&" in written and (written := _unescaped(written)) == b"&":
            return None
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
        return made(known, _text(written) or None, name, query)


def _text(written: bytes) -> str:
    """A text that was cut out, as a parser gives it. Raises ValueError where it holds what XML does not allow."""
    text = written.decode()
    if not text.isprintable() and (
        written.translate(None, CONTROLS) != written or "\ufffe" in text or "\uffff" in text
    ):
        raise BadXml("not-xml: a character that XML does not allow")
    return text


def _unescaped(written: bytes) -> bytes:
    """An id with its ampersands; only one where something else is escaped in it, which needs a parser."""
    if written.count(b"&") != written.count(b"&amp;"):
        return b"&"
    return written.replace(b"&amp;", b"&") if written != b"&amp;" else b"&"


def _cut(data: bytes, begin: bytes, end: bytes) -> tuple[bytes, str | None]:
    """The bytes without the first text between the two tags, and that text; all of them where it needs a parser."""
    at = data.find(begin) + len(begin)
    stop = data.find(b"<", at)
    text = data[at:stop]
    if not data.startswith(end, stop) or b"&" in text or b"]]>" in text or b"\r" in text:
        return data, None
    return data[:at] + data[stop:], _text(text).strip() or None


def _learnt(rest: bytes) -> Said | None:
    """What the rest of an object says; None where it is none, or something stands in the places of what was cut out."""
    try:
        top = document(b"<x>" + _BEGIN + rest + b"</x>")
    except BadXml:
        return None
    element = top.children[0] if len(top.children) == 1 and not top.text.strip() else top
    if element.name != "ParticipantObjectIdentification" or element.attributes.get("ParticipantObjectID") != "":
        return None
    texts = [one.text for name in (NAME, QUERY) for one in element.all(name)]
    tags = sum(rest.count(begin) for begin, _ in (_NAME, _QUERY))
    if any(texts) or len(texts) != tags or any(len(element.all(name)) > 1 for name in (NAME, QUERY)):
        return None
    return said_of_object(element)
