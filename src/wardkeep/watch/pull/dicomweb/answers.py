# SPDX-License-Identifier: Apache-2.0
"""What a list of QIDO-RS says (PS3.18, 10.6; JSON as in annex F): of studies and images only their numbers and times are taken.

Numbers go into addresses, so that nothing is taken for one that is none. What an answer holds is never in an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from wardkeep.watch.pull.errors import BadAnswer

_UID = re.compile(r"[0-9][0-9.]{0,63}", re.ASCII)
_STUDY, _SERIES, _IMAGE = "0020000D", "0020000E", "00080018"
_DAY, _CLOCK, _COUNT = "00080020", "00080030", "00201208"
#: What to ask for beside what a server tells by itself.
OF_STUDY, OF_IMAGE = _COUNT, _SERIES


class _Attribute(msgspec.Struct):
    value: list[Any] = msgspec.field(name="Value", default_factory=list)


_decoder = msgspec.json.Decoder(list[dict[str, _Attribute]])


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A study in a list."""

    study: str
    day: date | None
    #: When it began, without a zone; None where no day is told.
    begun: datetime | None
    #: How many images it has, None where that is not told.
    images: int | None


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Image:
    """Where an image is."""

    series: str
    image: str


def studies_in(answer: bytes) -> list[Listed]:
    """The studies of a list. Raises BadAnswer."""
    found = []
    for row in _rows(answer):
        day = _day(_first(row, _DAY))
        found.append(
            Listed(study=_uid(row, _STUDY), day=day, begun=_begun(day, _first(row, _CLOCK)), images=_count(row))
        )
    return found


def images_in(answer: bytes) -> list[Image]:
    """The images of a list. Raises BadAnswer."""
    return [Image(series=_uid(row, _SERIES), image=_uid(row, _IMAGE)) for row in _rows(answer)]


def is_uid(text: str) -> bool:
    """Whether a text can be the number of a study."""
    return bool(_UID.fullmatch(text))


def _rows(answer: bytes) -> Iterator[dict[str, _Attribute]]:
    try:
        yield from _decoder.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # What the decoder says may quote the answer.
        raise BadAnswer("a list is not JSON as DICOMweb has it") from None


def _first(row: dict[str, _Attribute], tag: str) -> object:
    found = row.get(tag)
    return found.value[0] if found is not None and found.value else None


def _uid(row: dict[str, _Attribute], tag: str) -> str:
    value = _first(row, tag)
    if not isinstance(value, str) or not is_uid(value):
        raise BadAnswer(f"a list names something without a number of its own ({tag})")
    return value


def _day(value: object) -> date | None:
    try:
        return datetime.strptime(str(value).replace(".", ""), "%Y%m%d").date()
    except ValueError:
        return None


def _begun(day: date | None, value: object) -> datetime | None:
    if day is None:
        return None
    clock = (str(value or "").replace(":", "").partition(".")[0] + "000000")[:6]
    try:
        return datetime.combine(day, datetime.strptime(clock, "%H%M%S").time())
    except ValueError:
        return datetime.combine(day, datetime.min.time())


def _count(row: dict[str, _Attribute]) -> int | None:
    """Some write it as a text."""
    value = _first(row, _COUNT)
    try:
        return int(value) if isinstance(value, int | str | float) else None
    except (ValueError, OverflowError):
        return None
