# SPDX-License-Identifier: Apache-2.0
"""An archive of images that speaks DICOMweb: its lists by QIDO-RS, its images one by one by WADO-RS, as they are stored.

What a server says is held against what it was asked: a filter that is not kept and a page that is repeated would make studies
look lost, or hide them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import date
from email.message import Message
from typing import TypeVar

from wardkeep.jobs.pulling.database import ServerLost
from wardkeep.jobs.pulling.web import MIB, Answer, TooSlow, Web
from wardkeep.watch.pull import BadAnswer, OfOneRecord
from wardkeep.watch.pull.dicomweb import Image, Listed, Multipart, PacsSource, boundary_of, images_in, studies_in
from wardkeep.watch.pull.dicomweb.answers import OF_IMAGE, OF_STUDY
from wardkeep.watch.pull.dicomweb.multipart import BESIDE

T = TypeVar("T", bound=Hashable)
R = TypeVar("R")
LISTS = "application/dicom+json"
#: As they are stored: without it the standard has the server unpack them.
IMAGES = 'multipart/related; type="application/dicom"; transfer-syntax=*'
#: Bytes of a list, and rows of all its pages.
LIST, MOST = 64 * MIB, 200_000
#: Seconds after which what failed is asked once more.
AGAIN = 0.5


class Pacs:
    """What is asked of an archive."""

    def __init__(self, source: PacsSource, web: Web) -> None:
        self._source, self._web = source, web

    def studies_on(self, day: date) -> list[Listed]:
        """The studies of a day. Raises ServerLost, BadAnswer, ToldToStop, as all of these."""
        asked = {"StudyDate": f"{day:%Y%m%d}", "includefield": OF_STUDY}
        found = self._pages("studies", asked, studies_in, lambda one: one.study)
        if any(one.day not in (None, day) for one in found):
            raise BadAnswer("a list of a day has studies of other days: the server does not keep to StudyDate")
        return [one if one.day else replace(one, day=day) for one in found]

    def study(self, study: str) -> Listed | None:
        """One study, None where the archive has it no more."""
        asked = {"StudyInstanceUID": study, "includefield": OF_STUDY}
        found = self._pages("studies", asked, studies_in, lambda one: one.study)
        if any(one.study != study for one in found):
            raise BadAnswer("a list of one study has others: the server does not keep to StudyInstanceUID")
        return found[0] if found else None

    def images(self, study: str) -> list[Image]:
        """Where the images of a study are."""
        asked = {"includefield": OF_IMAGE}
        return sorted(self._pages(f"studies/{study}/instances", asked, images_in, lambda one: one.image))

    def image(self, study: str, image: Image) -> bytes | None:
        """An image as a DICOM file, None where the archive lists it and has it not."""
        path = f"studies/{study}/series/{image.series}/instances/{image.image}"
        return _twice(lambda: self._image(path))

    def _image(self, path: str) -> bytes | None:
        largest = self._source.largest * MIB
        with self._web.ask(path, IMAGES) as answer:
            if answer.status in (404, 410):
                return None
            if answer.status == 406:
                raise BadAnswer("an image is not sent as it is stored (status 406: transfer-syntax=* is refused)")
            _is_there(answer)
            kind = _kind(answer)
            if kind == "application/dicom":
                if not answer.has_end:
                    raise BadAnswer("an image is sent without its length, so that nobody sees whether all of it came")
                return answer.whole(largest)
            parting = Multipart(boundary_of(answer.content_type), largest=largest)
            found: list[bytes] = []
            came = 0
            for block in answer.blocks():
                came += len(block)
                found += parting.feed(block)
                if len(found) > 1 or came > largest + 4 * BESIDE:
                    raise BadAnswer("an answer holds more than the image that was asked for")
            parting.close()
            if not found:
                raise BadAnswer("an answer holds no image")
            return found[0]

    def _pages(
        self, path: str, asked: dict[str, str], read: Callable[[bytes], list[T]], key: Callable[[T], str]
    ) -> list[T]:
        """All rows of a list. It is asked on until nothing comes: a short page may be a bound of the server's own."""
        found: dict[str, T] = {}
        came = 0
        while True:
            query = {**asked, "limit": self._source.batch, "offset": came}
            rows = read(_twice(lambda query=query: self._list(path, query)))  # type: ignore[misc]
            fresh = {key(row): row for row in rows if key(row) not in found}
            if not fresh:
                if len(rows) == self._source.batch:
                    raise BadAnswer("a list repeats its page: the server does not keep to offset")
                return list(found.values())
            found |= fresh
            came += len(rows)
            if len(found) > MOST:
                raise BadAnswer(f"a list has more than {MOST} rows")

    def _list(self, path: str, query: dict[str, str | int]) -> bytes:
        with self._web.ask(path, LISTS, query) as answer:
            if answer.status == 204:
                return b"[]"
            if answer.status in (400, 404, 405):
                raise ServerLost(
                    f"{self._source.name}: no list, but status {answer.status}",
                    hint="is the url that of DICOMweb, with what stands before /studies?",
                )
            _is_there(answer)
            if _kind(answer) not in (LISTS, "application/json"):
                raise BadAnswer("a list is not sent as application/dicom+json")
            return answer.whole(LIST)


def _kind(answer: Answer) -> str:
    said = Message()
    said["Content-Type"] = answer.content_type or "application/octet-stream"
    return said.get_content_type()


def _is_there(answer: Answer) -> None:
    if answer.status != 200:
        raise BadAnswer(f"an answer has status {answer.status}")


def _twice(work: Callable[[], R]) -> R:
    """Once more where an answer was no good: a server is started anew now and then. Not what was slow, or too long."""
    try:
        return work()
    except (TooSlow, OfOneRecord):
        raise
    except BadAnswer:
        time.sleep(AGAIN)
        return work()
