# SPDX-License-Identifier: Apache-2.0
"""A study of an archive as it is now: read image by image, of which only digests are held."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from wardkeep.jobs.pulling.pacs import Pacs
from wardkeep.watch.integrity import Version
from wardkeep.watch.integrity.dicom import Instance, instance_of, studies
from wardkeep.watch.pull import BadAnswer, OfOneRecord
from wardkeep.watch.pull.dicomweb import Image, Listed, PacsSource, print_of

#: Studies that cannot be read, one after the other, until the archive itself counts as such.
TOLERATED = 5


@dataclass(frozen=True, slots=True)
class StudyRead:
    """A study as it is now."""

    version: Version
    day: date | None
    #: Image -> its print.
    images: dict[str, str]
    #: Images that are none, or others than they should be.
    unreadable: tuple[str, ...]


class Studies:
    """What reads studies of one archive."""

    def __init__(self, source: PacsSource, pacs: Pacs, zone: str) -> None:
        """zone: of times in an image that name none."""
        self._source, self._pacs, self._zone, self._failed = source, pacs, zone, 0

    def read(self, listed: Listed) -> StudyRead | str | None:
        """A study read image by image; None where there is nothing of it, a text where it cannot be read."""
        try:
            images = self._pacs.images(listed.study)
            if not images:
                return None
            if listed.images is not None and len(images) < listed.images:
                raise OfOneRecord(f"it is said to have {listed.images} images, and {len(images)} are listed")
            read = [self._image(listed.study, image) for image in images]
        except BadAnswer as problem:
            return self.failure(problem)
        self._failed = 0
        [version] = studies((one for one, _ in read), system=self._source.system)
        prints = {one.instance: print_of(one.study, one.instance, one.digest) for one, _ in read}
        return StudyRead(version, listed.day, prints, tuple(one.instance for one, good in read if not good))

    def _image(self, study: str, image: Image) -> tuple[Instance, bool]:
        """An image. One that is gone, no DICOM, or another than was asked for is not what was sealed: it has another digest."""
        data = self._pacs.image(study, image)
        found = None if data is None else instance_of(data, zone=self._zone)
        if isinstance(found, Instance) and (found.study, found.instance) == (study, image.image):
            return found, True
        digest = hashlib.sha256(b"wardkeep dicom unreadable 1\0" + (data or b"")).hexdigest()
        return Instance(study=study, instance=image.image, patient=None, time_us=0, digest=digest), False

    def failure(self, problem: BadAnswer) -> str:
        """One study that cannot be read keeps no other from it; where one after the other cannot be, the archive is lost."""
        self._failed += not isinstance(problem, OfOneRecord)
        if self._failed >= TOLERATED:
            raise BadAnswer(f"{self._source.name}: {problem}, {TOLERATED} times one after the other") from problem
        return str(problem)
