# SPDX-License-Identifier: Apache-2.0
"""Versions from DICOM: a study is its instances, each by a digest of its elements in one form, however the file is encoded.

What tells of the file and not of the image is no content: preamble, file meta (group 0002), group lengths, paddings, the length
of sequences, whether value representations are written out, byte order, and how compressed pixels are cut into fragments.
"""

from __future__ import annotations

import hashlib
import logging
import struct
import warnings
import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from wardkeep.watch.integrity.version import Stage, Version, content_of, digest_of

if TYPE_CHECKING:
    from pydicom import Dataset

#: Sequences within sequences, and bytes that a deflated file unpacks to, at most.
DEPTH, UNPACKED = 32, 1 << 30
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_TEXT = frozenset(
    ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")
)
#: Bytes of a word of which the order depends on the file's.
_WORDS = {"US": 2, "SS": 2, "OW": 2, "AT": 2, "UL": 4, "SL": 4, "FL": 4, "OF": 4, "OL": 4,
          "FD": 8, "OD": 8, "SV": 8, "UV": 8, "OV": 8}  # fmt: skip
_CODES = {2: "H", 4: "I", 8: "Q"}
_CHARACTERS, _PIXELS, _UNDEFINED = 0x00080005, 0x7FE00010, 0xFFFFFFFF
#: Length to end (retired), and data set trailing padding.
_NO_CONTENT = frozenset({0x00080001, 0xFFFCFFFC})
#: Date and time of an instance, from the most to the least of its own.
_TIMES = (
    ("InstanceCreationDate", "InstanceCreationTime"), ("ContentDate", "ContentTime"),
    ("AcquisitionDate", "AcquisitionTime"), ("SeriesDate", "SeriesTime"), ("StudyDate", "StudyTime"),
)  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NoDicomReader(Exception):
    """DICOM files need the package pydicom, which is not installed."""

    exit_status = 3
    hint = "pip install 'wardkeep[dicom]'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """One instance of a study."""

    study: str
    instance: str
    patient: str | None
    time_us: int
    digest: str


def looks_like_dicom(head: bytes) -> bool:
    """Whether a file begins as DICOM files do; 132 bytes are enough."""
    return head[128:132] == b"DICM"


def instance_of(data: bytes, *, zone: str) -> Instance | str | None:
    """The instance in a file; a text says why it cannot be used, None: a directory, which is none. Raises NoDicomReader."""
    try:
        from pydicom import dcmread  # noqa: PLC0415
    except ModuleNotFoundError:
        raise NoDicomReader(NoDicomReader.__doc__) from None
    # What the reader warns of are values, which may be a patient's.
    logging.getLogger("pydicom").disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _bounded(data)
            return _read(dcmread(BytesIO(data)), zone)
    except Exception as problem:
        # Fails closed, said aloud: the parser raises whatever it stumbles over, and what it says may name a patient.
        return f"no DICOM that can be read: {type(problem).__name__}"


def _bounded(data: bytes) -> None:
    """Refuse what unpacks without end: the reader unpacks all of it at once."""
    if _DEFLATED not in data:
        return
    from pydicom.filereader import _read_file_meta_info, read_preamble  # noqa: PLC0415 - as the reader itself does

    stream = BytesIO(data)
    read_preamble(stream, force=False)
    if str(_read_file_meta_info(stream).get("TransferSyntaxUID", "")).encode() != _DEFLATED:
        return
    unpacking, left, size = zlib.decompressobj(-zlib.MAX_WBITS), stream.read(), 0
    while left and not unpacking.eof:
        size += len(unpacking.decompress(left, 1 << 20))
        left = unpacking.unconsumed_tail
        if size > UNPACKED:
            raise ValueError("unpacks to too much")


def _read(read: Dataset, zone: str) -> Instance | str | None:
    if "DirectoryRecordSequence" in read:
        return None
    digest = hashlib.sha256(b"wardkeep dicom 1\0")
    _digest(read, digest, 0)  # before any value is asked for, which decodes it in its place
    study, number = str(read.get("StudyInstanceUID") or ""), str(read.get("SOPInstanceUID") or "")
    moment = _moment(read, zone)
    if not study or not number or moment is None:
        return "no study or instance UID, or no date in it"
    patient = str(read.get("PatientID") or "").strip() or None
    return Instance(study=study, instance=number, patient=patient, time_us=moment, digest=digest.hexdigest())


def studies(instances: Iterable[Instance], *, system: str) -> Iterator[Version]:
    """A version of each study: of all its instances, so name whole studies. Its time is that of its newest one."""
    by_study: dict[str, list[Instance]] = defaultdict(list)
    for one in instances:
        by_study[one.study].append(one)
    for study, parts in sorted(by_study.items()):
        content = content_of(sorted({(one.instance, one.digest) for one in parts}))
        yield Version(
            system=system, record=study, kind="study", patient=min((p.patient for p in parts if p.patient), default=None),
            stage=Stage.SIGNED, time_us=max(one.time_us for one in parts), by=None,
            digest=digest_of(system, study, content),
        )  # fmt: skip


def _digest(read: Dataset, digest: Any, depth: int) -> None:
    """Tag, length and value of each element, in the order of tags; of a sequence its items."""
    if depth > DEPTH:
        raise ValueError("sequences too deep")
    # All of them as they stand in the file, before a sequence is asked for: that decodes others beside it.
    for tag, element in [(tag, read.get_item(tag)) for tag in sorted(read.keys())]:
        number = int(tag)
        if number & 0xFFFF == 0 or number in _NO_CONTENT:
            continue
        value = _value(read, tag, element)
        if isinstance(value, bytes):
            digest.update(struct.pack(">IcQ", number, b"v", len(value)) + value)
            continue
        digest.update(struct.pack(">IcQ", number, b"s", len(value)))
        for item in value:
            digest.update(b"i")
            _digest(item, digest, depth + 1)
        digest.update(b"e")


def _value(read: Dataset, tag: Any, element: Any) -> bytes | list[Dataset]:
    """The bytes of a value in the form of little-endian files, or the items of a sequence."""
    meant = "" if tag.is_private else _meant(tag)
    if "SQ" in (meant, element.VR):
        return list(read[tag].value or ())
    value = element.value
    if value is None:
        return b""
    if int(tag) == _CHARACTERS and not isinstance(value, bytes):  # the reader needs it, and has decoded it
        return ("\\".join([value] if isinstance(value, str) else value)).encode().rstrip(b" \0")
    if not isinstance(value, bytes):
        raise ValueError("a value that was decoded already")
    if tag == _PIXELS and element.length == _UNDEFINED:
        return _fragments(value)
    if not element.is_little_endian and (size := _WORDS.get(element.VR)):
        words = array(_CODES[size], value)
        words.byteswap()
        value = words.tobytes()
    return value.rstrip(b" \0") if meant in _TEXT else value


def _meant(tag: Any) -> str:
    """The value representation that the standard gives an element, empty where it knows none."""
    from pydicom.datadict import dictionary_VR  # noqa: PLC0415

    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""


def _fragments(value: bytes) -> bytes:
    """Compressed pixels without the offset table and the marks between fragments."""
    from pydicom.encaps import generate_fragments, parse_basic_offsets  # noqa: PLC0415

    stream = BytesIO(value)
    parse_basic_offsets(stream)
    return b"".join(generate_fragments(stream))


def _moment(read: Dataset, zone: str) -> int | None:
    place: Any = ZoneInfo(zone)
    if offset := str(read.get("TimezoneOffsetFromUTC") or "").strip():
        sign = -1 if offset[0] == "-" else 1
        place = timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5])))
    for day, clock in _TIMES:
        if date := str(read.get(day) or "").strip():
            time = (str(read.get(clock) or "").strip().partition(".")[0] + "000000")[:6]
            found = datetime.strptime(date.replace(".", "") + time, "%Y%m%d%H%M%S").replace(tzinfo=place)
            return (found - _EPOCH) // timedelta(microseconds=1)
    return None
