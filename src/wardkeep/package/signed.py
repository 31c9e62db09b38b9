# SPDX-License-Identifier: Apache-2.0
"""Taking a list out to be signed, and the signature back in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from wardkeep.evidence.parcel import open_parcel
from wardkeep.package import layout
from wardkeep.package.errors import KeyRefused, StepRefused
from wardkeep.package.law import Side
from wardkeep.package.page import LARGEST_PAGE
from wardkeep.package.signing import LARGEST_KEY, LARGEST_SIGNATURE, holds
from wardkeep.package.step import LARGEST_STEP, How, Sealing, Signature, Step
from wardkeep.package.story import Story

LARGEST_PICTURE = 256 << 20


def list_of(package: Path, number: int | None) -> tuple[int, bytes, bytes]:
    """Number, page and bytes of a list, the newest where none is named. Raises BundleRefused, StepRefused."""
    with open_parcel(package, layout.NAMES) as parcel:
        for name in sorted((one for one in parcel.names if layout.STEP.fullmatch(one)), reverse=True):
            raw = parcel.read(name, LARGEST_STEP)
            step = Step.decode(raw, name)
            if isinstance(step.body, Sealing) and number in (None, step.number):
                return step.number, parcel.read(layout.page_name(step.number), LARGEST_PAGE), raw
    raise StepRefused(f"step {number} is no list of this package")


def by_key_of(
    story: Story, of: int, side: Side, name: str, signature: Path, key: Path
) -> tuple[Signature, Mapping[str, Path]]:
    """A signature that was made with a key elsewhere, which must hold. Raises KeyRefused, StepRefused, LedgerUnavailable."""
    raw, public = _read(signature, LARGEST_SIGNATURE), _read(key, LARGEST_KEY)
    if not holds(public, raw, _list(story, of).encode()):
        raise KeyRefused(f"{signature} is no signature of {key} over list {of}", hint=_TAKE)
    files = dict(zip(layout.signature_names(len(story.steps) + 1), (signature, key), strict=True))
    body = Signature(
        of=of,
        side=side,
        name=name,
        how=How.KEY,
        file=next(iter(files)),
        sha256=hashlib.sha256(raw).hexdigest(),
        key=list(files)[1],
        key_sha256=hashlib.sha256(public).hexdigest(),
    )
    return body, files


def by_hand_of(story: Story, of: int, side: Side, name: str, picture: Path) -> tuple[Signature, Mapping[str, Path]]:
    """A signature on paper, of which a picture is kept. Raises KeyRefused, StepRefused."""
    _list(story, of)
    place = layout.picture_name(len(story.steps) + 1, picture.name)
    if place is None:
        raise KeyRefused(f"{picture} is no picture", hint="a JPEG, PNG, TIFF or PDF of the signed list")
    digest = hashlib.sha256(_read(picture, LARGEST_PICTURE)).hexdigest()
    body = Signature(of=of, side=side, name=name, how=How.HAND, file=place, sha256=digest, key=None, key_sha256=None)
    return body, {place: picture}


_TAKE = "what is signed are the bytes that `wardkeep records package print --to-sign` writes"


def _list(story: Story, of: int) -> Step:
    for step, _ in story.lists:
        if step.number == of:
            return step
    raise StepRefused(f"step {of} is no list of this package")


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        raw = file.read(most + 1)
    if not 0 < len(raw) <= most:
        raise KeyRefused(f"{path} is empty, or has more than {most:,} bytes")
    return raw
