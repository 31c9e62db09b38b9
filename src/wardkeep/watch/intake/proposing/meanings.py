# SPDX-License-Identifier: Apache-2.0
"""What the columns of a text become: by their names (meanings.toml) and by what stands in them. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from importlib.resources import files

from wardkeep.watch.intake.lasting import milliseconds
from wardkeep.watch.intake.proposing.moments import looks_like_time
from wardkeep.watch.intake.proposing.proposal import Because, Marks, Proposed

_RAW = tomllib.loads(files("wardkeep.watch.intake.proposing").joinpath("meanings.toml").read_text(encoding="utf-8"))
NAMES: dict[str, list[str]] = _RAW["names"]
WORDS: dict[str, dict[str, list[str]]] = {"action": _RAW["action"], "outcome": _RAW["outcome"]}
_IP = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:]+", re.IGNORECASE)
_SQL = re.compile(r"\s*(?:select|insert|update|delete|exec|call|with|begin)\b", re.IGNORECASE)
_HOST = re.compile(r"(?=.*[A-Za-z])(?=.*\d)[A-Za-z][\w-]*-[\w-]+")
#: A column of more different words than this holds no actions.
MOST_WORDS = 40


def plain(name: str) -> str:
    return re.sub(r"[\s_\-./()（）:：*]+", "", name).lower()


def columns(marks: Marks) -> dict[str, tuple[list[int], Proposed]]:
    """Target -> its columns (counted from 0), with the reason. `date` and `clock` are joined into `time`."""
    found: dict[str, tuple[list[int], Proposed]] = {}
    taken: set[int] = set()
    names = [plain(name) for name in marks.names] if marks.header else []
    for sure in (True, False):
        for target, words in NAMES.items():
            if target in found:
                continue
            at = next(
                (n for word in words for n, name in enumerate(names) if n not in taken and _is(name, word, sure)), None
            )
            if at is not None and _bears(target, marks.values(at)):
                taken.add(at)
                found[target] = [at], _named(target, marks.names[at], sure)
    _by_values(marks, found, taken)
    if "time" not in found and "date" in found and "clock" in found:
        both = [found["date"][0][0], found["clock"][0][0]]
        found["time"] = both, Proposed(
            key="columns.time", value=" + ".join(marks.names[n] for n in both), confidence=0.85,
            because=Because("日期和时刻分在两列", "day and time of day stand in two columns"),
        )  # fmt: skip
    elif "time" not in found and "date" in found and looks_like_time(marks.values(found["date"][0][0])):
        days, _ = found["date"]
        found["time"] = days, _named("time", marks.names[days[0]], sure=False)
    return {target: what for target, what in found.items() if target not in ("date", "clock")}


def _is(name: str, word: str, sure: bool) -> bool:
    return name == word if sure else len(word) > 2 and word in name


def _bears(target: str, values: list[str]) -> bool:
    """Whether what stands in a column can be what its name says."""
    if not values:
        return target not in ("time", "date", "action")
    if target == "event_id":
        # Windows calls the kind of an event its id: what comes twice names no event.
        return len(set(values)) == len(values)
    if target in ("time", "end_time", "date"):
        return looks_like_time(values, part=target == "date")
    if target == "duration_s":
        return all(milliseconds(v) is not None for v in values)
    if target == "count":
        return all(re.fullmatch(r"-?\d+(\.\d+)?", v) for v in values)
    return not (target in WORDS and len(set(values)) > MOST_WORDS)


def _named(target: str, name: str, sure: bool) -> Proposed:
    how = (
        ("列名是“{}”", "the column is called “{}”")
        if sure
        else ("列名里有相近的词：“{}”", "the name “{}” holds such a word")
    )
    return Proposed(
        key=f"columns.{target}", value=name, confidence=0.95 if sure else 0.65,
        because=Because(how[0].format(name), how[1].format(name)),
    )  # fmt: skip


def _by_values(marks: Marks, found: dict[str, tuple[list[int], Proposed]], taken: set[int]) -> None:
    tests: tuple[tuple[str, Callable[[list[str]], bool], str, str], ...] = (
        ("time", looks_like_time, "其中都是时间", "it holds times"),
        (
            "query",
            lambda v: sum(bool(_SQL.match(x)) for x in v) > len(v) / 2,
            "其中是 SQL 语句",
            "it holds SQL statements",
        ),
        ("ip", lambda v: all(_IP.fullmatch(x) for x in v), "其中都是 IP 地址", "it holds IP addresses"),
        ("action", lambda v: _known("action", v) > 0.6, "其中多是操作的词", "most of it are words of actions"),
        ("outcome", lambda v: _known("outcome", v) > 0.9, "其中多是结果的词", "most of it are words of outcomes"),
        (
            "workstation",
            lambda v: all(_HOST.fullmatch(x) for x in v),
            "其中像主机名",
            "it looks like names of machines",
        ),
    )
    for target, holds, zh, en in tests:
        if target in found or (target == "time" and {"date", "clock"} <= set(found)):
            continue
        for at in range(len(marks.names)):
            values = marks.values(at)
            if at not in taken and values and holds(values):
                taken.add(at)
                found[target] = (
                    [at],
                    Proposed(
                        key=f"columns.{target}", value=str(marks.place(at)), confidence=0.6, because=Because(zh, en)
                    ),
                )
                break


def _known(target: str, values: list[str]) -> float:
    if len(set(values)) > MOST_WORDS:
        return 0.0
    return sum(meaning(target, value) is not None for value in values) / len(values)


def meaning(target: str, value: str) -> str | None:
    """What a source's word for an action or outcome means, None where no list knows it."""
    word = plain(value)
    for sure in (True, False):
        for code, words in WORDS[target].items():
            if any(
                _is(word, known, sure) if known.isascii() else (word == known if sure else known in word)
                for known in words
            ):
                return code
    return None
