# SPDX-License-Identifier: Apache-2.0
"""`propose`: the mapping of an unknown delimited text or sheet, from its first rows, for a person to confirm. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from wardkeep.watch.intake.proposing.draft import Column, Draft, Written
from wardkeep.watch.intake.proposing.marks import marks, sheet_marks
from wardkeep.watch.intake.proposing.meanings import CODED, WORDS, columns, meaning, plain
from wardkeep.watch.intake.proposing.moments import moments
from wardkeep.watch.intake.proposing.proposal import Because, Marks, Proposal, Proposed
from wardkeep.watch.intake.proposing.sampling import HEAD, NoSample, Sample, sample_of
from wardkeep.watch.intake.row import reserved

__all__ = ["HEAD", "joined", "propose", "propose_of"]
#: What an action says of its own end; anything else says nothing.
_TOLD = {
    "*失败*": "failure",
    "*fail*": "failure",
    "*拒绝*": "denied",
    "*denied*": "denied",
    "*refused*": "denied",
    "*": "",
}
_FAILED = re.compile("失败|拒绝|fail|denied|refused", re.IGNORECASE)
_NO_TABLE = Because(
    "看不出表格：没有一个分隔符能把前面的行分成同样多的列",
    "no table is seen: no separator cuts the first lines into equally many cells",
)
_NO_TIME = Because("没有一列全是时间：请补 columns.time", "no column holds times only: give columns.time")
_NO_ACTION = Because(
    "没有操作列：按日志记录的都是打开记录处理", "there is no column of actions: a log of openings is assumed"
)


def propose(data: bytes, name: str, zone: str) -> Proposal:
    """What a mapping of a file might be. `data` is its beginning, or all of a workbook; `zone` that of the hospital."""
    try:
        return propose_of(sample_of(data, name), zone)
    except NoSample as exc:
        return Proposal(parts=(), toml="", open=(exc.because,))


def propose_of(sample: Sample, zone: str, given: Written | None = None) -> Proposal:
    """The same of a sample; with `given` for a text that is written as somebody says."""
    seen = sheet_marks(sample.data, given) if sample.sheet else marks(sample.data, given)
    if seen is None:
        return Proposal(parts=(), toml="", open=(_NO_TABLE,))
    found = columns(seen)
    parts: list[Proposed] = [*seen.parts, *(part for _, part in found.values())]
    missing: list[Because] = []
    form = None
    if "time" in found:
        at = found["time"][0]
        form, more = moments(joined(seen, at), zone, [seen.names[n] for n in at] if seen.header else ())
        parts += more
    if form is None:
        missing.append(_NO_TIME)
    constants: dict[str, str] = {}
    if "action" not in found:
        constants["action"] = "query" if "query" in found else "read"
        parts.append(Proposed(key="constants.action", value=constants["action"], because=_NO_ACTION, confidence=0.4))
    values, unknown = _value_maps(seen, {target: at for target, (at, _) in found.items()}, parts)
    stem = sample.name.rpartition("/")[2].partition(".")[0]
    # The day of an export is no part of the system's name.
    short = re.sub(r"[^\w-]+", "-", re.sub(r"[-_]?\d{4}[-_]?\d{2}[-_]?\d{2}", "", stem) or stem).strip("-") or "log"
    if reserved(short):
        short = "log"
    if "system" not in found:
        why = Because("没有系统列：取自文件名", "there is no column of systems: taken from the file's name")
        parts.append(Proposed(key="system", value=short, because=why, confidence=0.3))
    used = {n for at, _ in found.values() for n in at}
    draft = Draft(
        name=short.lower(),
        sheet=sample.sheet,
        written=Written(
            encoding=seen.encoding, separator=seen.separator, quote=seen.quote, header=seen.header,
            skip_lines=seen.skip_lines,
        ),
        system="" if "system" in found else short,
        zone=next((part.value for part in parts if part.key == "zone"), ""),
        time_format=form or "",
        columns={target: tuple(seen.place(n) for n in at) for target, (at, _) in found.items()},
        constants=constants,
        values=values,
        outcomes=told_too(seen, {target: at for target, (at, _) in found.items()}),
    )  # fmt: skip
    return Proposal(
        parts=tuple(parts),
        toml=draft.toml(),
        marks=seen,
        draft=draft,
        unused=tuple(str(seen.place(n)) for n in range(len(seen.names)) if n not in used),
        open=tuple(missing),
        unknown_words=unknown,
    )


def joined(seen: Marks, at: Sequence[int]) -> list[str]:
    """What stands in columns that are joined with a blank, without empty ones."""
    rows = (" ".join(row[n].strip() for n in at if n < len(row)) for row in seen.rows)
    return [text for text in rows if text.strip()]


def told_too(seen: Marks, found: Mapping[str, Sequence[int]]) -> list[tuple[Column, dict[str, str]]]:
    """Columns beside that of outcomes that tell one: an action that failed, where it says so, or where nothing else would."""
    if not found.get("action"):
        return []
    at = found["action"][0]
    if found.get("outcome") and not any(_FAILED.search(word) for word in seen.values(at)):
        return []
    return [(seen.place(at), dict(_TOLD))]


def _value_maps(
    seen: Marks, found: dict[str, list[int]], parts: list[Proposed]
) -> tuple[dict[str, dict[str, str]], dict[str, tuple[str, ...]]]:
    """For actions and outcomes: what each word that occurs means. A row with another word will be set aside, and is said."""
    maps: dict[str, dict[str, str]] = {}
    unknown: dict[str, tuple[str, ...]] = {}
    for target in WORDS:
        if target not in found:
            continue
        at = found[target][0]
        column = seen.names[at] if seen.header else ""
        words = list(dict.fromkeys(seen.values(at)))
        known = {word: code for word in words if (code := meaning(target, word, column)) is not None}
        left = tuple(word for word in words if word not in known)
        # Without a `*`: a word that no row of the sample has may be the one that counts, and sets its row aside.
        maps[target] = dict(known)
        if target == "outcome":
            maps[target][""] = "success"
            if plain(column) in CODED:
                maps[target] |= {"0": "success", "*": "failure"}
        if left:
            unknown[target] = left
        share = len(known) / len(words) if words else 0.0
        parts.append(Proposed(key=f"values.{target}", value=f"{len(known)} / {len(words)}", confidence=share, because=Because(
            f"{len(words)} 个词里认得 {len(known)} 个" + (f"，不认得：{'、'.join(left[:8])}" if left else ""),
            f"{len(known)} of {len(words)} words are known" + (f"; not: {', '.join(left[:8])}" if left else ""))))  # fmt: skip
    return maps, unknown
