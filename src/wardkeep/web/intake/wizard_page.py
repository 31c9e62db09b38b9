# SPDX-License-Identifier: Apache-2.0
"""The page of a mapping in work, as values: its columns with reasons, its words, and what the first rows become."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from wardkeep.watch.event import AccessEvent, Kind, Rejected
from wardkeep.watch.intake.errors import BadMapping
from wardkeep.watch.intake.proposing.marks import ROWS, SAID
from wardkeep.watch.intake.proposing.proposal import Because, Marks, Proposal
from wardkeep.watch.intake.proposing.sampling import Sample
from wardkeep.watch.intake.proposing.trying import tried
from wardkeep.web.intake.choices import Choices, draft_of, proposed, words_of
from wardkeep.web.intake.shape import heading, shape
from wardkeep.web.intake.words import CODE_NAMES, SEPARATORS, TARGET_NAMES
from wardkeep.web.say.codes import name_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Events that are shown of what the rows become.
SHOWN = 6
#: Below this a proposal is a guess, from this on it is sure.
GUESS, SURE = 0.5, 0.8
#: Fields that are shown as they are; every other one may name somebody and is shown by its shape.
_OPEN = frozenset({"time", "action", "outcome", "count", "duration_s", "end_time"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Sureness:
    """Why something is proposed, and how sure that is."""

    why: str
    percent: int | None = None
    level: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnLine:
    at: int
    name: str
    example: str
    target: str
    sure: Sureness


@dataclass(frozen=True, kw_only=True, slots=True)
class WordLine:
    number: int
    word: str
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WordList:
    """The words of a column of actions or outcomes."""

    target: str
    label: str
    #: Which column they are of.
    column: int
    lines: Sequence[WordLine]
    rest: str
    codes: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    label: str
    text: str
    masked: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """Rows that would be set aside for the same reason."""

    code: str
    count: int
    reason: str
    position: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What the first rows become. `problem`: why they cannot be tried at all."""

    labels: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    looked: int = 0
    events: int = 0
    other: int = 0
    left_out: Sequence[LeftOut] = ()
    problem: str = ""

    @property
    def set_aside(self) -> int:
        return sum(one.count for one in self.left_out)


def said(because: Because) -> str:
    """A reason in the page's language."""
    return because.zh if (get_language() or "").startswith("zh") else because.en


def column_lines(choices: Choices, proposal: Proposal, file_name: str) -> list[ColumnLine]:
    """Each column of the sample, what it becomes, and why."""
    marks = proposal.marks
    assert marks is not None  # noqa: S101 - narrows the type
    first = proposed(proposal, file_name).targets
    reasons = {part.key: part for part in proposal.parts}
    lines = []
    for at, name in enumerate(marks.names):
        target = choices.targets[at] if at < len(choices.targets) else ""
        part = reasons.get(f"columns.{target}")
        if target and (target != first[at] or part is None):
            sure = Sureness(why=_("as you chose"))
        elif part is not None and target:
            sure = sureness(said(part.because), part.confidence)
        else:
            sure = Sureness(why=_("kept beside the event") if not first[at] else _("as you chose"))
        shown = heading(name) if marks.header and name.strip() else _("column %(n)d") % {"n": at + 1}
        example = next(iter(marks.values(at)), "")
        lines.append(ColumnLine(at=at, name=shown, example=shape(example), target=target, sure=sure))
    return lines


def sureness(why: str, confidence: float) -> Sureness:
    level = "sure" if confidence >= SURE else "likely" if confidence >= GUESS else "guess"
    return Sureness(why=why, percent=round(confidence * 100), level=level)


def part_of(proposal: Proposal, key: str, value: str) -> Sureness | None:
    """Why one part is proposed; that a person chose it, where it is no longer what was proposed."""
    part = next((part for part in proposal.parts if part.key == key), None)
    if part is None:
        return None
    if part.value != value or part.because == SAID:
        return Sureness(why=_("as you chose"))
    return sureness(said(part.because), part.confidence)


def word_lists(choices: Choices, marks: Marks) -> list[WordList]:
    """The words of actions and outcomes, where columns hold them."""
    lists = []
    for target, names in CODE_NAMES.items():
        at = choices.columns(target)
        if at:
            words = words_of(choices, marks, target)
            known = choices.words.get(target, {})
            lists.append(
                WordList(
                    target=target,
                    label=str(TARGET_NAMES[target]),
                    column=at[0],
                    lines=[WordLine(number=n, word=word, code=known.get(word, "")) for n, word in enumerate(words)],
                    rest=choices.rest.get(target, ""),
                    codes=[(code, str(name)) for code, name in names.items()],
                )
            )
    return lists


def outlook(choices: Choices, sample: Sample, marks: Marks, zone: str) -> Outlook:
    """What the first rows become by the choices; identities by their shape."""
    # Name, files and system of a mapping change nothing of that, and may still be wrong.
    draft = draft_of(replace(choices, name="trial", files="", system="-"), marks)
    try:
        found = tried(sample, draft.toml(), zone, ROWS)
    except BadMapping as exc:
        return Outlook(problem=str(exc).partition(": ")[2])
    events = [one for one in found if isinstance(one, AccessEvent)]
    fields = [target for target in TARGET_NAMES if target in draft.columns or target in ("action", "time")]
    return Outlook(
        labels=[str(TARGET_NAMES[target]) for target in fields],
        rows=[[_cell(event, target) for target in fields] for event in events[:SHOWN]],
        looked=len(found),
        events=len(events),
        other=sum(event.kind == Kind.OTHER for event in events),
        left_out=_left_out([one for one in found if isinstance(one, Rejected)]),
    )


def _cell(event: AccessEvent, target: str) -> Cell:
    text = _text(event, target)
    return Cell(
        label=str(TARGET_NAMES[target]), text=text if target in _OPEN else shape(text), masked=target not in _OPEN
    )


def _at(event: AccessEvent, *, ended: bool) -> str:
    """When it began, or ended; nothing where that is not known."""
    if ended and event.duration_ms is None:
        return ""
    moment_us = event.time + (event.duration_ms or 0) * 1000 * ended
    return timezone.localtime(EPOCH + timedelta(microseconds=moment_us)).strftime("%Y-%m-%d %H:%M:%S")


def _text(event: AccessEvent, target: str) -> str:
    if target in ("time", "end_time"):
        return _at(event, ended=target == "end_time")
    if target == "action":
        code = "other" if event.kind == Kind.OTHER else str(event.action)
        return name_of(CODE_NAMES["action"], code)
    if target == "outcome":
        return name_of(CODE_NAMES["outcome"], str(event.outcome))
    if target == "patient_id":
        return ", ".join(event.patients)
    if target == "duration_s":
        return "" if event.duration_ms is None else f"{event.duration_ms / 1000:g}"
    value = getattr(event, target)
    return "" if value is None else str(value)


def _left_out(pieces: Sequence[Rejected]) -> list[LeftOut]:
    counted = Counter(piece.reason.partition(":")[0] for piece in pieces)
    firsts = {code: next(p for p in pieces if p.reason.partition(":")[0] == code) for code in counted}
    return [
        LeftOut(code=code, count=count, reason=firsts[code].reason, position=firsts[code].position)
        for code, count in counted.most_common()
    ]


def separator_name(separator: str) -> str:
    """How the form names a separator."""
    return next((name for name, mark in SEPARATORS.items() if mark == separator), "comma")
