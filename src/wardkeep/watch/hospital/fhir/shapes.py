# SPDX-License-Identifier: Apache-2.0
"""The parts of FHIR R4 resources that hospital tables are made of; everything else in a resource is skipped unread.

A value of another JSON type than FHIR gives it makes the resource unreadable; a missing one is its empty value.
"""

from __future__ import annotations

import msgspec


class Part(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A piece of a resource."""


class Coding(Part, frozen=True):
    system: str = ""
    code: str = ""
    display: str = ""


class Concept(Part, frozen=True):
    coding: tuple[Coding, ...] = ()
    text: str = ""


class Identifier(Part, frozen=True):
    system: str = ""
    value: str = ""


class Reference(Part, frozen=True):
    reference: str = ""
    identifier: Identifier = Identifier()


class Period(Part, frozen=True):
    start: str = ""
    end: str = ""


class HumanName(Part, frozen=True):
    use: str = ""
    text: str = ""
    family: str = ""
    given: tuple[str | None, ...] = ()


class Address(Part, frozen=True):
    text: str = ""
    line: tuple[str | None, ...] = ()
    city: str = ""
    district: str = ""
    state: str = ""
    postal_code: str = ""


class Telecom(Part, frozen=True):
    system: str = ""
    value: str = ""


class Contact(Part, frozen=True):
    name: HumanName = HumanName()
    telecom: tuple[Telecom, ...] = ()


class Meta(Part, frozen=True):
    security: tuple[Coding, ...] = ()


class Resource(Part, frozen=True):
    """What every resource has."""

    resource_type: str
    id: str = ""
    status: str = ""


class Patient(Resource, frozen=True):
    meta: Meta = Meta()
    name: tuple[HumanName, ...] = ()
    gender: str = ""
    birth_date: str = ""
    address: tuple[Address, ...] = ()
    telecom: tuple[Telecom, ...] = ()
    contact: tuple[Contact, ...] = ()
    deceased_date_time: str = ""


class Practitioner(Resource, frozen=True):
    identifier: tuple[Identifier, ...] = ()
    name: tuple[HumanName, ...] = ()
    address: tuple[Address, ...] = ()
    telecom: tuple[Telecom, ...] = ()


class PractitionerRole(Resource, frozen=True):
    practitioner: Reference = Reference()
    organization: Reference = Reference()
    location: tuple[Reference, ...] = ()
    code: tuple[Concept, ...] = ()
    period: Period = Period()


class Link(Part, frozen=True):
    """Person.link."""

    target: Reference = Reference()


class Person(Resource, frozen=True):
    link: tuple[Link, ...] = ()


class Organization(Resource, frozen=True):
    identifier: tuple[Identifier, ...] = ()
    name: str = ""
    type: tuple[Concept, ...] = ()
    part_of: Reference = Reference()


class Location(Resource, frozen=True):
    identifier: tuple[Identifier, ...] = ()
    name: str = ""
    physical_type: Concept = Concept()
    managing_organization: Reference = Reference()
    part_of: Reference = Reference()


class Stay(Part, frozen=True):
    """Encounter.location."""

    location: Reference = Reference()
    period: Period = Period()


class Participant(Part, frozen=True):
    """Encounter.participant."""

    type: tuple[Concept, ...] = ()
    individual: Reference = Reference()
    period: Period = Period()


class Encounter(Resource, frozen=True):
    class_: Coding = msgspec.field(name="class", default=Coding())
    subject: Reference = Reference()
    participant: tuple[Participant, ...] = ()
    period: Period = Period()
    location: tuple[Stay, ...] = ()
    service_provider: Reference = Reference()


class Attendee(Part, frozen=True):
    """Appointment.participant."""

    actor: Reference = Reference()
    status: str = ""


class Appointment(Resource, frozen=True):
    start: str = ""
    participant: tuple[Attendee, ...] = ()


class ServiceRequest(Resource, frozen=True):
    """Also MedicationRequest, which has `performer` as one reference and no `occurrenceDateTime`."""

    subject: Reference = Reference()
    encounter: Reference = Reference()
    requester: Reference = Reference()
    performer: tuple[Reference, ...] | Reference = ()
    location_reference: tuple[Reference, ...] = ()
    category: tuple[Concept, ...] = ()
    authored_on: str = ""
    occurrence_date_time: str = ""


class DiagnosticReport(Resource, frozen=True):
    subject: Reference = Reference()
    encounter: Reference = Reference()
    based_on: tuple[Reference, ...] = ()
    performer: tuple[Reference, ...] = ()
    results_interpreter: tuple[Reference, ...] = ()
    category: tuple[Concept, ...] = ()
    issued: str = ""
    effective_date_time: str = ""


class Member(Part, frozen=True):
    """CareTeam.participant."""

    member: Reference = Reference()
    role: tuple[Concept, ...] = ()
    period: Period = Period()


class CareTeam(Resource, frozen=True):
    subject: Reference = Reference()
    period: Period = Period()
    participant: tuple[Member, ...] = ()


class Task(Resource, frozen=True):
    for_: Reference = msgspec.field(name="for", default=Reference())
    owner: Reference = Reference()
    code: Concept = Concept()
    execution_period: Period = Period()
    authored_on: str = ""
    last_modified: str = ""


class ConsentActor(Part, frozen=True):
    reference: Reference = Reference()


class Provision(Part, frozen=True):
    type: str = ""
    period: Period = Period()
    actor: tuple[ConsentActor, ...] = ()
    purpose: tuple[Coding, ...] = ()


class Consent(Resource, frozen=True):
    patient: Reference = Reference()
    scope: Concept = Concept()
    date_time: str = ""
    provision: Provision = Provision()


SHAPES: dict[str, type[Resource]] = {
    # In the order in which they are read: what others refer to comes first.
    "Organization": Organization,
    "Location": Location,
    "Practitioner": Practitioner,
    "PractitionerRole": PractitionerRole,
    "Person": Person,
    "Patient": Patient,
    "Encounter": Encounter,
    "Appointment": Appointment,
    "ServiceRequest": ServiceRequest,
    "MedicationRequest": ServiceRequest,
    "DiagnosticReport": DiagnosticReport,
    "CareTeam": CareTeam,
    "Task": Task,
    "Consent": Consent,
}
