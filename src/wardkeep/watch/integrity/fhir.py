# SPDX-License-Identifier: Apache-2.0
"""Versions from FHIR: DocumentReference, DiagnosticReport, Composition; lines, a Bundle or one resource.

The content is the whole resource without `meta` and `text`, which servers write anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from wardkeep.watch.integrity.version import Stage, Version, content_of, digest_of

#: Type -> kind, and the elements that say when.
_TYPES = {
    "DocumentReference": ("document", ("date", "indexed")),
    "DiagnosticReport": ("report", ("issued", "effectiveDateTime")),
    "Composition": ("document", ("date",)),
}
_STAGES = {
    "final": Stage.SIGNED, "current": Stage.SIGNED, "amended": Stage.CHANGED, "corrected": Stage.CHANGED,
    "appended": Stage.CHANGED, "superseded": Stage.CHANGED, "cancelled": Stage.WITHDRAWN,
    "entered-in-error": Stage.WITHDRAWN,
}  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def versions(data: bytes, *, system: str, drafts: bool = False) -> Iterator[Version | str]:
    """The signed records in a file; a text names a resource that is one and cannot be used. Raises ValueError: no JSON.

    drafts: those too that nobody has signed, for one of them may have been signed before.
    """
    for resource in _resources(data):
        kind, times = _TYPES.get(str(resource.get("resourceType")), (None, ()))
        if kind is None:
            continue
        said = resource.get("docStatus") or resource.get("status")
        stage = _STAGES.get(str(said), Stage.UNSIGNED)  # preliminary, registered: nobody has signed it yet
        if stage is Stage.UNSIGNED and not (drafts and resource.get("id")):
            continue
        name = f"{resource['resourceType']}/{resource.get('id')}"
        moment = next((m for t in times if (m := _moment(resource.get(t))) is not None), None)
        if stage is Stage.UNSIGNED:
            moment = moment or 0
        if not resource.get("id") or moment is None:
            yield f"{name}: no id, or no time with an offset in {' or '.join(times)}"
            continue
        content = content_of({k: v for k, v in resource.items() if k not in ("meta", "text")})
        people = resource.get("author") or resource.get("performer") or [{}]
        yield Version(
            system=system, record=name, kind=kind, patient=_last(resource.get("subject")), stage=stage, time_us=moment,
            by=_last(people[0] if isinstance(people, list) and people else None), digest=digest_of(system, name, content),
        )  # fmt: skip


def _resources(data: bytes) -> Iterator[dict[str, Any]]:
    data = data.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        whole = [msgspec.json.decode(data)]
    except msgspec.DecodeError:
        try:
            whole = [msgspec.json.decode(line) for line in data.splitlines() if line.strip()]
        except (msgspec.DecodeError, RecursionError) as problem:
            raise ValueError("neither one JSON value nor one a line") from problem
    for value in whole:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and one.get("resourceType") == "Bundle":
                yield from (e["resource"] for e in one.get("entry", ()) if isinstance(e.get("resource"), dict))
            elif isinstance(one, dict):
                yield one


def _moment(text: object) -> int | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return None if found.tzinfo is None else (found - _EPOCH) // timedelta(microseconds=1)


def _last(reference: object) -> str | None:
    """The id that a reference ends with."""
    said = reference.get("reference") if isinstance(reference, dict) else None
    return said.rpartition("/")[2] if isinstance(said, str) else None
