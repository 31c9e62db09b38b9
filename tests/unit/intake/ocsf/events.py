# SPDX-License-Identifier: Apache-2.0
"""OCSF events of invented systems."""

from __future__ import annotations

import json
from typing import Any

NAMES = {1001: "File System Activity", 3001: "Account Change", 3002: "Authentication", 6003: "API Activity",
         6005: "Datastore Activity", 6006: "File Hosting Activity"}  # fmt: skip


def event(kind: int = 6003, activity: int = 2, **more: Any) -> dict[str, Any]:
    """An event of that class and activity; a value None leaves the field out."""
    said: dict[str, Any] = {
        "metadata": {"version": "1.4.0", "uid": "m-1", "product": {"name": "PORTAL", "vendor_name": "Demo"}},
        "class_uid": kind,
        "class_name": NAMES.get(kind, "Another Class"),
        "category_uid": kind // 1000,
        "activity_id": activity,
        "type_uid": kind * 100 + activity,
        "severity_id": 1,
        "time": 1_772_410_500_000,
        "status_id": 1,
        "actor": {"user": {"name": "u1007", "uid": "1007", "type": "User"}},
        "src_endpoint": {"ip": "10.1.2.3", "hostname": "WS-7"},
    } | more
    return {key: value for key, value in said.items() if value is not None}


def written(one: object, *, indent: int | None = None) -> bytes:
    return json.dumps(one, ensure_ascii=False, indent=indent).encode()
