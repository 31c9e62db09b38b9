# SPDX-License-Identifier: Apache-2.0
"""Every reader and every socket is put to mutated bytes: one that is added and forgotten here fails."""

from __future__ import annotations

from typing import get_args, get_type_hints

from tests.fault.parsers import PARSERS
from tests.fault.senders import KINDS
from tests.fault.test_wires import WIRES
from tests.integration.hospital.test_fuzz import FORMATS
from tests.integration.intake.fuzz import TARGETS
from wardkeep.listeners import Listener
from wardkeep.watch.intake.forms import FORMS

#: Beside the forms: FHIR, delimited files by their mapping, the folder of a hospital, and what is packed.
OTHERS = {"ndjson", "bundle", "single", "gzip", "hospital", "gb18030", "pipe", "tabs", "utf16"}


def test_every_form_of_log_is_mutated() -> None:
    names = {target.name.partition(":")[0] for target in TARGETS}
    begun = {name for form in FORMS for name in names if name == form.name or name.startswith(f"{form.name}-")}
    assert [form.name for form in FORMS if not any(name.startswith(form.name) for name in names)] == []
    assert {name for name in names - begun if not name.startswith("bundle-")} == OTHERS


def test_every_layout_of_context_is_mutated() -> None:
    assert {"hospital", "synthea", "omop", "fhir-bulk"} <= set(FORMATS)
    assert "hl7-context" in {parser.name for parser in PARSERS}


def test_every_protocol_is_mutated_and_sent_through_kills() -> None:
    protocols = {
        one.partition("-tls")[0].replace("https", "http") for one in get_args(get_type_hints(Listener)["protocol"])
    }
    sent = {kind.protocol for kind in KINDS}
    assert {one if one != "syslog" else "syslog-tcp" for one in protocols} == sent
    assert {wire.name for wire in WIRES} == {kind.name_of for kind in KINDS if kind.protocol != "syslog-udp"}
