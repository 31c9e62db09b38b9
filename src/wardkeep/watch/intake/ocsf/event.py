# SPDX-License-Identifier: Apache-2.0
"""One OCSF event to a row."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from wardkeep.watch.intake.fhir_parts import ACCESS, OTHER
from wardkeep.watch.intake.ocsf import classes, parts
from wardkeep.watch.intake.ocsf.doing import action as done
from wardkeep.watch.intake.ocsf.doing import amount, statement
from wardkeep.watch.intake.ocsf.ended import outcome
from wardkeep.watch.intake.ocsf.values import BadEvent, fields, first, moment, number, text, unmapped
from wardkeep.watch.intake.row import RESERVED, Row, reserved, to_json
from wardkeep.watch.intake.rowmaker import NO_ACTION
from wardkeep.watch.intake.times import BadTime, Moment, Zone

#: Characters of a description, and of what is not mapped as JSON, that are kept.
TEXT = 4_096
_encode = msgspec.json.Encoder(order="sorted").encode


def row(event: object, raw: bytes, position: str, zone: Zone) -> Row:
    """The row of a decoded record. Raises BadEvent, BadTime."""
    if not isinstance(event, dict):
        raise BadEvent("not-ocsf: JSON that is no object")
    kind = class_of(event)
    if kind is None:
        raise BadEvent("not-ocsf: an object without class_uid and type_uid")
    when, quality = _when(event, zone)
    beside = unmapped(event)
    asked = statement(event, kind, beside)
    action = done(event, kind, asked)
    by, what = parts.who(event, kind), parts.things(event, kind, asked, beside)
    why, broken = parts.purpose(beside)
    metadata = fields(event.get("metadata"))
    product = fields(metadata.get("product"))
    system = first(product.get("name"), product.get("vendor_name"))
    if reserved(system or "ocsf"):
        raise BadEvent(RESERVED)
    access = action != classes.OTHER
    return Row(
        text(metadata.get("uid")), when, quality, by.account, what.patients, action if access else NO_ACTION, what.resource,
        amount(event, kind, beside), why, broken, outcome(event, action), system or "ocsf", by.workstation, by.ip, None,
        by.session, what.query, _duration(event, zone), ACCESS if access else OTHER, "ocsf", position,
        hashlib.sha256(raw).digest(), _extra(event, kind, by, what, beside, system),
    )  # fmt: skip


def class_of(event: dict[str, Any]) -> int | None:
    """The class, also where only the type says it."""
    known = number(event.get("class_uid"))
    if known is None and (full := number(event.get("type_uid"))) is not None:
        known = full // 100
    return known


def _when(event: dict[str, Any], zone: Zone) -> Moment:
    for name in ("time", "time_dt", "start_time", "start_time_dt"):
        if event.get(name) is not None:
            return moment(event[name], zone)
    raise BadTime("the event has no time")


def _duration(event: dict[str, Any], zone: Zone) -> int | None:
    """Milliseconds, as the schema has them, or from begin to end."""
    written = event.get("duration")
    if isinstance(written, int | float) and not isinstance(written, bool) and 0 <= written < 1e12:
        return int(written)
    try:
        lasted = moment(event.get("end_time"), zone)[0] - moment(event.get("start_time"), zone)[0]
    except BadTime:
        return None
    return lasted // 1000 if lasted >= 0 else None


def _extra(
    event: dict[str, Any], kind: int, by: parts.Who, what: parts.Things, beside: dict[str, Any], system: str | None
) -> str | None:
    api, activity = fields(event.get("api")), first(event.get("activity_name"), event.get("type_name"))
    name = text(event.get("class_name"))
    count = number(event.get("count"))
    said: dict[str, object] = {
        "activity": activity,
        "actors": by.actors,
        "class": name,
        "class_uid": kind,
        "client": by.client,
        "description": (text(event.get("message")) or ": ".join(filter(None, (name, activity))))[:TEXT],
        "objects": what.objects,
        "occurrences": count if count is not None and 1 < count < 2**53 else None,
        "operation": text(api.get("operation")),
        "outcome_text": first(event.get("status_detail"), event.get("status_code")),
        "patients": what.written,
        "port": number(fields(event.get("dst_endpoint")).get("port")),
        "program": first(
            fields(event.get("process")).get("name"), fields(fields(event.get("actor")).get("process")).get("name")
        ),
        "protocol": first(
            event.get("app_name"), fields(event.get("connection_info")).get("protocol_name"), event.get("auth_protocol")
        ),
        "request_id": first(fields(api.get("request")).get("uid"), fields(event.get("http_request")).get("uid")),
        "server": by.server or text(fields(api.get("service")).get("name")),
        "source_system": system,
        "subtype": _subtype(event, kind),
        "version": text(fields(event.get("metadata")).get("version")),
    }
    if beside and len(written := _encode(beside)) <= TEXT:
        said["unmapped"] = msgspec.Raw(written)
    return to_json({key: value for key, value in said.items() if value not in (None, "", [])})


def _subtype(event: dict[str, Any], kind: int) -> str:
    full, activity = number(event.get("type_uid")), number(event.get("activity_id"))
    return str(full if full is not None else kind * 100 + (activity or 0))
