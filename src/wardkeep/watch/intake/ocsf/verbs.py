# SPDX-License-Identifier: Apache-2.0
"""What the name of an operation says that it does: `bulkExportPatients`, `Patient/Export`, `GET /Patient/$export`, 导出. Pure.

A verb counts as a word of its own, wherever it stands: `exportable`, `updatedAt` and `deleted_items` hold none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain

#: What is more than a read, though an activity calls it one.
SPECIAL = frozenset({"export", "print", "search"})
_METHODS = {
    "GET": "read", "HEAD": "read", "POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete",
}  # fmt: skip
_WORDS: dict[str, str] = {
    word: action
    for words, action in (
        ("export download bulkexport bulkdownload", "export"),
        ("print reprint", "print"),
        ("search find query", "search"),
        ("get list describe read view open select fetch show", "read"),
        ("post create add insert upload", "create"),
        ("put patch update modify set edit", "update"),
        ("delete remove destroy", "delete"),
    )
    for word in words.split()
}
#: Verbs at the begin alone: `ValueSet`, `BlogPost` and `OutPatch` are things.
_LEADING = frozenset({"post", "put", "patch", "set"})
#: Behind a verb they make it the name of a thing: `getExportStatus`, `printPreview`, `$export-poll-status`.
_THINGS = frozenset(
    {
        "status", "state", "progress", "poll", "history", "log", "logs", "setting", "settings", "config", "configuration",
        "template", "templates", "option", "options", "format", "formats", "permission", "permissions", "policy", "preview",
        "queue", "index",
    }
)  # fmt: skip
_JOBS = frozenset({"job", "jobs", "task", "tasks", "request", "requests"})
#: `startExportJob` exports; `cancelExport` and `canExport` do not.
_BEGINS = frozenset({"start", "run", "submit", "launch", "begin", "trigger", "initiate", "kick"})
_HINDERS = frozenset({"cancel", "stop", "abort", "can", "is", "has", "may", "check", "allow", "disable", "validate"})
_METHOD = re.compile(r"([A-Z]{3,6})(?:\s+(?=\S)|\Z)")
_HOST = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*")
_PARTS = re.compile(r"[/.:]+")
_NUMBER = re.compile(r"[0-9]+")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NO_DEED = r"(?!记录|状态|进度|模板|设置|日志|历史|权限|列表|任务)"
_CHINESE = tuple(
    (re.compile(words), action)
    for words, action in (
        (rf"(?:导出|下载){_NO_DEED}", "export"),
        (rf"打印{_NO_DEED}", "print"),
        (rf"(?:查询|检索|搜索){_NO_DEED}", "search"),
        ("删除", "delete"),
        ("修改|更新|编辑", "update"),
        ("新增|新建|创建|添加|录入", "create"),
        ("查看|浏览|读取|打开|调阅", "read"),
    )
)
_REMEMBERED, _LONG = 4_096, 1_000


def verb(said: str) -> str | None:
    """The action that a name says; None where it says none."""
    # Numbers say nothing, and without them most calls are the same few.
    return _remembered(_NUMBER.sub("0", said[:_LONG]))


def _verb(said: str) -> str | None:
    said = said.strip()
    method = _METHOD.match(said)
    if method is not None and (plain := _METHODS.get(method[1])) is not None:
        found = _named(said[method.end() :]) if plain in ("read", "create") else None
        return found if found in SPECIAL else plain
    return _named(said)


def _named(said: str) -> str | None:
    """By the last part of a name that holds a verb."""
    host = _HOST.match(said)
    path = said[host.end() if host else 0 :].partition("?")[0]
    behind = ""
    for part in reversed(_PARTS.split(path)):
        words = [word.lower() for word in _WORD.findall(part)]
        if (found := _part(words, behind)) is not None:
            return found
        behind = words[0] if words else ""
    if said.isascii():
        return None
    return next((action for pattern, action in _CHINESE if pattern.search(said)), None)


def _part(words: list[str], behind: str) -> str | None:
    """What the words of one part say; `behind` is the first word of the next."""
    first: str | None = None
    begins = hindered = False
    for at, (word, after) in enumerate(zip(words, chain(words[1:], (behind,)), strict=False)):
        begins = begins or word in _BEGINS
        hindered = hindered or word in _HINDERS
        found = _WORDS.get(word)
        if found is None or (at and word in _LEADING):
            continue
        if found not in SPECIAL:
            first = first or found
        elif not (
            hindered or after in _THINGS or first in ("update", "delete") or (found == "search" and first == "create")
            or (after in _JOBS and not begins and first != "create")
        ):  # fmt: skip
            return found
    return first


_remembered = lru_cache(maxsize=_REMEMBERED)(_verb)
