# SPDX-License-Identifier: Apache-2.0
"""What the audit logs of MySQL Enterprise and Percona Server say alike, in JSON and in XML."""

from __future__ import annotations

import re
from typing import NamedTuple

from wardkeep.watch.intake.database.statement import does

SYSTEM = "MySQL"
_USER = re.compile(r"([^\[\]]*)\[([^\[\]]*)\]\s*@\s*(\S*)\s*\[([^\[\]]*)\]", re.ASCII)
#: Names of records in XML and in old JSON, events in new JSON: what they are, where they are no statement.
OTHERWISE = {
    "connect": "login", "change user": "login", "change_user": "login", "quit": "logout", "disconnect": "logout",
}  # fmt: skip
#: Records that tell a statement; those of its begin and end, and of its tables, stand beside one of these.
STATEMENTS = frozenset({"query", "execute", "general", "bulk execute"})


class Who(NamedTuple):
    """Account and client."""

    account: str
    host: str


def who(user: str, host: str = "", ip: str = "", login: str = "") -> Who:
    """The account as it stands alone, or within `root[root] @ localhost [10.0.0.1]`."""
    match = _USER.fullmatch(user.strip())
    if match is None:
        return Who(login or user, ip or host)
    return Who(match[2] or match[1], match[4] or ip or match[3] or host)


def action(name: str, query: str) -> str:
    """The action of a record."""
    word = name.strip().lower()
    if word in OTHERWISE:
        return OTHERWISE[word]
    return does(query) if word in STATEMENTS and query else "other"
