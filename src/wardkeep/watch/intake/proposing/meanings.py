# SPDX-License-Identifier: Apache-2.0
"""What the columns of a text become: by their names (meanings.toml) and by what stands in them. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from importlib.resources import files

from wardkeep.watch.intake.endings import refused
from wardkeep.watch.intake.lasting import milliseconds
from wardkeep.watch.intake.proposing.moments import looks_like_clock, looks_like_time, says_no_clock
from wardkeep.watch.intake.proposing.proposal import Because, Marks, Proposed

_RAW = tomllib.loads(files("wardkeep.watch.intake.proposing").joinpath("meanings.toml").read_text(encoding="utf-8"))
NAMES: dict[str, list[str]] = _RAW["names"]
WORDS: dict[str, dict[str, list[str]]] = {"action": _RAW["action"], "outcome": _RAW["outcome"]}
_KNOWN = frozenset(word for words in NAMES.values() for word in words)
#: Columns of outcomes whose names turn true and false round; those that hold codes.
TURNED, CODED = frozenset(_RAW["columns"]["turned"]), frozenset(_RAW["columns"]["coded"])
_TRUE, _FALSE = frozenset({"true", "1", "y", "yes", "是", "真"}), frozenset({"false", "0", "n", "no", "否", "假"})
_TIMES = ("时间", "时刻", "time", "clock")
#: So many values at least show that none comes twice.
ENOUGH = 3
_IP = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:]+", re.IGNORECASE)
_SQL = re.compile(r"\s*(?:select|insert|update|delete|exec|call|with|begin)\b", re.IGNORECASE)
_HOST = re.compile(r"(?=.*[A-Za-z])(?=.*\d)[A-Za-z][\w-]*-[\w-]+")
#: A column of more different words than this holds no actions.
MOST_WORDS = 40


def plain(name: str) -> str:
    return re.sub(r"[\s_\-./()（）:：*]+", "", name).lower()


def names_in(row: Sequence[str]) -> int:
    """How many cells of a row are names of columns."""
    return sum(plain(cell) in _KNOWN for cell in row)


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
                found[target] = [at], _id(marks, at) if target == "event_id" else _named(target, marks.names[at], sure)
    at = next((n for n, name in enumerate(names) if n not in taken and name in TURNED | CODED), None)
    if "outcome" not in found and at is not None and _known("outcome", marks.values(at), names[at]) > 0.9:
        taken.add(at)
        found["outcome"] = [at], _named("outcome", marks.names[at], sure=True)
    if "time" not in found and "date" in found and "clock" not in found:
        at = _clock(marks, names, found["date"][0][0], taken)
        if at is not None:
            taken.add(at)
            found["clock"] = [at], _named("time", marks.names[at], sure=False)
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


def _clock(marks: Marks, names: list[str], days: int, taken: set[int]) -> int | None:
    """The column of the times of day that belong to a column of days: what is called a time before what is not."""
    if not says_no_clock(marks.values(days)):
        return None
    free = [n for n in range(len(marks.names)) if n not in taken]
    called = [n for n in free if any(word in names[n] for word in _TIMES)]
    at = next((n for n in called if looks_like_clock(marks.values(n), named=True)), None)
    return at if at is not None else next((n for n in free if looks_like_clock(marks.values(n))), None)


def _is(name: str, word: str, sure: bool) -> bool:
    return name == word if sure else len(word) > 2 and word in name


def _bears(target: str, values: list[str]) -> bool:
    """Whether what stands in a column can be what its name says."""
    if not values:
        return target not in ("time", "date", "action")
    if target == "event_id":
        # Windows calls the kind of an event its id: what comes twice names no event, nor does the number of a row.
        return ENOUGH <= len(values) == len(set(values)) and not _row_numbers(values)
    if target in ("time", "end_time", "date"):
        return looks_like_time(values, part=target == "date")
    if target == "duration_s":
        return all(milliseconds(v) is not None for v in values)
    if target == "count":
        return all(re.fullmatch(r"-?\d+(\.\d+)?", v) for v in values)
    return not (target in WORDS and len(set(values)) > MOST_WORDS)


def _row_numbers(values: list[str]) -> bool:
    """Whether they count the rows of the file."""
    if not all(one.isascii() and one.isdigit() and len(one) < 10 for one in values):
        return False
    return [int(one) for one in values] in (list(range(len(values))), list(range(1, len(values) + 1)))


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


def _id(marks: Marks, at: int) -> Proposed:
    """A number may be one of a machine, a queue or an export, which no sample shows; what is no number hardly is."""
    if not any(value.isdigit() for value in marks.values(at)):
        return _named("event_id", marks.names[at], sure=True)
    return Proposed(
        key="columns.event_id", value=marks.names[at], confidence=0.5, because=Because(
            "前面的行里没有重复的编号：请确认其他机器或其他导出里也不会有相同的编号",
            "no number comes twice in these rows: please check that no other machine or export counts the same"),
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


def _known(target: str, values: list[str], column: str = "") -> float:
    if not values or len(set(values)) > MOST_WORDS:
        return 0.0
    return sum(meaning(target, value, column) is not None for value in values) / len(values)


def meaning(target: str, value: str, column: str = "") -> str | None:
    """What a source's word for an action or outcome means in a column of that name, None where no list knows it."""
    word = plain(value)
    if target == "outcome":
        name = plain(column)
        if name in TURNED and word in _TRUE | _FALSE:
            return "failure" if word in _TRUE else "success"
        if name in CODED and re.fullmatch(r"-?\d+", value.strip()):
            return "success" if int(value) == 0 else "failure"
    for sure in (True, False):
        # 未成功 holds 成功.
        if not sure and target == "outcome" and (refusal := refused(value)):
            return refusal
        for code, words in WORDS[target].items():
            if any(
                _is(word, known, sure) if known.isascii() else (word == known if sure else known in word)
                for known in words
            ):
                return code
    return None
