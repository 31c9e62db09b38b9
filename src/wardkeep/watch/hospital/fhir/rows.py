# SPDX-License-Identifier: Apache-2.0
"""Each resource as rows of hospital tables: (table, cells, what `src` names). Cells are text; a missing one is empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from wardkeep.watch.hospital.fhir import shapes as s
from wardkeep.watch.hospital.fhir.moments import Calendar, whole_day
from wardkeep.watch.hospital.fhir.places import Places, codes, role_word, words
from wardkeep.watch.hospital.tables import WORK_KINDS

Row = tuple[str, dict[str, str], str]
#: Never was, or is not yet: makes no row. A cancelled order was placed all the same, an inactive care team was one.
_NEVER = frozenset(("entered-in-error", "draft", "proposed"))
_VOID = {
    "Encounter": _NEVER | {"planned", "cancelled"},
    "Appointment": _NEVER | {"waitlist", "cancelled"},
    "Consent": _NEVER | {"rejected", "inactive"},
}
#: v3-ActCode, the information sensitivity policies.
_SENSITIVITY = {
    "CEL": "vip", "VIP": "vip", "EMP": "staff", "PSY": "psychiatric", "PSYTHPN": "psychiatric", "MH": "psychiatric",
    "HIV": "infectious", "STD": "infectious", "SEX": "reproductive", "GDIS": "genetic",
}  # fmt: skip
#: v3-ActCode, ActEncounterCode.
_ENCOUNTER = {
    "AMB": "outpatient", "HH": "outpatient", "EMER": "emergency", "FLD": "emergency", "VR": "telehealth",
    "IMP": "inpatient", "ACUTE": "inpatient", "NONAC": "inpatient", "SS": "inpatient", "OBSENC": "inpatient",
    "PRENC": "inpatient",
}  # fmt: skip
#: Order categories: SNOMED CT (request-category) and v2-0074 (diagnostic service sections).
_ORDER = {
    "108252007": "laboratory", "363679005": "imaging", "387713003": "procedure", "3457005": "consult",
    "103696004": "consult", "11429006": "consult", "laboratory": "laboratory", "imaging": "imaging",
    **dict.fromkeys("LAB BLB CG CH CP CTH GE HM IMM MB MCB MYC PAT SR TX VR".split(), "laboratory"),  # noqa: SIM905
    **dict.fromkeys("RAD CT CUS IMG NMR NMS OUS RUS RX US VUS XRC".split(), "imaging"),  # noqa: SIM905
}  # fmt: skip
#: v3-ActReason and v3-PurposeOfUse.
_PURPOSE = {
    "TREAT": "treatment", "ETREAT": "treatment", "CAREMGT": "treatment", "HPAYMT": "payment", "HOPERAT": "operations",
    "HRESCH": "research", "CLINTRCH": "research", "PUBHLTH": "public_health", "DISASTER": "public_health",
    "COVERAGE": "payment", "HLEGAL": "sharing", "PATRQT": "sharing", "FAMRQT": "sharing",
}  # fmt: skip
_SCOPE = {"research": "research", "treatment": "treatment", "patient-privacy": "sharing"}
_DONE = {"completed", "cancelled", "failed", "rejected"}
_WORK = frozenset(WORK_KINDS.split())


class Rows:
    """Makes rows; knows the calendar and the places, and which request a report answers."""

    def __init__(self, calendar: Calendar, places: Places) -> None:
        self._at = calendar
        self._places = places
        self._requested_by: dict[str, str] = {}
        self._of: dict[str, Callable[..., Iterator[Row]]] = {
            "Organization": self._organization,
            "Location": self._location,
            "Practitioner": self._practitioner,
            "PractitionerRole": lambda _: iter(()),
            "Person": lambda _: iter(()),
            "Patient": self._patient,
            "Encounter": self._encounter,
            "Appointment": self._appointment,
            "ServiceRequest": self._request,
            "MedicationRequest": self._request,
            "DiagnosticReport": self._report,
            "CareTeam": self._care_team,
            "Task": self._task,
            "Consent": self._consent,
        }

    def of(self, resource: s.Resource) -> Iterator[Row]:
        """The rows that a resource makes; none where it never came to be (entered in error, cancelled, only planned)."""
        if resource.status in _VOID.get(resource.resource_type, _NEVER):
            return iter(())
        return self._of[resource.resource_type](resource)

    def _organization(self, r: s.Organization) -> Iterator[Row]:
        above = self._places.id(r.part_of, "Organization")
        yield "departments", {"department": r.id, "name": r.name, "parent": above}, r.id

    def _location(self, r: s.Location) -> Iterator[Row]:
        """A place that is a department of its own; rooms and beds are part of one."""
        own = self._places.named(r.id)
        if self._places.department(s.Reference(f"Location/{r.id}")) == own:
            above = self._places.department(r.part_of)
            yield "departments", {"department": own, "name": r.name, "parent": above}, own

    def _practitioner(self, r: s.Practitioner) -> Iterator[Row]:
        cells = {"staff_id": r.id, "name": _name(r.name), "address": _address(r.address), "phone": _phone(r.telecom)}
        cells["patient_id"] = self._places.own_record.get(r.id, "")
        if role := self._places.role_of.get(r.id):
            cells |= {
                "role": role_word(role),
                "department": self._places.role_department(role),
                "employed_from": self._first_day(role.period.start),
                "employed_to": self._at.day(role.period.end),
            }
        yield "staff", cells, r.id
        yield "accounts", {"account": r.id, "staff_id": r.id, "kind": "person"}, r.id

    def _patient(self, r: s.Patient) -> Iterator[Row]:
        kinds = dict.fromkeys(_SENSITIVITY[c.code] for c in r.meta.security if c.code in _SENSITIVITY)
        contact = r.contact[0] if r.contact else s.Contact()
        cells = {
            "patient_id": r.id,
            "name": _name(r.name),
            "sex": r.gender,
            "birth_date": whole_day(r.birth_date),
            "address": _address(r.address),
            "phone": _phone(r.telecom),
            "emergency_contact": " ".join(filter(None, (_name((contact.name,)), _phone(contact.telecom)))),
            "died_on": self._at.day(r.deceased_date_time) if r.deceased_date_time else "",
            "sensitivity": ";".join(kinds),
        }
        yield "patients", cells, r.id

    def _encounter(self, r: s.Encounter) -> Iterator[Row]:
        patient = self._places.id(r.subject, "Patient")
        stays = sorted(
            (
                (stay, self._at.start(stay.period.start))
                for stay in r.location
                if self._places.department(stay.location)
            ),
            key=lambda pair: self._at.order(pair[1]),
        )
        at = [(self._places.department(stay.location), time) for stay, time in stays]
        start, end = self._at.start(r.period.start), self._at.end(r.period.end)
        leads = [p for p in r.participant if "ATND" in codes(p.type)] or [
            p for p in r.participant if "PPRF" in codes(p.type)
        ]
        attending = self._places.person(leads[0].individual) if leads else ""
        cells = {
            "encounter_id": r.id,
            "patient_id": patient,
            "kind": _ENCOUNTER.get(r.class_.code, ""),
            "department": at[0][0] if at else self._places.department(r.service_provider),
            "start": start,
            "end": end,
            "attending_id": attending,
        }
        yield "encounters", cells, r.id
        for n, ((before, _), (after, time)) in enumerate(pairwise(at), 1):
            if before != after and time:
                moved = {"patient_id": patient, "from_department": before, "to_department": after, "time": time}
                yield "transfers", moved, f"Encounter/{r.id}:{n + 1}"
        for n, one in enumerate(r.participant, 1):
            if (person := self._places.person(one.individual)) and person != attending:
                member = {"patient_id": patient, "staff_id": person, "role": words(one.type)}
                member |= {
                    "start": self._at.start(one.period.start) or start,
                    "end": self._at.end(one.period.end) or end,
                }
                yield "care_team", member, f"Encounter/{r.id}:{n}"

    def _appointment(self, r: s.Appointment) -> Iterator[Row]:
        who = [a.actor for a in r.participant if a.status != "declined"]
        patients = [p for p in (self._places.id(a, "Patient") for a in who) if p] or [""]
        people = [a for a in who if self._places.person(a)]
        places = [d for d in (self._places.department(a) for a in who) if d]
        staff = [(self._places.person(a), self._places.works_in(a)) for a in people] or [("", "")]
        n = 0
        for patient in patients:
            for person, works_in in staff:
                n += 1
                cells = {"appointment_id": r.id if n == 1 else f"{r.id}:{n}", "patient_id": patient, "staff_id": person}
                cells |= {"department": places[0] if places else works_in, "time": self._at.start(r.start)}
                yield "appointments", cells, cells["appointment_id"]

    def _request(self, r: s.ServiceRequest) -> Iterator[Row]:
        kind = "medication" if r.resource_type == "MedicationRequest" else _order_kind(r.category) or "procedure"
        performers = r.performer if isinstance(r.performer, tuple) else (r.performer,)
        person = self._places.person(r.requester)
        order = f"{r.resource_type}/{r.id}"
        self._requested_by[order] = person
        cells = self._order(order, r.subject, r.encounter, kind, (*r.location_reference, *performers))
        yield (
            "orders",
            cells | {"ordered_by": person, "time": self._at.start(r.authored_on or r.occurrence_date_time)},
            order,
        )

    def _report(self, r: s.DiagnosticReport) -> Iterator[Row]:
        order = f"DiagnosticReport/{r.id}"
        cells = self._order(
            order,
            r.subject,
            r.encounter,
            _order_kind(r.category) or "laboratory",
            (*r.performer, *r.results_interpreter),
        )
        asked = [f"ServiceRequest/{self._places.id(b, 'ServiceRequest')}" for b in r.based_on]
        by = next((p for p in map(self._requested_by.get, asked) if p), "")
        yield "orders", cells | {"ordered_by": by, "time": self._at.start(r.effective_date_time or r.issued)}, order

    def _order(
        self, order: str, subject: s.Reference, encounter: s.Reference, kind: str, performers: tuple[s.Reference, ...]
    ) -> dict[str, str]:
        return {
            "order_id": order if not order.endswith("/") else "",
            "patient_id": self._places.id(subject, "Patient"),
            "encounter_id": self._places.id(encounter, "Encounter"),
            "kind": kind,
            "performing_department": next((d for d in map(self._places.works_in, performers) if d), ""),
        }

    def _care_team(self, r: s.CareTeam) -> Iterator[Row]:
        for n, one in enumerate(r.participant, 1):
            if person := self._places.person(one.member):
                cells = {
                    "patient_id": self._places.id(r.subject, "Patient"),
                    "staff_id": person,
                    "role": words(one.role),
                    "start": self._at.start(one.period.start or r.period.start),
                    "end": self._at.end(one.period.end or r.period.end),
                }
                yield "care_team", cells, f"CareTeam/{r.id}:{n}"

    def _task(self, r: s.Task) -> Iterator[Row]:
        patient = self._places.id(r.for_, "Patient")
        if not patient:  # about no patient: a delivery, a repair
            return
        kind = next((c for c in (*codes((r.code,)), r.code.text) if c in _WORK), "records")
        cells = {
            "patient_id": patient,
            "department": self._places.works_in(r.owner),
            "kind": kind,
            "staff_id": self._places.person(r.owner),
            "start": self._at.start(r.execution_period.start or r.authored_on),
            "end": self._at.end(r.execution_period.end or (r.last_modified if r.status in _DONE else "")),
        }
        yield "work_items", cells, f"Task/{r.id}"

    def _consent(self, r: s.Consent) -> Iterator[Row]:
        purposes = list(dict.fromkeys(_PURPOSE[p.code] for p in r.provision.purpose if p.code in _PURPOSE))
        scoped = [_SCOPE[c] for c in codes((r.scope,)) if c in _SCOPE]
        recipients = [a.reference.reference.rpartition("/")[2] for a in r.provision.actor] or [""]
        n = 0
        for purpose in purposes or scoped[:1] or [""]:
            for recipient in recipients:
                n += 1
                cells = {
                    "patient_id": self._places.id(r.patient, "Patient"),
                    "purpose": purpose,
                    "recipient": recipient,
                    "decision": r.provision.type,
                    "start": self._at.start(r.provision.period.start or r.date_time),
                    "end": self._at.end(r.provision.period.end),
                }
                yield "consents", cells, f"Consent/{r.id}:{n}"

    def _first_day(self, value: str) -> str:
        return self._at.start(value)[:10] if len(value) < 11 else self._at.day(value)


def _order_kind(category: tuple[s.Concept, ...]) -> str:
    return next((_ORDER[c] for concept in category for c in _listed(concept) if c in _ORDER), "")


def _listed(concept: s.Concept) -> list[str]:
    return [coding.code for coding in concept.coding]


def _name(names: tuple[s.HumanName, ...]) -> str:
    """The official name, else the first: as written, or family and given."""
    if not names:
        return ""
    one = next((n for n in names if n.use == "official"), names[0])
    return one.text or " ".join(filter(None, (*one.given, one.family)))


def _address(addresses: tuple[s.Address, ...]) -> str:
    if not addresses:
        return ""
    one = addresses[0]
    return one.text or ", ".join(filter(None, (*one.line, one.district, one.city, one.state, one.postal_code)))


def _phone(telecom: tuple[s.Telecom, ...]) -> str:
    return next((t.value for t in telecom if t.system in ("phone", "sms") and t.value), "")
