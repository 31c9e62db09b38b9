# SPDX-License-Identifier: Apache-2.0
"""What a person chose for a mapping: from a proposal at first, then from the form, and the draft that it makes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from zoneinfo import available_timezones

from django.http import QueryDict
from django.utils.translation import gettext as _

from wardkeep.watch.intake.errors import BadMapping
from wardkeep.watch.intake.mapping import ANY, LITERAL, SHIPPED, VOCABULARIES, parse_mapping
from wardkeep.watch.intake.proposing.draft import Draft, Written
from wardkeep.watch.intake.proposing.meanings import MOST_WORDS, meaning
from wardkeep.watch.intake.proposing.moments import form_of, zone_said
from wardkeep.watch.intake.proposing.proposal import Marks, Proposal
from wardkeep.watch.intake.proposing.propose import joined, told_too
from wardkeep.watch.intake.row import reserved
from wardkeep.web.intake.words import CODE_NAMES, ENCODINGS, QUOTES, SEPARATORS, TARGET_NAMES

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
CONFIRMED = "Confirmed in the console of Wardkeep: its versions are acts in the ledger."
#: Letters of any text field.
LONGEST = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """Everything in the form; `targets` has what each column becomes, empty for nothing."""

    name: str
    system: str
    files: str
    written: Written
    zone: str
    time_format: str
    targets: tuple[str, ...]
    #: The action of every row, where no column says it.
    action: str
    #: target -> the source's word -> ours, empty as any other word.
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: target -> what any other word means; empty: the row is set aside.
    rest: Mapping[str, str] = field(default_factory=dict)

    def columns(self, target: str) -> list[int]:
        return [at for at, one in enumerate(self.targets) if one == target]


def proposed(proposal: Proposal, file_name: str) -> Choices:
    """The choices of a proposal. `proposal.marks` and `.draft` must be there."""
    assert proposal.marks is not None and proposal.draft is not None  # noqa: S101 - narrows the types
    draft, marks = proposal.draft, proposal.marks
    places = {place: target for target, at in draft.columns.items() for place in at}
    targets = tuple(places.get(marks.place(at), "") for at in range(len(marks.names)))
    first = Choices(
        name=_slug(file_name), system=draft.system, files=pattern(file_name), written=draft.written,
        zone=draft.zone, time_format=draft.time_format, targets=targets, action=draft.constants.get("action", "read"),
        rest={target: draft.values.get(target, {}).get(ANY, "") for target in CODE_NAMES},
    )  # fmt: skip
    return replace(first, words={target: _known(first, marks, target) for target in CODE_NAMES})


def chosen(post: QueryDict, marks: Marks) -> Choices:
    """The choices of a form that was made for `marks`."""
    targets = tuple(_one_of(post.get(f"column-{at}", ""), TARGET_NAMES) for at in range(len(marks.names)))
    first = Choices(
        name=_line(post, "name"), system=_line(post, "system"), files=_line(post, "files"), written=written(post, marks),
        zone=_line(post, "zone"), time_format=_line(post, "time_format"), targets=targets,
        action=_one_of(post.get("action", ""), CODE_NAMES["action"]),
        rest={target: _one_of(post.get(f"rest-{target}", ""), names) for target, names in CODE_NAMES.items()},
    )  # fmt: skip
    if not first.time_format and first.columns("time"):
        first = replace(first, time_format=form_of(joined(marks, first.columns("time"))) or "")
    first = replace(first, zone=_zone(post, first, marks))
    return replace(first, words={target: _words(post, first, marks, target) for target in CODE_NAMES})


def written(post: QueryDict, marks: Marks) -> Written:
    """How the text is written, as the form says; of a sheet only what a sheet has."""
    skip = post.get("skip_lines", "0").strip()
    now = Written(
        encoding=marks.encoding, separator=marks.separator, quote=marks.quote, header=post.get("header") == "1",
        skip_lines=int(skip) if skip.isascii() and skip.isdigit() and len(skip) < 4 else marks.skip_lines,
    )  # fmt: skip
    if marks.sheet is not None:
        return now
    return replace(
        now,
        encoding=_one_of(post.get("encoding", ""), ENCODINGS) or marks.encoding,
        separator=SEPARATORS.get(post.get("separator", ""), marks.separator),
        quote=QUOTES.get(post.get("quote", ""), marks.quote),
    )


def words_of(choices: Choices, marks: Marks, target: str) -> list[str]:
    """The words of a column of actions or outcomes; none where it holds too many to be one, or each but once."""
    at = choices.columns(target)
    values = marks.values(at[0]) if at else []
    words = list(dict.fromkeys(values))
    few = len(words) <= MOST_WORDS and (len(words) * 2 <= len(values) or len(words) <= 3)
    return words if few else [word for word in words if _meaning(marks, target, word, at[0]) is not None][:MOST_WORDS]


def draft_of(choices: Choices, marks: Marks) -> Draft:
    """The mapping that the choices make."""
    columns = {
        target: tuple(marks.place(at) for at in choices.columns(target))
        for target in TARGET_NAMES
        if choices.columns(target)
    }
    times = choices.columns("time") if choices.zone else []
    values: dict[str, dict[str, str]] = {}
    for target in CODE_NAMES:
        if target in columns:
            # A word with a * would stand for other words too.
            said = {word: code for word, code in choices.words.get(target, {}).items() if code and ANY not in word}
            rest = choices.rest.get(target, "")
            values[target] = {
                **said,
                **({ANY: rest} if rest else {}),
                **({"": "success"} if target == "outcome" else {}),
            }
    return Draft(
        name=choices.name, sheet=marks.sheet is not None, written=choices.written,
        system="" if "system" in columns else choices.system, files=(choices.files,) if choices.files else (),
        zone=choices.zone, time_format=choices.time_format, columns=columns,
        constants={} if "action" in columns or not choices.action else {"action": choices.action}, values=values,
        outcomes=told_too(marks, {target: choices.columns(target) for target in CODE_NAMES}),
        zones={marks.names[at]: choices.zone for at in times if _said(marks, [at]) not in (None, choices.zone)},
    )  # fmt: skip


def fingerprint(draft: Draft) -> str:
    """Names what the rows become by a draft: a person confirms what was shown, and nothing else."""
    seen = replace(draft, name="", files=(), system="")
    return hashlib.sha256(seen.toml().encode()).hexdigest()[:32]


def faults(choices: Choices, marks: Marks, file_name: str) -> dict[str, str]:
    """What stands in the way of confirming, by the field's name; `form` for what no field alone is to blame for."""
    found: dict[str, str] = {}
    if not NAME.fullmatch(choices.name) or choices.name in (*SHIPPED, "hospital"):
        found["name"] = _("Give a name of small letters, digits and hyphens that no shipped mapping has.")
    if not choices.system and not choices.columns("system"):
        found["system"] = _("Name the system that wrote the log.")
    if reserved(choices.system):
        found["system"] = _("So is called what is opened in Wardkeep itself: give the system another name.")
    if problem := _files(choices.files, file_name):
        found["files"] = problem
    if choices.zone and choices.zone not in available_timezones():
        found["zone"] = _("This is no time zone: write one such as Asia/Shanghai.")
    if not choices.columns("time"):
        found["columns"] = _("Choose the column that holds the time.")
    for target in TARGET_NAMES:
        if target != "time" and len(choices.columns(target)) > 1:
            found["columns"] = _("Two columns become the same: %(target)s.") % {"target": TARGET_NAMES[target]}
    if not choices.action and not choices.columns("action"):
        found["action"] = _("Choose what every row is, or the column that says it.")
    if not found:
        try:
            parse_mapping(draft_of(choices, marks).toml(), choices.name)
        except BadMapping as exc:
            found["form"] = str(exc)
    return found


def pattern(file_name: str) -> str:
    """The names of later files of the same export: digits are what changes in them."""
    stem = file_name.removesuffix(".gz")
    found = re.sub(r"\*(?:[-_.]?\*)+", "*", re.sub(r"\d+", "*", stem))
    return found if len(found.replace(ANY, "")) > LITERAL + len(".csv") else stem


def _files(text: str, file_name: str) -> str:
    if len(text.replace(ANY, "")) < LITERAL or "/" in text or "\\" in text:
        return _("Give a file's name without a folder; * stands for any text, with three letters beside it at least.")
    wanted = re.compile(".*".join(map(re.escape, text.split(ANY))), re.DOTALL | re.IGNORECASE)
    if not wanted.fullmatch(file_name.removesuffix(".gz")):
        return _("This does not fit the name of the sample itself.")
    return ""


def _slug(file_name: str) -> str:
    bare = (
        re.sub(r"[^a-z0-9]+", "-", re.sub(r"\d+", "", file_name.partition(".")[0].lower())).strip("-")[:40].strip("-")
    )
    return bare or "log"


def _known(choices: Choices, marks: Marks, target: str) -> dict[str, str]:
    at = choices.columns(target)
    return {word: _meaning(marks, target, word, at[0]) or "" for word in words_of(choices, marks, target)}


def _meaning(marks: Marks, target: str, word: str, at: int) -> str | None:
    return meaning(target, word, marks.names[at] if marks.header else "")


def _said(marks: Marks, at: Iterable[int]) -> str | None:
    """The zone that the names of columns of times say."""
    return zone_said([marks.names[n] for n in at if n < len(marks.names)]) if marks.header else None


def _zone(post: QueryDict, choices: Choices, marks: Marks) -> str:
    """The zone of the form; where the columns of the time are others, and say another zone, that one or the hospital's."""
    before = [int(n) for n in post.get("zone-of", "").split(",") if n.isascii() and n.isdigit() and len(n) < 5]
    now = _said(marks, choices.columns("time"))
    return choices.zone if "zone-of" not in post or now == _said(marks, before) else now or ""


def _words(post: QueryDict, choices: Choices, marks: Marks, target: str) -> dict[str, str]:
    """The words of the form; proposed anew where they are of another column than those that the form showed."""
    at = choices.columns(target)
    if post.get(f"words-{target}") != str(at[0] if at else ""):
        return _known(choices, marks, target)
    words = words_of(choices, marks, target)
    return {word: _one_of(post.get(f"word-{target}-{n}", ""), VOCABULARIES[target]) for n, word in enumerate(words)}


def _one_of(value: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    return value if value in known else ""


def _line(post: QueryDict, name: str) -> str:
    """A text field: one line, without what no eye sees."""
    return "".join(letter for letter in post.get(name, "") if letter.isprintable()).strip()[:LONGEST]
