# SPDX-License-Identifier: Apache-2.0
"""Studies from DICOM files: the same digest however the files are encoded, and another one where an image changed."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from wardkeep.watch.integrity import Version
from wardkeep.watch.integrity.dicom import Instance, instance_of, looks_like_dicom, studies

ZONE = "Asia/Shanghai"
PIXELS = bytes(range(256)) * 2


def image(number: int = 1, **more: Any) -> Dataset:
    one = Dataset()
    one.SpecificCharacterSet = "ISO_IR 192"
    one.SOPClassUID, one.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", f"1.2.3.{number}"
    one.StudyInstanceUID, one.SeriesInstanceUID = "1.2.3", "1.2.3.9"
    one.StudyDate, one.StudyTime = "20260302", "080000"
    one.PatientID, one.PatientName, one.Modality = "P1", "王^小明", "CT"
    one.WindowCenter, one.SliceThickness = ["40", "50"], "1.25"
    one.Rows = one.Columns = 16
    one.SamplesPerPixel, one.PhotometricInterpretation, one.PixelRepresentation = 1, "MONOCHROME2", 0
    one.BitsAllocated = one.BitsStored = 16
    one.HighBit = 15
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.9"
    one.ReferencedImageSequence = Sequence([item])
    one.RealWorldValueFirstValueMapped, one.FrameIncrementPointer = 5, 0x00181063
    one.SelectorFDValue = 1.5
    block = one.private_block(0x0011, "WARDKEEP TEST", create=True)
    block.add_new(0x01, "LO", "odd")
    one.PixelData = PIXELS
    for name, value in more.items():
        setattr(one, name, value)
    return one


def written(
    one: Dataset, syntax: Any = ExplicitVRLittleEndian, *, implementation: str = "A", like: bool = True
) -> bytes:
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = syntax
    one.file_meta.ImplementationVersionName = implementation
    stream = BytesIO()
    if syntax is ExplicitVRBigEndian:
        one["PixelData"].VR = "OW"
        one.PixelData = b"".join(PIXELS[n : n + 2][::-1] for n in range(0, len(PIXELS), 2))
    dcmwrite(stream, one, enforce_file_format=like, **_encoding(syntax))
    return stream.getvalue()


def _encoding(syntax: Any) -> dict[str, Any]:
    return {"implicit_vr": syntax.is_implicit_VR, "little_endian": syntax.is_little_endian}


def digest(data: bytes) -> str:
    found = instance_of(data, zone=ZONE)
    assert isinstance(found, Instance), found
    return found.digest


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_the_transfer_syntax_is_no_content(syntax: Any) -> None:
    assert digest(written(image(), syntax)) == digest(written(image()))


def test_what_is_of_the_file_alone_is_no_content() -> None:
    plain = digest(written(image()))
    assert digest(written(image(), implementation="B")) == plain
    changed = dcmread(BytesIO(written(image())))
    changed["ReferencedImageSequence"].is_undefined_length = True
    stream = BytesIO()
    changed.preamble = b"II*\0" + b"x" * 124
    changed.save_as(stream)
    raw = stream.getvalue()
    assert raw != written(image()) and digest(raw) == plain
    padded = image()
    padded.DataSetTrailingPadding = b"\0" * 64
    assert digest(written(padded)) == plain
    # A group length, as old files have one.
    head = written(image())
    at = head.index(b"\x08\x00\x05\x00CS")
    assert digest(head[:at] + b"\x08\x00\x00\x00UL\x04\x00\x10\x00\x00\x00" + head[at:]) == plain


def test_fragments_of_compressed_pixels_are_no_content_and_what_is_in_them_is() -> None:
    def compressed(*frames: bytes, **how: Any) -> str:
        one = image(PixelData=encapsulate(list(frames), **how), NumberOfFrames=str(len(frames)))
        one["PixelData"].is_undefined_length = True
        one["PixelData"].VR = "OB"
        return digest(written(one, RLELossless))

    frame = b"abcd" * 16
    assert compressed(frame) == compressed(frame, fragments_per_frame=4) == compressed(frame, has_bot=False)
    assert compressed(frame) != compressed(b"abce" + frame[4:])


CHANGES: dict[str, Callable[[Dataset], object]] = {
    "pixels": lambda one: setattr(one, "PixelData", b"\1" + PIXELS[1:]),
    "name": lambda one: setattr(one, "PatientName", "李^四"),
    "number": lambda one: setattr(one, "Rows", 32),
    "empty": lambda one: setattr(one, "RealWorldValueFirstValueMapped", None),
    "removed": lambda one: delattr(one, "SliceThickness"),
    "added": lambda one: setattr(one, "ImageComments", "x"),
    "in an item": lambda one: setattr(one.ReferencedImageSequence[0], "ReferencedSOPInstanceUID", "1.2.8"),
    "an item": lambda one: one.ReferencedImageSequence.append(Dataset()),
    "order": lambda one: setattr(one, "WindowCenter", ["50", "40"]),
    "private": lambda one: setattr(one.private_block(0x0011, "WARDKEEP TEST")[0x01], "value", "ode"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_every_change_of_an_element_is_another_digest(what: str) -> None:
    changed = image()
    CHANGES[what](changed)
    assert digest(written(changed)) != digest(written(image()))


def of(*images: Dataset) -> list[Version]:
    found = [instance_of(written(one), zone=ZONE) for one in images]
    return list(studies([one for one in found if isinstance(one, Instance)], system="PACS"))


def test_a_study_is_its_instances_in_any_order() -> None:
    [study] = of(image(1), image(2))
    assert (study.system, study.record, study.kind, study.patient) == ("PACS", "1.2.3", "study", "P1")
    assert study.time_us == 1772409600000000  # 2026-03-02 08:00 in Shanghai
    assert of(image(2), image(1)) == of(image(1), image(2), image(2)) == [study]
    [fewer] = of(image(1))
    [swapped] = of(image(1), image(2, PixelData=PIXELS[::-1]))
    assert len({study.digest, fewer.digest, swapped.digest}) == 3
    [later] = of(image(1), image(2, InstanceCreationDate="20260303", InstanceCreationTime="101500.25"))
    assert later.time_us - study.time_us == (26 * 3600 + 900) * 1_000_000
    [zoned] = of(image(1, TimezoneOffsetFromUTC="-0330"))
    assert zoned.time_us - study.time_us == int(11.5 * 3600) * 1_000_000


@pytest.mark.parametrize(
    "data, said",
    [
        (b"", "no DICOM that can be read: InvalidDicomError"),
        (b"\0" * 128 + b"DICM", "no study or instance UID, or no date in it"),
        (b"\0" * 128 + b"DICM" + b"\x08\x00\x05\x00CS\xff\xff", "no "),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_says_nothing_of_its_content(data: bytes, said: str) -> None:
    found = instance_of(data, zone=ZONE)
    assert isinstance(found, str) and found.startswith(said)


def test_every_cut_of_a_file_is_refused_or_another_digest() -> None:
    whole = written(image())
    for cut in range(0, len(whole) - 1, 7):
        found = instance_of(whole[:cut], zone=ZONE)
        assert not isinstance(found, Instance) or found.digest != digest(whole)


def test_sequences_without_end_are_refused() -> None:
    one = deep = image()
    for _ in range(40):
        item = Dataset()
        deep.ReferencedImageSequence = Sequence([item])
        deep = item
    found = instance_of(written(one), zone=ZONE)
    assert isinstance(found, str) and "ValueError" in found


def test_a_deflated_file_that_unpacks_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(image(PixelData=bytes(5_000_000)), DeflatedExplicitVRLittleEndian)
    assert len(data) < 50_000 and isinstance(instance_of(data, zone=ZONE), Instance)
    monkeypatch.setattr("wardkeep.watch.integrity.dicom.UNPACKED", 4_000_000)
    assert instance_of(data, zone=ZONE) == "no DICOM that can be read: ValueError"


def test_a_dicom_file_is_known_by_its_head() -> None:
    assert looks_like_dicom(written(image())[:132]) and not looks_like_dicom(b"MSH|" * 40)
