# SPDX-License-Identifier: Apache-2.0
"""What was done, by the activity of an event; where that says little, by its names, its operation and its statement."""

from __future__ import annotations

import re
from typing import Any

from wardkeep.watch.intake.database.acts import RANK
from wardkeep.watch.intake.database.statement import does
from wardkeep.watch.intake.ocsf import classes
from wardkeep.watch.intake.ocsf.values import bare, fields, first, number, text
from wardkeep.watch.intake.ocsf.verbs import SPECIAL, verb

#: Words of a sign-in and of its end; one that holds both is an end (`Logoff of a logon session`).
_SIGN_OUT = re.compile(r"(?<![a-z])(?:log|sign)[ _-]?(?:off|out)(?![a-z])|登出|注销|退出|签退", re.IGNORECASE)
_SIGN_IN = re.compile(
    r"(?<![a-z])(?:log|sign)[ _-]?(?:on|in)s?(?![a-z])|pre-?auth|authenticat(?:e|ed|ion)(?![a-z])|登录|登陆|登入|签到|认证",
    re.IGNORECASE,
)
#: Where a statement stands beside the schema, and how many rows it gave.
_STATEMENTS = frozenset({"sql", "sqltext", "statement", "query", "querystring", "sql语句", "语句"})
_ROWS = frozenset(
    {
        "queryresultcount", "resultcount", "rows", "rowcount", "rowsreturned", "returnedrows", "rowssent", "rowsaffected",
        "affectedrows", "返回行数", "影响行数", "记录数",
    }
)  # fmt: skip
_MOST_ROWS = 10**18
_READS = ("read", "search")


def activity_of(event: dict[str, Any]) -> int | None:
    """The activity, also where only the type says it."""
    activity = number(event.get("activity_id"))
    if activity is None and (full := number(event.get("type_uid"))) is not None:
        activity = full % 100
    return activity


def names(event: dict[str, Any]) -> list[str]:
    """What the source calls the activity, without the name of its class: `Authentication: Failed Logon`."""
    called = text(event.get("activity_name")), (text(event.get("type_name")) or "").partition(":")[2].strip()
    return [one for one in called if one]


def action(event: dict[str, Any], kind: int, asked: str | None) -> str:
    """What was done, `asked` being the statement; `other` for what is no access."""
    if kind not in classes.ACTIVITIES:
        return classes.OTHER
    activity = activity_of(event)
    found = classes.ACTIVITIES[kind].get(activity) if activity is not None else None
    if kind == classes.AUTHENTICATION:
        return found or _signs(names(event)) or classes.OTHER
    if kind == classes.API:
        return _called(event, found)
    if kind == classes.DATASTORE and asked is not None:
        return _asked(asked, found)
    if found is None:
        found = next((said for name in names(event) if (said := verb(name)) is not None), None)
        if kind == classes.ACCOUNT_CHANGE and found not in ("create", "delete"):
            found = None
    return found or classes.UNNAMED[kind]


def _signs(called: list[str]) -> str | None:
    for name in called:
        if _SIGN_OUT.search(name):
            return "logout"
        if _SIGN_IN.search(name):
            return "login"
    return None


def _called(event: dict[str, Any], found: str | None) -> str:
    """Of an API call: an export, print or search by any of its names counts though it is called a read or a create."""
    if found is not None and found not in ("read", "create"):
        return found
    request = fields(event.get("http_request"))
    url = fields(request.get("url"))
    operation, path = text(fields(event.get("api")).get("operation")), first(url.get("path"), url.get("url_string"))
    called = [operation, *names(event)]
    said = [verb(name) for name in called if name is not None]
    special = next((one for one in (*said, verb(path) if path else None) if one in SPECIAL), found)
    if special is not None:
        return special
    method = text(request.get("http_method"))
    plain = next((one for one in said if one is not None), None) or (verb(method.upper()) if method else None)
    return plain or classes.UNNAMED[classes.API]


def statement(event: dict[str, Any], kind: int, beside: dict[str, Any]) -> str | None:
    """The statement, where there is one; of a datastore also beside the schema."""
    found = text(fields(event.get("query_info")).get("query_string"))
    if found is None and kind == classes.DATASTORE:
        found = first(event.get("query"), fields(event.get("database")).get("query"), _named(beside, _STATEMENTS))
    return found


def _asked(asked: str, found: str | None) -> str:
    """Of a statement: what it does, where the activity says no more than that there is one; else the graver of both."""
    did = does(asked)
    if found is None or found == "query":
        return did
    if found in RANK:
        return max(found, did, key=RANK.index)
    return did if found in _READS and RANK.index(did) > RANK.index("query") else found


def amount(event: dict[str, Any], kind: int, beside: dict[str, Any]) -> int:
    """How many records it gave or changed, as far as the source says so; `count` says how many events this one stands for."""
    said: list[object] = [event.get("query_result_count")]
    if kind in (classes.DATASTORE, classes.API):
        said += [_named(fields(event.get("query_info")), _ROWS), _named(beside, _ROWS)]
    known = next((count for one in said if (count := number(one)) is not None), None)
    return known if known is not None and 0 <= known < _MOST_ROWS else 1


def _named(said: dict[str, Any], called: frozenset[str]) -> object:
    return next((value for key, value in said.items() if bare(key) in called and value is not None), None)
