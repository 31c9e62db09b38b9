# SPDX-License-Identifier: Apache-2.0
"""What an audit event says was touched: patients, things, the query, the request's number."""

from __future__ import annotations

import msgspec

from wardkeep.watch.intake.fhir_parts import bare_patient, resource_type
from wardkeep.watch.intake.fhir_query import decoded, patients_in, searched_type
from wardkeep.watch.intake.fhir_shapes import Entity, Reference
from wardkeep.watch.intake.fhir_terms import PATIENT_ROLE, QUERY_ROLE, REQUEST_ID


class Thing(msgspec.Struct, gc=False, omit_defaults=True):
    """A thing that was touched, as `extra` keeps it; keys in their order."""

    id: str | None = None
    labels: list[str] | None = None
    name: str | None = None
    role: str | None = None
    type: str | None = None


#: Patients by their own ids, each once; as the source wrote them where that is another thing; resource, query, things, and
#: the number of the request.
Touched = tuple[tuple[str, ...], list[str] | None, str | None, str | None, list[Thing], str | None]


def touched(entities: list[Entity], subject: Reference | None) -> Touched:
    """Read the entities; `subject` is the patient that R5 names beside them."""
    written: list[str] = []
    things: list[Thing] = []
    resource = query = request = None
    for one in entities:
        what, role, kind, said = one.what, one.role, one.type, one.name or None
        role_code = None if role is None else role.code or role.first()
        kind_code = None if kind is None else kind.code or kind.first()
        ref = name = None
        if what is not None:
            ref = what.reference or None
            name = what.named if ref is None or what.identifier is not None else ref
        if kind_code == REQUEST_ID:
            request = name or said
            continue
        if one.query and query is None:
            query = decoded(one.query)
        if role_code == PATIENT_ROLE or (what is not None and ((ref and "Patient/" in ref) or what.type == "Patient")):
            written.append(name or said or "")
        elif resource is None and what is not None and role_code != QUERY_ROLE:
            resource = what.type or (resource_type(ref) if ref else None)
        if name or said:
            labels = [code for label in one.securityLabel for code in label.all()] if one.securityLabel else None
            things.append(Thing(name, labels or None, said, role_code or None, kind_code or None))
    if subject is not None and subject.named:
        written.append(subject.named)
    if query is not None:
        written += patients_in(query)
        resource = resource or searched_type(query)
    patients, shown = _bare(written)
    return patients, shown, resource or ("Patient" if written else None), query, things, request


def _bare(written: list[str]) -> tuple[tuple[str, ...], list[str] | None]:
    """Patients by their own ids, each once; as written, where that is another thing."""
    if len(written) == 1 and written[0]:  # nearly always
        one = bare_patient(written[0])
        return (one,), None if one == written[0] else written
    bare: dict[str, str] = {}
    for text in written:
        if text:
            bare.setdefault(bare_patient(text), text)
    patients, shown = tuple(bare), list(bare.values())
    return patients, None if shown == list(patients) else shown
