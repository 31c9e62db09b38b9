# SPDX-License-Identifier: Apache-2.0
"""Strings in a statement that are statements themselves, where something in it runs strings. Pure."""

from __future__ import annotations

import re

#: So many of one text at most.
MOST = 200
RUNS = re.compile(
    r"\bexec\b|\bexecute\b|exec_ddl|\bprepare\b|openquery|openrowset|dblink|dbms_sql|sp_executesql|crosstab|execdirect|%prepare|"
    r"query_to_xml|queryout|sqlcmd|\bpsql\b|\bmysql\b|\bopen\b|\bdo\b|\bsqlplus\b|\bisql\b|\bbcp\b",
    re.IGNORECASE,
)
_STRING = re.compile(r"[nN]?'((?:[^']|'')*)'")
_DOUBLE = re.compile(r"\"((?:[^\"]|\"\"){12,})\"")
_IS_CODE = re.compile(
    r"\A[\s;(]*(?:select|with|insert|merge|create|exec|execute|call|begin|declare|copy|update|delete|truncate|replace|set|use|"
    r"if|while|commit|table|drop|alter|rename|flashback)\b",
    re.IGNORECASE,
)


def code(text: str) -> list[str]:
    """Strings that are statements, of a text in which they are put together already."""
    if not RUNS.search(text):
        return []
    found = [m[1].replace("''", "'") for m in _STRING.finditer(text)]
    found += [m[1].replace('""', '"') for m in _DOUBLE.finditer(text)]
    return [one for one in found if _IS_CODE.match(one)][:MOST]
