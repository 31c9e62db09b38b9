# SPDX-License-Identifier: Apache-2.0
"""What a statement does, by its first word. What it reads or counts is not asked here: that needs a parser."""

from __future__ import annotations

import re

#: No access: it only arranges the session, or is nothing but a pulse.
OTHER = "other"
_LEAD = re.compile(
    r"(?:\s|--[^\n]*(?:\n|\Z)|#[^\n]*(?:\n|\Z)|/\*(?!!).*?\*/|[(;])*(?:/\*!\d*\s*)?([A-Za-z_]+)?", re.DOTALL
)
_FILE = re.compile(r"\binto\s+(?:out|dump)file\b", re.IGNORECASE)
_COPY = re.compile(r"\b(to|from)\s+(?:stdout|stdin|program\b|')", re.IGNORECASE)

WORDS = {
    **dict.fromkeys(("insert", "replace", "load", "upsert"), "create"),
    **dict.fromkeys(("update", "merge"), "update"),
    **dict.fromkeys(("delete", "truncate"), "delete"),
    **dict.fromkeys(("backup", "unload"), "export"),
    **dict.fromkeys(
        (
            "set", "use", "begin", "start", "commit", "rollback", "abort", "end", "savepoint", "release", "lock", "unlock",
            "deallocate", "discard", "reset", "listen", "unlisten", "notify", "flush", "kill", "close", "ping",
        ),
        OTHER,
    ),
}  # fmt: skip


def does(statement: str) -> str:
    """An action of the common shape, or `other`. What has no word of its own counts as `query`."""
    found = _LEAD.match(statement)
    word = (found[1] or "").lower() if found else ""
    if word == "copy":
        way = _COPY.search(statement)
        return "create" if way is not None and way[1].lower() == "from" else "export"
    if word in ("select", "with", "table") and _FILE.search(statement):
        return "export"
    return WORDS.get(word, "query")
