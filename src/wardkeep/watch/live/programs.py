# SPDX-License-Identifier: Apache-2.0
"""Which program of a list an event names: of a path its last part, as makers call their downloads, and what a shell starts.

A program that is only spoken of (`taskkill /im anydesk.exe`, a file called `anydesk.txt`) is not one that runs. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

#: What is looked at of one text: a command line has no more.
MOST = 32_768
#: What is remembered, by its length.
SHORT = 300
#: Characters of a program's name.
LONGEST = 200
#: Commands in a command, as in `cmd /c "powershell -c 'start x'"`.
DEEP = 3
#: Start what stands behind them.
_STARTERS = frozenset({
    "cmd", "powershell", "pwsh", "start", "start-process", "saps", "call", "conhost", "explorer", "runas", "psexec",
    "psexec64", "msiexec", "sudo", "nohup", "setsid", "exec", "env", "nice", "sh", "bash", "wine",
})  # fmt: skip
#: Options of theirs that have a word of their own, which is no program.
_VALUED = frozenset({
    "-w", "-windowstyle", "-ep", "-executionpolicy", "-version", "-u", "-user", "-p", "-n", "-g",
})  # fmt: skip
_WORDS = re.compile(r"\"([^\"]*)\"|'([^']*)'|([^\s\"'&|;]+)|([&|;]+)").finditer
_OPTION = re.compile(r"-\S*|/[a-z]{1,12}(?::\S*)?|\S+=\S*").fullmatch
_RUNS = re.compile(r"\.(?:exe|msi)(?![\w.])")
_BEGINS_A_PATH = re.compile(r"[a-z]:[\\/]|\\\\|[/%~]").match
#: In front of the name that is looked for stands more than one path.
_SECOND = re.compile(r"\s(?:[a-z]:[\\/]|[-/]\w|\\\\)").search
#: What makers and browsers write behind a program's name, one after the other.
_BEHIND = re.compile(
    r"(?:[\s_.-]*[(（\[]\d+[)）\]]"
    r"|[\s_.-]+v?\d+(?:[._]\d+)*"
    r"|[\s_.-]+(?:x64|x86|x86_64|amd64|arm64|aarch64|win|win32|win64|windows|64bit|32bit|32|64|setup|installer|install|portable|"
    r"host|client|service|custom|cm|full|free|latest|release|stable|copy|qs|qj|windowsclient|clientservice|clientsetup|副本)"
    r"|(?:qs|setup|installer|安装包|安装程序|绿色版|便携版))\Z"
).search


def program_of(value: str) -> str:
    """The name of a program: of a path its last part, in small letters without `.exe`."""
    word = value.strip().strip("\"'").lower()
    runs = _RUNS.search(word)
    word = word[: runs.start()] if runs is not None else word
    return word.replace("\\", "/").rpartition("/")[2].strip()


def listed(value: str, tools: Collection[str], *, command: bool = False) -> str:
    """The listed program that a text names as one that runs; empty where it names none."""
    if len(value) <= SHORT:
        return _of_short(value, frozenset(tools), command)
    return _of_any(value[:MOST], tools, command)


def _of_any(value: str, tools: Collection[str], command: bool) -> str:
    """The same of a text of any length that is looked at."""
    text = value.strip().lower()
    if not any(tool in text for tool in tools):
        return ""
    return next((found for name in _names(text, DEEP, command=command) if (found := _listed(name, tools))), "")


#: The same few programs start again and again.
_of_short = lru_cache(10_000)(_of_any)


def _listed(name: str, tools: Collection[str]) -> str:
    """The listed name, without what stands behind it."""
    while name and name not in tools:
        if len(name) > LONGEST:
            return ""
        behind = _BEHIND(name)
        if behind is None:
            return ""
        name = name[: behind.start()]
    return name


def _names(text: str, deep: int, *, command: bool) -> Iterator[str]:
    """What may be the program that runs."""
    if one := _path(text):
        yield program_of(one)
    yield from _started(text, deep, command=command)


def _path(text: str) -> str:
    """The text as one path or name, up to its `.exe`; empty where it is more than that."""
    bare = text.strip("\"'")
    runs = _RUNS.search(bare)
    path = bare[: runs.end()] if runs is not None else bare
    if _SECOND(path) or '"' in path:
        return ""
    return path if _BEGINS_A_PATH(path) or not re.search(r"[\\/]", path.partition(" ")[2]) else ""


def _started(text: str, deep: int, *, command: bool) -> Iterator[str]:
    """The first word of each command in a command line, and what it starts where that is all that it does."""
    begins, skips, starts = True, False, False
    for found in _WORDS(text):
        quoted = found[1] if found[1] is not None else found[2]
        if found[4] is not None:  # `&&`, `|`, `;`: another command
            begins, skips, starts, command = True, False, False, True
            continue
        word = quoted if quoted is not None else found[3]
        if not begins:
            continue
        if skips or not word or (starts and (_OPTION(word) or word.startswith("\\\\"))):
            skips = not skips and word in _VALUED
            continue
        if starts and quoted is not None and " " in word and deep:
            yield from _names(word, deep - 1, command=True)
        name = program_of(word)
        if starts or command or _is_command(text, found.end()):
            yield name
        starts = begins = name in _STARTERS


def _is_command(text: str, behind: int) -> bool:
    """Whether what follows the first word are its options: `AnyDesk removal tool` is a name."""
    rest = text[behind : behind + 20].lstrip()
    return not rest or rest[0] in "-/"
