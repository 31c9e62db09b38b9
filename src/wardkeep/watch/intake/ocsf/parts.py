# SPDX-License-Identifier: Apache-2.0
"""What the parts of an OCSF event mean: who, from where, what was touched, what became of it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from wardkeep.watch.intake import fhir_terms
from wardkeep.watch.intake.fhir_parts import bare_patient
from wardkeep.watch.intake.fhir_query import patients_in as patients_of_query
from wardkeep.watch.intake.fhir_query import searched_type
from wardkeep.watch.intake.ocsf import classes
from wardkeep.watch.intake.ocsf.values import (
    REFERENCE,
    bare,
    decoded,
    fields,
    first,
    items,
    patients_in,
    patients_of_address,
    text,
)

_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+(?:%\w+)?", re.ASCII)
_TRUE = frozenset({"true", "1", "yes", "y"})
_GLASS = frozenset({"breakglass", "breaktheglass", "brokenglass", "emergencyaccess", "emergencyoverride"})
_PURPOSES = frozenset(
    {"treatment", "payment", "operations", "research", "public_health", "sharing", "patient_request", "legal"}
)


class Who(NamedTuple):
    """Who did it, from where."""

    account: str | None
    actors: list[dict[str, object]]
    workstation: str | None
    ip: str | None
    client: str | None
    server: str | None
    session: str | None


class Things(NamedTuple):
    """What was touched."""

    patients: tuple[str, ...]
    #: As the source writes them, where that is another thing.
    written: list[str] | None
    resource: str | None
    objects: list[dict[str, object]]
    query: str | None


def who(event: dict[str, Any], kind: int) -> Who:
    """The account: of an authentication the user who is to be told, else the actor."""
    actor = fields(event.get("actor"))
    acting, subject = fields(actor.get("user")), fields(event.get("user"))
    if kind == classes.AUTHENTICATION and subject:
        user = subject
        same = text(acting.get("uid")) is not None and acting.get("uid") == subject.get("uid")
        if text(subject.get("name")) is None and same:
            user = acting | subject | {"name": acting.get("name")}
        others = [] if same or not acting or acting == subject else [acting]
    else:
        user = acting or (subject if kind not in (classes.ACCOUNT_CHANGE,) else {})
        others = []
    process = first(fields(actor.get("process")).get("name"), actor.get("app_name"), actor.get("invoked_by"))
    account = first(user.get("name"), user.get("email_addr"), user.get("uid"), user.get("full_name"))
    actors = [shown for one, asked in [(user, True), *((o, False) for o in others)] if (shown := _actor(one, asked))]
    if process is not None:
        actors.append({"id": process, "role": "process"} | ({} if account else {"requestor": True}))
    source, device, target = (fields(event.get(name)) for name in ("src_endpoint", "device", "dst_endpoint"))
    local = kind == classes.FILE or not source
    workstation = _machine(source) or (_machine(device) if local else None)
    ip = _ip(source) or (_ip(device) if local else None)
    return Who(
        account, actors, workstation, ip, workstation or ip or first(source.get("ip"), source.get("svc_name")),
        first(target.get("hostname"), target.get("name"), target.get("svc_name"), target.get("ip")),
        first(fields(actor.get("session")).get("uid"), fields(event.get("session")).get("uid")),
    )  # fmt: skip


def _actor(user: dict[str, Any], asked: bool) -> dict[str, object]:
    said: dict[str, object] = {
        "alt": first(user.get("uid_alt"), user.get("email_addr")),
        "id": text(user.get("uid")),
        "name": first(user.get("name"), user.get("full_name")),
        "role": text(user.get("type")),
    }
    found = {key: value for key, value in said.items() if value is not None}
    return found | {"requestor": True} if found and asked else found


def _machine(endpoint: dict[str, Any]) -> str | None:
    return first(endpoint.get("hostname"), endpoint.get("name"), endpoint.get("domain"))


def _ip(endpoint: dict[str, Any]) -> str | None:
    found = text(endpoint.get("ip"))
    return found if found is not None and _ADDRESS.fullmatch(found) else None


def things(event: dict[str, Any], kind: int, asked: str | None, beside: dict[str, Any]) -> Things:
    """Patients of resources, of what is not mapped, and of the address that was called; and every other thing."""
    written: list[str] = []
    objects: list[dict[str, object]] = []
    resource: str | None = None
    for raw in items(event.get("resources")) + items(event.get("resource")):
        one = fields(raw)
        shown, patient = _resource(one)
        if patient is not None:
            written.append(patient)
        elif resource is None:
            resource = first(one.get("type"), one.get("name"))
        written += patients_in(decoded(one.get("data")))
        if shown:
            objects.append(shown)
    named = _named(event, kind)
    objects += named
    if named and resource is None:
        resource = "Account" if kind == classes.ACCOUNT_CHANGE else text(named[0]["type"])
        if kind == classes.DATASTORE:
            resource = first(named[0].get("name"), named[0].get("id"), named[0]["type"])
    written += patients_in(beside)
    for enrichment in items(event.get("enrichments")):
        one = fields(enrichment)
        written += patients_in({str(one.get("name")): one.get("value")})
    query, called = (asked, []) if asked is not None else _query(event)
    for address in called:
        written += patients_of_query(address) or patients_of_address(address)
        resource = resource or searched_type(address)
    kept: dict[str, str] = {}
    for patient in written:
        kept.setdefault(bare_patient(patient), patient)
    patients, shown_as = tuple(kept), list(kept.values())
    return Things(
        patients, None if shown_as == list(patients) else shown_as, resource or ("Patient" if patients else None),
        objects, query,
    )  # fmt: skip


def _resource(one: dict[str, Any]) -> tuple[dict[str, object], str | None]:
    """A resource as it is kept, and the patient that it is."""
    known, name, sort = text(one.get("uid")), text(one.get("name")), text(one.get("type"))
    shown: dict[str, object] = {}
    for key, value in (("id", known or name), ("name", name if known else None), ("type", sort)):
        if value is not None:
            shown[key] = value
    if sort is not None and bare(sort) in classes.PATIENT_TYPES:
        return shown, known or name
    path = next((value for value in (known, name) if value is not None and REFERENCE.search(value)), None)
    return shown, path


def _named(event: dict[str, Any], kind: int) -> list[dict[str, object]]:
    """The things that a class has fields of its own for."""
    if kind == classes.ACCOUNT_CHANGE:
        found = [("User", fields(event.get("user")))]
    elif kind in (classes.FILE, classes.HOSTING):
        found = [("File", fields(event.get("file"))), ("File", fields(event.get("file_result")))]
    elif kind == classes.DATASTORE:
        found = [(name.capitalize(), fields(event.get(name))) for name in ("table", "databucket", "database")]
    else:
        found = []
    out: list[dict[str, object]] = []
    for sort, one in found:
        known = first(one.get("path"), one.get("uid"), one.get("email_addr"), one.get("name"))
        name = first(one.get("name"))
        if known is not None:
            shown: dict[str, object] = {"id": known, "type": sort}
            out.append(shown | {"name": name} if name and name != known else shown)
    return out


def _query(event: dict[str, Any]) -> tuple[str | None, list[str]]:
    """The search, where there is one; and the address or operation in which patients may stand."""
    url = fields(fields(event.get("http_request")).get("url"))
    address, search = first(url.get("url_string"), url.get("path")), text(url.get("query_string"))
    if address is not None and search is not None and "?" not in address:
        address = f"{address}?{search}"
    called = [one for one in (address, text(fields(event.get("api")).get("operation"))) if one is not None]
    return next((one for one in called[:1] if "?" in one.rstrip("?")), None), called


def purpose(beside: dict[str, Any]) -> tuple[str | None, bool]:
    """Why, and whether the glass was broken, where the source says so beside the schema."""
    why, broken = None, False
    for key, value in beside.items():
        name = bare(key)
        if name in ("purpose", "purposeofuse") and (said := text(value)) is not None:
            broken = broken or said == fhir_terms.BREAKGLASS
            why = fhir_terms.PURPOSES.get(said) or (said.lower() if said.lower() in _PURPOSES else why)
        elif name in _GLASS:
            broken = broken or value is True or (text(value) or "").lower() in _TRUE
    return why, broken
