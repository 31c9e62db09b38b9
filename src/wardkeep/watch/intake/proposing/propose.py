# SPDX-License-Identifier: Apache-2.0
"""`propose`: the mapping of an unknown delimited text, from its first rows, for a person to confirm. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from wardkeep.watch.intake.proposing.marks import marks
from wardkeep.watch.intake.proposing.meanings import WORDS, columns, meaning
from wardkeep.watch.intake.proposing.moments import moments
from wardkeep.watch.intake.proposing.proposal import Because, Column, Marks, Proposal, Proposed

#: Bytes of a file that are looked at.
HEAD = 256 * 1024
_NO_TABLE = Because(
    "看不出表格：没有一个分隔符能把前面的行分成同样多的列",
    "no table is seen: no separator cuts the first lines into equally many cells",
)
_NO_TIME = Because("没有一列全是时间：请补 columns.time", "no column holds times only: give columns.time")
_NO_ACTION = Because(
    "没有操作列：按日志记录的都是打开记录处理", "there is no column of actions: a log of openings is assumed"
)


def propose(data: bytes, name: str, zone: str) -> Proposal:
    """What a mapping of a file might be. `data` is its beginning; `zone` that of the hospital."""
    seen = marks(data[:HEAD])
    if seen is None:
        return Proposal(parts=(), toml="", open=(_NO_TABLE,))
    found = columns(seen)
    parts: list[Proposed] = [*seen.parts, *(part for _, part in found.values())]
    missing: list[Because] = []
    form = None
    if "time" in found:
        form, more = moments(_joined(seen, found["time"][0]), zone)
        parts += more
    if form is None:
        missing.append(_NO_TIME)
    constants: dict[str, str] = {}
    if "action" not in found:
        constants["action"] = "query" if "query" in found else "read"
        parts.append(Proposed(key="constants.action", value=constants["action"], because=_NO_ACTION, confidence=0.4))
    values, unknown = _value_maps(seen, {target: at for target, (at, _) in found.items()}, parts)
    short = re.sub(r"[^\w-]+", "-", name.rpartition("/")[2].partition(".")[0]).strip("-") or "log"
    if "system" not in found:
        why = Because("没有系统列：取自文件名", "there is no column of systems: taken from the file's name")
        parts.append(Proposed(key="system", value=short, because=why, confidence=0.3))
    used = {n for at, _ in found.values() for n in at}
    named_zone = next((part.value for part in parts if part.key == "zone"), None)
    places = {target: [seen.place(n) for n in at] for target, (at, _) in found.items()}
    return Proposal(
        parts=tuple(parts),
        toml=_toml(seen, short, "system" not in found, form, named_zone, places, constants, values),
        unused=tuple(str(seen.place(n)) for n in range(len(seen.names)) if n not in used),
        open=tuple(missing),
        unknown_words=unknown,
    )


def _joined(seen: Marks, at: Sequence[int]) -> list[str]:
    rows = (" ".join(row[n].strip() for n in at if n < len(row)) for row in seen.rows)
    return [text for text in rows if text.strip()]


def _value_maps(
    seen: Marks, found: dict[str, list[int]], parts: list[Proposed]
) -> tuple[dict[str, dict[str, str]], dict[str, tuple[str, ...]]]:
    """For actions and outcomes: what each word that occurs means. A word that nobody knows is no access, and said."""
    maps: dict[str, dict[str, str]] = {}
    unknown: dict[str, tuple[str, ...]] = {}
    for target in WORDS:
        if target not in found:
            continue
        words = list(dict.fromkeys(seen.values(found[target][0])))
        known = {word: code for word in words if (code := meaning(target, word)) is not None}
        left = tuple(word for word in words if word not in known)
        maps[target] = {**known, "*": "other" if target == "action" else "failure"}
        if target == "outcome":
            maps[target][""] = "success"
        if left:
            unknown[target] = left
        share = len(known) / len(words) if words else 0.0
        parts.append(Proposed(key=f"values.{target}", value=f"{len(known)} / {len(words)}", confidence=share, because=Because(
            f"{len(words)} 个词里认得 {len(known)} 个" + (f"，不认得：{'、'.join(left[:8])}" if left else ""),
            f"{len(known)} of {len(words)} words are known" + (f"; not: {', '.join(left[:8])}" if left else ""))))  # fmt: skip
    return maps, unknown


def _toml(
    seen: Marks,
    name: str,
    of_file: bool,
    form: str | None,
    zone: str | None,
    places: dict[str, list[Column]],
    constants: dict[str, str],
    values: dict[str, dict[str, str]],
) -> str:
    lines = [
        "# Proposed from the first rows: confirm each line before you ingest with it.",
        f"name = {_text(name.lower())}",
        *([f"system = {_text(name)}"] if of_file else []),
        f"encoding = {_text(seen.encoding)}",
        f"separator = {_text(seen.separator)}",
        f"quote = {_text(seen.quote if len(seen.separator) == 1 else '')}",
        f"header = {'true' if seen.header else 'false'}",
        *([f"skip_lines = {seen.skip_lines}"] if seen.skip_lines else []),
        *([f"zone = {_text(zone)}"] if zone else []),
        *([f"time_format = {_text(form)}"] if form else []),
        "\n[columns]",
    ]
    for target, at in places.items():
        said = [str(one) if isinstance(one, int) else _text(one) for one in at]
        lines.append(f"{target} = {said[0] if len(said) == 1 else '[' + ', '.join(said) + ']'}")
    if constants:
        lines += ["\n[constants]", *(f"{target} = {_text(value)}" for target, value in constants.items())]
    for target, words in values.items():
        lines += [f"\n[values.{target}]", *(f"{_text(word)} = {_text(code)}" for word, code in words.items())]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """A TOML string: JSON's escapes are TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
