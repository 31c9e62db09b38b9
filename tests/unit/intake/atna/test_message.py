# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from tests.unit.intake.atna.messages import audit, code, participant, patient, thing
from tests.unit.intake.reading import one, read, refused
from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake import as_line

PERSON = participant("u1007", "PHYSICIAN", UserName="Wang Fang")
SOURCE = participant("http://ehr.example/ws", "110153", AlternativeUserID="4712", UserIsRequestor="false",
                     NetworkAccessPointTypeCode="2", NetworkAccessPointID="10.0.0.7")  # fmt: skip
TARGET = participant(
    "viewer", "110152", AlternativeUserID="99", NetworkAccessPointTypeCode="1", NetworkAccessPointID="WS-1"
)


def said(*inside: str, **how: Any) -> dict[str, Any]:
    return as_line(one(audit(*inside, **how).encode(), "audit.xml"))


@pytest.mark.parametrize("dicom", [True, False])
def test_both_dialects_say_the_same(dicom: bool) -> None:
    found = said(
        participant("u1007", "IRCP", dicom=dicom), thing("P1^^^&1.2.3&ISO", "1", "1", dicom=dicom),
        thing("R1", dicom=dicom), dicom=dicom, types=("ITI-43",),
    )  # fmt: skip
    assert found["format"] == ("atna-dicom" if dicom else "atna-rfc3881")
    assert (found["account"], found["action"], found["kind"], found["outcome"]) == (
        "u1007",
        "read",
        "access",
        "success",
    )
    assert found["patients"] == ["P1^^^&1.2.3&ISO"] and found["patient_id"] == "P1"
    assert (found["subtype"], found["resource"], found["system"], found["site"]) == (
        "ITI-43",
        "Report Number",
        "EHR",
        "main",
    )
    assert (found["time"], found["time_quality"]) == ("2026-03-02T00:15:00.123000+00:00", "offset")


def test_one_message_touches_many_patients() -> None:
    found = one(audit(*(patient(f"P{i}^^^&1.2&ISO") for i in range(40)), event="110104").encode(), "audit.xml")
    assert found.patients == tuple(f"P{i}" for i in range(40))
    assert found.action == "export"


@pytest.mark.parametrize(
    "event, types, letter, action, kind",
    [
        ("110110", (), "C", "create", "access"),
        ("110110", (), "R", "read", "access"),
        ("110110", (), "U", "update", "access"),
        ("110110", (), "D", "delete", "access"),
        ("110110", (), "E", "query", "access"),
        ("110114", ("110122",), "E", "login", "access"),
        ("110114", ("110123",), "E", "logout", "access"),
        ("110114", ("110126",), "E", "query", "other"),  # a node
        ("110114", (), "E", "login", "access"),
        ("110100", ("110120",), "E", "query", "other"),  # an application starts
        ("110113", ("110127",), "E", "query", "other"),  # a security alert
        ("110101", (), "R", "read", "other"),  # the audit trail itself is used
        ("110112", ("ITI-18",), "E", "search", "access"),
        ("110106", (), "R", "export", "access"),
        ("110107", (), "C", "create", "access"),
        ("110104", (), "C", "create", "access"),  # instances that came
        ("110105", (), "D", "delete", "access"),
        ("no-such", (), "R", "read", "access"),
    ],
)
def test_the_action_is_told_by_type_then_event_then_letter(
    event: str, types: tuple[str, ...], letter: str, action: str, kind: str
) -> None:
    found = said(patient("P1"), event=event, types=types, letter=letter)
    assert (found["action"] if kind == "access" else action, found["kind"]) == (action, kind)
    assert found["action_code"] == letter


@pytest.mark.parametrize(
    "written, outcome", [("0", "success"), ("4", "denied"), ("8", "failure"), ("12", "failure"), ("", "success")]
)
def test_outcomes(written: str, outcome: str) -> None:
    assert said(outcome=written)["outcome"] == outcome


def test_the_account_is_the_person_wherever_it_stands() -> None:
    for order in ((PERSON, SOURCE, TARGET), (SOURCE, TARGET, PERSON), (TARGET, PERSON, SOURCE)):
        found = said(*order)
        assert found["account"] == "u1007"
        # Who asked is the client, although the data went to it.
        assert (found["client"], found["server"], found["workstation"]) == ("WS-1", "http://ehr.example/ws", "WS-1")
        assert {actor["role"] for actor in found["actors"]} == {"PHYSICIAN", "110153", "110152"}


@pytest.mark.parametrize(
    "people, account",
    [
        ([participant("alias<jdoe@idp.example>")], "jdoe"),
        ([participant("<d.wang@ward.example@idp.example>")], "d.wang@ward.example"),
        ([participant("4712", "110153", AlternativeUserID="AETITLE=STORE1;x")], "STORE1"),
        ([participant("4712", "110153"), participant("u2", UserIsRequestor="false")], "4712"),
        ([participant("4712", "110153", UserIsRequestor="false"), participant("u2", UserIsRequestor="false")], "u2"),
        ([participant("urn:disk", "110154"), participant("u3")], "u3"),
        ([participant("", AlternativeUserID="alt")], "alt"),
        ([participant("10.0.0.1", "110150"), participant("anna@ward.example")], "anna@ward.example"),
    ],
)
def test_persons_come_before_programs_and_requestors_before_others(people: list[str], account: str) -> None:
    assert said(*people)["account"] == account


def test_where_a_person_sits_is_told_by_the_own_address_too() -> None:
    found = said(participant("u1", NetworkAccessPointTypeCode="1", NetworkAccessPointID="WS-7"))
    assert (found["workstation"], found["ip"]) == ("WS-7", None)
    found = said(participant("u1", NetworkAccessPointTypeCode="2", NetworkAccessPointID="10.1.2.3"))
    assert (found["workstation"], found["ip"]) == (None, "10.1.2.3")


def test_the_query_is_decoded_and_the_patients_in_it_are_found() -> None:
    asked = "GET https://ehr.example/Observation?patient=P9"
    found = said(thing("q1", "2", "24", query=asked), event="110112", letter="E")
    assert (found["query"], found["patients"], found["resource"]) == (asked, ["P9"], "Observation")


def test_a_study_is_an_imaging_study_and_its_patient_is_named_beside_it() -> None:
    detail = '<ParticipantObjectDetail type="x" value="eA=="/>'
    detail += '<ParticipantObjectDescription><SOPClass UID="1"/></ParticipantObjectDescription>'
    found = said(
        thing("1.2.840.1", "2", "3", id_type="110180", id_said="Study Instance UID", inside=detail), patient("P1")
    )
    assert (found["resource"], found["patients"]) == ("ImagingStudy", ["P1"])
    assert [one["id"] for one in found["objects"]] == ["1.2.840.1", "P1"]


def test_a_patient_number_is_a_patient_where_no_role_is_given() -> None:
    assert said(thing("P5", "1", "", id_type="2"))["patients"] == ["P5"]
    assert said(thing("D5", "1", "8", id_type="2"))["patients"] == []  # a doctor


def test_purposes_and_what_became_of_it_are_kept() -> None:
    more = code("PurposeOfUse", "BTG", dicom=True) + code("PurposeOfUse", "TREAT", dicom=True)
    more += "<EventOutcomeDescription>no right</EventOutcomeDescription>"
    found = said(patient("P1"), more=more, outcome="4")
    assert (found["purpose"], found["breakglass"], found["purposes"]) == ("treatment", True, ["BTG", "TREAT"])
    assert found["outcome_text"] == "no right"


def test_a_time_without_an_offset_is_read_in_the_zone() -> None:
    found = said(time="2026-03-02T08:15:00")
    assert (found["time"], found["time_quality"]) == ("2026-03-02T00:15:00+00:00", "zone")


@pytest.mark.parametrize(
    "declared, codec", [("GB18030", "gb18030"), ("gbk", "gb18030"), ("UTF-8", "utf-8"), ("utf-16", "utf-8")]
)
def test_names_are_read_in_the_encoding_that_is_declared(declared: str, codec: str) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?>\n' + audit(patient("P1", name="王芳"), participant("李娜"))
    found = as_line(one(text.encode(codec), "audit.xml"))
    assert found["account"] == "李娜" and found["objects"][0]["name"] == "王芳"


def test_prefixes_of_names_are_left_out() -> None:
    text = audit(patient("P1")).replace("</", "</a:").replace("<Ev", "<a:Ev").replace("<Part", "<a:Part")
    text = text.replace("<Active", "<a:Active").replace("<AuditM", "<a:AuditM").replace("<AuditS", "<a:AuditS")
    assert one(text.encode(), "audit.xml").patients == ("P1",)


BOMB = "<!DOCTYPE a [" + "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 9 if i else "ha"}">' for i in range(12)) + "]>"


@pytest.mark.parametrize(
    "text, reason",
    [
        (BOMB + audit(more="&e11;"), "document-type"),
        ('<!DOCTYPE a SYSTEM "http://evil.example/x.dtd">' + audit(), "document-type"),
        ('<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>' + audit(), "document-type"),
        (audit(more="&x;"), "not-xml"),
        (audit(more="<a>" * 500 + "</a>" * 500), "too-deep"),
        (audit(more="<a>"), "not-xml"),
        (audit(patient("a\x01b")), "not-xml"),
        (audit(time="yesterday"), "bad-time"),
        (audit(time=""), "bad-time"),
        (audit(outcome="5"), "unmapped-outcome"),
        ("<AuditMessage><x/></AuditMessage>", "not-audit"),
        ('<?xml version="1.0" encoding="utf-7"?>' + audit(), "bad-encoding"),
    ],
)
def test_what_is_hostile_or_broken_is_refused_with_its_reason(text: str, reason: str) -> None:
    piece = refused(text.encode(), "audit.xml")
    assert piece.reason.startswith(f"{reason}: ") and piece.format == "atna"
    assert "yesterday" not in piece.reason and "passwd" not in piece.reason


@pytest.mark.parametrize(
    "data",
    [
        b" " * 500_000 + b"x" + b"<AuditMessage></AuditMessage>",
        b"<AuditMessage>" * 60_000,
        b"<?xml " * 200_000 + b"<AuditMessage></AuditMessage>",
        b"<AuditMessage>" + b"a<b/>" * 300_000 + b"</AuditMessage>",
    ],
    ids=["space", "never closed", "declarations", "texts in pieces"],
)
def test_no_shape_costs_more_than_its_size(data: bytes) -> None:
    """Each of these took minutes when the time grew with the square of the size."""
    began = process_time()
    assert all(isinstance(piece, Rejected) for piece in read(data, "audit.xml", form="atna"))
    assert process_time() - began < 30


def test_what_never_closes_costs_itself_and_no_other() -> None:
    whole = audit(patient("P1"))
    found = read(f"{whole}\n<AuditMessage><x>\n{whole}{whole[:90]}".encode(), "audit.xml")
    assert [type(one) is AccessEvent for one in found] == [True, False, True, False]
    assert [one.position for one in found] == ["1", "2", "3", "3[2]"]


def test_a_patient_that_is_named_behind_its_system_is_the_one_in_the_query() -> None:
    asked = "status=current&patient.identifier=urn:oid:1.2.3|P7"
    found = said(patient("urn:oid:1.2.3|P7"), thing("q", "2", "24", query=asked), event="110112", letter="E")
    assert (found["patient_id"], found["patients"]) == ("P7", ["urn:oid:1.2.3|P7"])
    assert found["query"] == asked


def test_details_of_an_object_are_no_hindrance() -> None:
    detail = '<ParticipantObjectDetail type="MSH-10" value="eA=="/>'
    found = said(
        patient("P1"), thing("q", "2", "24", query="MSH|^~\\&amp;", inside=detail), event="110112", types=("ITI-9",)
    )
    assert (found["patients"], found["query"], found["subtype"]) == (["P1"], "MSH|^~\\&amp;", "ITI-9")
