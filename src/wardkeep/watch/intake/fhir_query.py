# SPDX-License-Identifier: Apache-2.0
"""The query of an audit event: base64 of what was asked, and the patients that are named only inside it."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_plus

#: `patient=7`, `subject=Patient/7`, `subject:Patient=7`, `patient.identifier=system|7`.
_PARAMETER = re.compile(r"(?:^|[?&\s])(patient|subject)(?::Patient)?(\.identifier|\.?_id)?(?::exact)?=([^&\s#]+)", re.I)
#: `Patient/7` in the path, and `Patient?_id=7`.
_PATH = re.compile(r"(?:^|[\s/])Patient/([^/?&#\s$_][^/?&#\s]*)")
_BY_ID = re.compile(r"(?:^|[\s/])Patient(?:/_search)?\?(?:[^\s#?]*&)?_id=([^&\s#]+)")
#: The type that is searched: `Observation?patient=7`.
_TYPE = re.compile(r"(?:^|[\s/])([A-Z][A-Za-z]{2,40})(?:/_search)?\?")


def decoded(query: str) -> str:
    """The text of a query; what is no base64 of a text stays as it is."""
    try:
        found = base64.b64decode("".join(query.split()), validate=True).decode("utf-8-sig")
    except (binascii.Error, ValueError):
        return query
    return query if "\0" in found or not found else found


def patients_in(query: str) -> list[str]:
    """The patients that a FHIR search names, as it writes them, each once."""
    if "atient" not in query and "ubject" not in query:
        return []
    found: list[str] = []
    for name, chain, values in _PARAMETER.findall(query):
        for value in values.split(","):
            written = unquote_plus(value) if "%" in value or "+" in value else value
            if chain.lower() == ".identifier":
                written = written.rpartition("|")[2]
            if name.lower() == "subject" and not chain and "/" in written and "Patient/" not in written:
                continue  # a group, a device
            found.append(written)
    if "_id=" in query:
        found += [unquote_plus(v) for values in _BY_ID.findall(query) for v in values.split(",")]
    if "Patient/" in query:
        found += [f"Patient/{unquote_plus(value)}" for value in _PATH.findall(query.partition("?")[0])]
    return [written for written in dict.fromkeys(found) if written.strip()]


def searched_type(query: str) -> str | None:
    """The resource type that a FHIR search asks for."""
    match = _TYPE.search(query)
    return match[1] if match else None
