# SPDX-License-Identifier: Apache-2.0
"""What steps are made of: who was present, one record of a list, and how a field is read strictly, raising ValueError."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wardkeep.package.law import Side

MOST_PRESENT, MOST_PARTS = 50, 5_000
LONGEST_TEXT = 500
LARGEST_PART = 8 << 30
HASH = re.compile(r"[0-9a-f]{64}")
PART_FILE = re.compile(r"parts/\d{4}/\d{4}(?:\.[a-z0-9]{1,8})?", re.ASCII)


class Form(StrEnum):
    ORIGINAL = "original"
    COPY = "copy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody who is present: whom they stand for, and as what (their office, or how they are related)."""

    side: Side
    name: str
    role: str

    def said(self) -> dict[str, Any]:
        return {"side": str(self.side), "name": self.name, "role": self.role}

    @classmethod
    def read(cls, said: Any) -> Person:
        exactly(said, "side", "name", "role")
        return cls(side=Side(said["side"]), name=text_of(said["name"]), role=text_of(said["role"], empty=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One record of a list. What is to follow has no content yet."""

    name: str
    kind: str
    form: Form
    pages: int | None
    size: int | None
    sha256: str | None
    #: Where it lies in the package; None where only its hash is kept here, or it is to follow.
    file: str | None

    @property
    def follows(self) -> bool:
        return self.sha256 is None

    def said(self) -> dict[str, Any]:
        return {
            "name": self.name, "kind": self.kind, "form": str(self.form), "pages": self.pages, "bytes": self.size,
            "sha256": self.sha256, "file": self.file,
        }  # fmt: skip

    @classmethod
    def read(cls, said: Any) -> Part:
        exactly(said, "name", "kind", "form", "pages", "bytes", "sha256", "file")
        size, digest, file = said["bytes"], said["sha256"], said["file"]
        if (size is None) != (digest is None) or (digest is None and file is not None):
            raise ValueError("a part has a size and a hash, or neither")
        if file is not None and not (isinstance(file, str) and PART_FILE.fullmatch(file)):
            raise ValueError("a part lies in no such place")
        return cls(
            name=text_of(said["name"]), kind=text_of(said["kind"]), form=Form(said["form"]), pages=whole(said["pages"]),
            size=whole(size), sha256=None if digest is None else hashed(digest), file=file,
        )  # fmt: skip


def exactly(said: Any, *names: str) -> None:
    if not isinstance(said, dict) or set(said) != set(names):
        raise ValueError("other fields than these")


def text_of(value: Any, *, empty: bool = False) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or not (value or empty) or not value.isprintable():
        raise ValueError(f"no printable text of at most {LONGEST_TEXT} characters")
    return value


def whole(value: Any) -> int | None:
    if value is not None and (type(value) is not int or not 0 <= value <= LARGEST_PART):
        raise ValueError("no such number")
    return value


def hashed(value: Any) -> str:
    if not isinstance(value, str) or not HASH.fullmatch(value):
        raise ValueError("no SHA-256")
    return value


def several(value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or not 0 < len(value) <= most:
        raise ValueError(f"none, or more than {most}")
    return value


def people(value: Any) -> tuple[Person, ...]:
    return tuple(Person.read(one) for one in several(value, MOST_PRESENT))
