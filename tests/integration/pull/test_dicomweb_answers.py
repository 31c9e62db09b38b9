# SPDX-License-Identifier: Apache-2.0
"""One answer of an archive that is not as it should be: refused with the reason, and without the name of a patient."""

from __future__ import annotations

import gzip
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest

from tests.integration.pull.archive import (
    BAD,
    MULTIPART,
    NAME,
    PATIENT,
    Asked,
    Fake,
    a_fake,
    bad_image,
    body,
    cut,
    endless,
    of_studies,
    parted,
    taken,
    unbounded,
)
from wardkeep.jobs.pulling.pacs import Pacs
from wardkeep.jobs.pulling.web import Web
from wardkeep.watch.pull import BadAnswer, PullError
from wardkeep.watch.pull.dicomweb import Image, parse_pacs_source

SECRET, MIB = "t0ken.of-nobody", 1 << 20
FIRST = Image(series=f"{BAD}.1", image=f"{BAD}.1.0")


def says_nothing(text: str) -> bool:
    return not any(secret in text for secret in (NAME, "小明", PATIENT, SECRET, "Bearer"))


GOOD = taken(3, 0)
HEAD = b"--b-o-u-n-d\r\nContent-Type: application/dicom\r\n\r\n"
IMAGES: dict[str, tuple[Callable[[Asked], object], str]] = {
    "without a length": (unbounded(GOOD, "application/dicom"), "without its length"),
    "another type": (body(f"<p>{NAME}</p>".encode(), "text/html"), "multipart/related of application/dicom"),
    "another part": (body(parted(GOOD, kind=b"text/html")), "a part of an answer is not application/dicom"),
    "of what": (body(parted(GOOD), MULTIPART.replace("application", "text")), "multipart/related of application/dicom"),
    "broken": (body(f"no {NAME}".encode(), "text/plain", 500), "an answer has status 500"),
    "not as stored": (body(b"", "text/plain", 406), "an image is not sent as it is stored (status 406"),
    "partly": (body(parted(GOOD), status=206), "an answer has status 206"),
    "too long": (body(parted(GOOD + bytes(MIB))), "has a part that is longer than `largest`"),
    "too long, one": (body(GOOD + bytes(MIB), "application/dicom"), "an answer is longer than 1 MiB"),
    "endless": (endless(HEAD), "has a part that is longer than `largest`"),
    "endless, one": (endless(b"x", "application/dicom"), "an answer is longer than 1 MiB"),
    "endless before": (endless(b"x"), "does not begin with a part"),
    "endless headers": (endless(b"--b-o-u-n-d\r\nX: "), "has a part with headers without an end"),
    "endless boundary": (endless(b"--b-o-u-n-d"), "has a boundary without an end"),
    "endless after": (endless(parted(GOOD)), "does not end after its last part"),
    "cut off": (cut(parted(GOOD)[:-300], len(parted(GOOD))), "an answer was cut off"),
    "cut off in a chunk": (cut(parted(GOOD), 100_000, chunked=True), "an answer was cut off"),
    "without an end": (body(parted(GOOD)[:-4]), "an answer in parts was cut off"),
    "without a boundary": (body(parted(GOOD), "multipart/related"), "does not say by what they are parted"),
    "another boundary": (body(parted(GOOD, boundary=b"other")), "an answer in parts was cut off"),
    "a boundary inside": (body(HEAD + b"DICM\r\n--b-o-u-n-dx\r\n"), "has its boundary inside of a part"),
    "a wrong length": (body(parted(GOOD, told=len(GOOD) - 1)), "is not as long as it says"),
    "two": (body(parted(GOOD, GOOD)), "more than the image that was asked for"),
    "none": (body(b"--b-o-u-n-d--\r\n"), "an answer holds no image"),
    "packed": (body(gzip.compress(parted(GOOD)), Content_Encoding="gzip"), "an answer is packed"),
}  # fmt: skip
#: What comes whole, and is not what was asked for.


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    with a_fake() as found:
        yield found


@contextmanager
def asking(fake: Fake, **more: Any) -> Iterator[Pacs]:
    keys = {"name": "pacs", "system": "PACS", "start": date(2026, 3, 1), "largest": 1, "batch": 3, "token_file": "x"}
    source = parse_pacs_source({"url": f"http://127.0.0.1:{fake.port}/dw", **keys, **more}, "pacs.toml")
    with Web(source, SECRET, lambda: False) as web:
        yield Pacs(source, web)


@pytest.fixture
def pacs(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pacs]:
    """The archive, asked directly."""
    monkeypatch.setattr("wardkeep.jobs.pulling.pacs.AGAIN", 0)
    fake.fill()
    fake.twist = None
    with asking(fake) as found:
        yield found


@pytest.mark.parametrize("how", IMAGES)
def test_an_image_that_does_not_come_as_it_should_is_refused_with_the_reason(pacs: Pacs, fake: Fake, how: str) -> None:
    answer, said = IMAGES[how]
    assert pacs.image(BAD, FIRST) == GOOD
    fake.twist = bad_image(answer)
    with pytest.raises(BadAnswer) as told:
        pacs.image(BAD, FIRST)
    assert said in str(told.value) and says_nothing(f"{told.value} {told.value.hint}")
    fake.twist = None
    assert pacs.image(BAD, FIRST) == GOOD  # the next answer is not what was left of this one


def test_what_is_slow_is_given_up(pacs: Pacs, fake: Fake) -> None:
    def dripping(asked: Asked) -> None:
        asked.send_response(200)
        asked.send_header("Content-Type", MULTIPART)
        asked.end_headers()
        while True:
            asked.wfile.write(b"x")
            time.sleep(0.05)

    fake.twist = bad_image(dripping)
    with asking(fake, answer_timeout=3) as hasty, pytest.raises(BadAnswer, match="takes longer than 3 seconds"):
        hasty.image(BAD, FIRST)
    ended = threading.Event()
    fake.twist = bad_image(lambda asked: ended.wait(60))
    with asking(fake, timeout=1) as hasty, pytest.raises(BadAnswer, match="nothing came for long"):
        hasty.image(BAD, FIRST)
    ended.set()


def listed(*rows: dict[str, Any], kind: str = "application/dicom+json") -> Callable[[Asked], object]:
    return body(json.dumps(rows).encode(), kind)


def row(**more: Any) -> dict[str, Any]:
    found = {"0020000D": {"vr": "UI", "Value": ["1.2.3.4"]}, "00080020": {"vr": "DA", "Value": ["20260304"]}}
    return found | {"00100010": {"vr": "PN", "Value": [{"Alphabetic": NAME}]}} | more


LISTS: dict[str, tuple[Callable[[Asked], object], str]] = {
    "no JSON": (body(NAME.encode(), "application/dicom+json"), "not JSON as DICOMweb has it"),
    "not UTF-8": (body(b'[{"00100010": {"Value": ["\xff"]}}]', "application/json"), "not JSON as DICOMweb has it"),
    "no list": (body(json.dumps({"message": NAME}).encode(), "application/json"), "not JSON as DICOMweb has it"),
    "deep": (body(b"[" * 100_000, "application/json"), "not JSON as DICOMweb has it"),
    "a page": (body(f"<p>{NAME}".encode(), "text/html"), "not sent as application/dicom+json"),
    "no number": (listed(row(**{"0020000D": {"Value": [NAME]}})), "without a number of its own"),
    "a path": (listed(row(**{"0020000D": {"Value": ["1.2/../../admin?x="]}})), "without a number of its own"),
    "another day": (listed(row(**{"00080020": {"Value": ["20260301"]}})), "does not keep to StudyDate"),
    "a repeated page": (listed(*(row(**{"0020000D": {"Value": [f"1.2.3.4{n}"]}}) for n in range(3))), "keep to offset"),
    "broken": (body(NAME.encode(), "text/plain", 500), "an answer has status 500"),
    "refused": (body(NAME.encode(), "text/plain", 403), "refused with status 403"),
    "nothing there": (body(NAME.encode(), "text/plain", 404), "no list, but status 404"),
    "endless": (endless(b"[", "application/dicom+json"), "an answer is longer than 1 MiB"),
}  # fmt: skip


@pytest.mark.parametrize("how", LISTS)
def test_a_list_that_is_none_is_refused_with_the_reason(
    pacs: Pacs, fake: Fake, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wardkeep.jobs.pulling.pacs.LIST", MIB)
    answer, said = LISTS[how]
    fake.twist = of_studies(answer)
    with pytest.raises(PullError, match=re.escape(said)) as told:
        pacs.studies_on(date(2026, 3, 4))
    assert says_nothing(f"{told.value} {told.value.hint}") and told.value.exit_status == 3
    assert [one.study for one in pacs.studies_on(date(2026, 3, 3))] == [BAD]
