# SPDX-License-Identifier: Apache-2.0
"""The quick way and the lenient way of reading an AuditEvent say the same, whatever is in it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.watch.intake.fhir import FhirReader
from wardkeep.watch.intake.row import Row

Json = dict[str, Any]
some = st.sampled_from


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.text('aé7"/^{\\', max_size=6)
    | some(["Patient/7", "110153", "110152", "rest", "read", "2026-03-02T08:15:00Z", "IRCP", "1", "4", "24", "TREAT"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            some(
                [
                    "code",
                    "coding",
                    "reference",
                    "display",
                    "identifier",
                    "value",
                    "type",
                    "role",
                    "what",
                    "who",
                    "name",
                    "query",
                    "network",
                    "address",
                    "requestor",
                    "start",
                    "end",
                    "text",
                    "observer",
                    "site",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
CODED = st.fixed_dictionaries({}, optional={"code": some(["rest", "read", "1", "4", "24", "110114", ""])})
REFERENCE = st.fixed_dictionaries(
    {},
    optional={
        "reference": some(["Patient/7", "List/3", "", "a/b/_history/1"]),
        "display": st.text(max_size=4),
        "identifier": st.fixed_dictionaries({}, optional={"value": st.text(max_size=3)}),
        "type": st.just("Patient"),
    },
)
TYPICAL = st.fixed_dictionaries(
    {"recorded": some(["2026-03-02T08:15:00Z", "2026-03-02T08:15:00.5+08:00"])},
    optional={
        "id": st.text(max_size=4),
        "type": CODED,
        "subtype": st.lists(CODED, max_size=2),
        "category": st.lists(CODED, max_size=2),
        "code": CODED,
        "action": some("CRUDE"),
        "outcome": some(["0", "4", "8"]) | st.just({"code": {"code": "0"}}),
        "entity": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "what": REFERENCE,
                    "role": CODED,
                    "type": CODED,
                    "name": st.text(max_size=3),
                    "query": some(["eA==", "p?patient=4"]),
                    "securityLabel": st.lists(CODED, max_size=2),
                },
            ),
            max_size=3,
        ),
        "agent": VALUES,
        "source": VALUES,
        "patient": REFERENCE,
        "period": st.just({"start": "2026-03-02T08:14:00Z", "end": "2026"}),
        "purposeOfEvent": VALUES,
        "outcomeDesc": st.text(max_size=3),
        "occurredDateTime": some(["2026", "2026-03-02T00:00:00Z"]),
    },
)


def both_ways(value: Json) -> None:
    """The quick way, where it fits, must say what the lenient way says."""
    raw = json.dumps({"resourceType": "AuditEvent"} | value).encode()
    reader = FhirReader(source="x")
    try:
        quick = reader._quick(raw, "1", None)
    except msgspec.ValidationError:
        return
    except ValueError as exc:
        with pytest.raises(type(exc)):
            reader._lenient(msgspec.json.decode(raw), raw, "1", None)
        return
    lenient = reader._lenient(msgspec.json.decode(raw), raw, "1", None)
    assert quick == lenient
    assert isinstance(quick, Row) and (quick.extra is None or msgspec.json.decode(quick.extra))
    if quick.extra:
        parsed = msgspec.json.decode(quick.extra)
        assert list(parsed) == sorted(parsed)


@given(TYPICAL)
def test_both_ways_agree_on_what_is_usual(value: Json) -> None:
    both_ways(value)


@given(
    st.dictionaries(
        some(
            [
                "id",
                "type",
                "subtype",
                "action",
                "outcome",
                "agent",
                "source",
                "entity",
                "period",
                "patient",
                "purposeOfEvent",
                "code",
                "category",
                "occurredPeriod",
            ]
        ),
        VALUES,
        max_size=6,
    )
)
def test_both_ways_agree_on_anything(value: Json) -> None:
    both_ways({"recorded": "2026-03-02T08:15:00Z"} | value)
