# SPDX-License-Identifier: Apache-2.0
"""Audit messages of invented systems, in both dialects."""

from __future__ import annotations

from base64 import b64encode
from xml.sax.saxutils import quoteattr


def code(name: str, value: str, said: str = "", *, dicom: bool) -> str:
    words = ("csd-code", "originalText") if dicom else ("code", "displayName")
    return f'<{name} {words[0]}="{value}" codeSystemName="DCM" {words[1]}="{said}"/>'


def participant(user: str, *roles: str, dicom: bool = True, **more: str) -> str:
    said = {"UserID": user, "UserIsRequestor": "true"} | more
    inside = "".join(code("RoleIDCode", role, role, dicom=dicom) for role in roles)
    return f"<ActiveParticipant {_attributes(said)}>{inside}</ActiveParticipant>"


def thing(known: str, kind: str = "2", role: str = "3", *, dicom: bool = True, **more: str) -> str:
    said = {"ParticipantObjectID": known, "ParticipantObjectTypeCode": kind}
    said |= {"ParticipantObjectTypeCodeRole": role} if role else {}
    inside = code(
        "ParticipantObjectIDTypeCode", more.get("id_type", "9"), more.get("id_said", "Report Number"), dicom=dicom
    )
    if "name" in more:
        inside += f"<ParticipantObjectName>{more['name']}</ParticipantObjectName>"
    if "query" in more:
        asked = b64encode(more["query"].encode()).decode()
        inside += f"<ParticipantObjectQuery>{asked}</ParticipantObjectQuery>"
    inside += more.get("inside", "")
    return f"<ParticipantObjectIdentification {_attributes(said)}>{inside}</ParticipantObjectIdentification>"


def patient(known: str, **more: str) -> str:
    return thing(known, "1", "1", id_type="2", id_said="Patient Number", **more)


def audit(
    *inside: str, event: str = "110110", types: tuple[str, ...] = (), letter: str = "R", outcome: str = "0",
    time: str = "2026-03-02T08:15:00.123+08:00", dicom: bool = True, source: str = "EHR", more: str = "",
) -> str:  # fmt: skip
    """A message of these participants and objects."""
    ids = code("EventID", event, "Patient Record", dicom=dicom)
    ids += "".join(code("EventTypeCode", one, one, dicom=dicom) for one in types) + more
    happened = {"EventActionCode": letter, "EventDateTime": time, "EventOutcomeIndicator": outcome}
    people = [one for one in inside if one.startswith("<Active")] or [participant("u1", UserName="N")]
    seen = f'<AuditSourceIdentification AuditEnterpriseSiteID="main" AuditSourceID="{source}"/>'
    rest = [one for one in inside if not one.startswith("<Active")]
    return (
        f"<AuditMessage><EventIdentification {_attributes(happened)}>{ids}</EventIdentification>"
        f"{''.join(people)}{seen}{''.join(rest)}</AuditMessage>"
    )


def _attributes(said: dict[str, str]) -> str:
    return " ".join(f"{key}={quoteattr(value)}" for key, value in said.items() if value)
