# SPDX-License-Identifier: Apache-2.0
"""Studies sealed from a real archive by DICOMweb, and read again: what was changed, removed or put in behind is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from tests import orthanc
from tests.orthanc import PASSWORD, USER, Archive
from tests.unit.integrity.test_dicom import PIXELS, image, written
from wardkeep.home import Home
from wardkeep.jobs.pulling.database import ServerLost
from wardkeep.jobs.record_sources import FromSource, read_again, record_source_named, seal_from
from wardkeep.jobs.records import SealedNow, read_records, seal_read, sealed_versions
from wardkeep.watch.pull import SchemaChanged

AT = datetime(2026, 3, 12, 2, tzinfo=UTC)
SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless)


@pytest.fixture(scope="session")
def _orthanc() -> Iterator[Archive]:
    try:
        with orthanc.an_archive() as archive:
            yield archive
    except orthanc.NoOrthanc as exc:
        pytest.skip(str(exc))


def taken(study: int, number: int, **more: Any) -> bytes:
    """An image of an invented study of a day in March, in the manner of one of several makers."""
    named = {
        "StudyInstanceUID": f"1.2.826.{study}", "SeriesInstanceUID": f"1.2.826.{study}.{number % 2}",
        "SOPInstanceUID": f"1.2.826.{study}.{number % 2}.{number}", "StudyDate": f"202603{study:02d}",
        "PatientID": f"P{study}",
    }  # fmt: skip
    one = image(number, **{**named, **more})
    syntax = SYNTAXES[(study + number) % 3]
    if syntax is RLELossless:
        one.PixelData = encapsulate([bytes(one.PixelData)])
        one["PixelData"].VR, one["PixelData"].is_undefined_length = "OB", True
    return written(one, syntax)


class Studies:
    """An archive with studies 2 to 9, one a day of March and three images each, and a source of it."""

    def __init__(self, folder: Path, archive: Archive, home: Home) -> None:
        self.folder, self.archive, self.home = folder, archive, home

    def source(self, **more: Any) -> Path:
        secret = self.folder / "secret"
        secret.write_text(PASSWORD + "\n")
        secret.chmod(0o600)
        keys = {
            "name": "pacs", "url": self.archive.url, "user": USER, "password_file": "secret", "system": "PACS",
            "start": "2026-03-01", "batch": 2,
        } | more  # fmt: skip
        path = self.folder / "pacs.toml"
        path.write_text("".join(f"{key} = {value!r}\n" for key, value in keys.items() if value is not None), "utf-8")
        return path

    def seal(self, at: datetime = AT, **more: Any) -> FromSource:
        return seal_from(self.home, record_source_named(self.source(**more)), at=at)

    def check(self, sample: int | None = 1000, at: datetime = AT, **more: Any) -> FromSource:
        return read_again(self.home, record_source_named(self.source(**more)), at=at, sample=sample)


@pytest.fixture
def studies(tmp_path: Path, _orthanc: Archive, home: Home) -> Studies:
    home.config.touch()
    _orthanc.clear()
    _orthanc.store(*(taken(study, number) for study in range(2, 10) for number in range(3)))
    return Studies(tmp_path, _orthanc, home)


def problems(done: FromSource) -> list[tuple[int, str]]:
    return sorted((int(d.record.rpartition(".")[2]), str(d.problem)) for d in done.differences)


def test_each_study_is_sealed_once_as_from_files_and_found_again_as_it_was(studies: Studies, tmp_path: Path) -> None:
    first = studies.seal()
    assert (first.read, first.sealed, first.unusable, problems(first), first.troubles) == (8, 8, 0, [], [])
    assert first.watermark == "2026-03-12"
    again = studies.seal()
    assert (again.read, again.sealed) == (0, 0)  # what was read of the last days is not read again
    held = studies.check()
    assert (held.sealed, held.compared, held.intact, held.unaskable, problems(held)) == (0, 8, 8, 0, [])
    folder = tmp_path / "files"
    folder.mkdir()
    for study in range(2, 10):
        for number in range(3):
            (folder / f"{study}-{number}").write_bytes(taken(study, number))
    read = read_records([folder], zone="Asia/Shanghai")
    assert set(read.versions) == set(sealed_versions(studies.home))
    assert seal_read(studies.home, read, source="files", at=AT) == SealedNow(new=0, refused=(), doubtful=())


def test_what_was_changed_removed_or_put_in_behind_is_named_and_never_sealed(studies: Studies) -> None:
    studies.seal()
    archive = studies.archive
    archive.remove("Instance", SOPInstanceUID="1.2.826.3.0.2")
    archive.store(taken(3, 2, PixelData=b"\1" + PIXELS[1:]))
    archive.remove("Instance", SOPInstanceUID="1.2.826.4.0.2")  # one image of three
    archive.remove("Study", StudyInstanceUID="1.2.826.5")
    archive.remove("Instance", SOPInstanceUID="1.2.826.9.0.0")  # within the days that sealing looks through
    archive.store(
        *(
            taken(6, number, StudyInstanceUID="1.2.826.77", SOPInstanceUID=f"1.2.826.77.{number}")
            for number in range(2)
        ),
        taken(7, 8, SOPInstanceUID="1.2.826.7.8"),  # comes to a study, and tells of no later time
    )
    expected = [(3, "changed"), (4, "changed"), (5, "missing"), (7, "changed"), (9, "changed"), (77, "back_dated")]
    assert problems(studies.seal()) == problems(studies.seal()) == [(9, "changed")]
    for _ in range(2):  # it stays so: what was found is not taken for what was signed
        done = studies.check()
        assert problems(done) == expected
        assert (done.compared, done.intact, done.sealed) == (8, 3, 0)
        assert sorted(done.troubles) == [
            "1.2.826.3: 3 images, of 3 that were sealed; changed or added: 1.2.826.3.0.2",
            "1.2.826.4: 2 images, of 3 that were sealed",
            "1.2.826.7: 4 images, of 3 that were sealed; changed or added: 1.2.826.7.8",
            "1.2.826.9: 2 images, of 3 that were sealed",
        ]
    assert problems(studies.check(sample=None)) == expected
    late = studies.check(sample=None, overlap_days=9)  # it says that studies come so late
    assert (late.sealed, problems(late)) == (1, expected[:-1])


def test_an_image_that_came_later_and_says_so_makes_a_version(studies: Studies) -> None:
    studies.seal()
    studies.archive.store(
        taken(9, 7, InstanceCreationDate="20260310", InstanceCreationTime="0800", SOPInstanceUID="1.2.826.9.7")
    )
    done = studies.check()
    assert (done.sealed, done.intact, problems(done)) == (1, 8, [])
    assert len(sealed_versions(studies.home, records={"1.2.826.9"})) == 2


def test_an_image_that_was_changed_is_not_hidden_by_one_that_comes_later(studies: Studies) -> None:
    studies.seal()
    later = {"InstanceCreationDate": "20260310", "InstanceCreationTime": "0800"}
    studies.archive.remove("Instance", SOPInstanceUID="1.2.826.9.0.2")
    studies.archive.store(taken(9, 2, PixelData=b"\1" + PIXELS[1:]), taken(9, 7, SOPInstanceUID="1.2.826.9.7", **later))
    done = studies.seal()
    assert (done.sealed, [(d.record, str(d.problem)) for d in done.doubtful]) == (1, [("1.2.826.9", "unmarked")])
    [said] = done.troubles
    assert "1.2.826.9.0.2" in said


def test_a_study_of_an_old_day_that_was_made_since_is_sealed_when_its_day_is_looked_through(studies: Studies) -> None:
    studies.seal()
    made = {"InstanceCreationDate": "20260311", "InstanceCreationTime": "0900"}
    studies.archive.store(taken(4, 1, StudyInstanceUID="1.2.826.88", SOPInstanceUID="1.2.826.88.1", **made))
    done = studies.check()
    assert (done.sealed, problems(done)) == (1, [])
    assert studies.check().compared == 9


def test_a_study_is_sealed_when_all_of_it_should_have_come(studies: Studies) -> None:
    begun = datetime(2026, 3, 9, tzinfo=UTC)  # eight in the morning in Shanghai
    assert studies.seal(at=begun + timedelta(hours=1)).sealed == 7
    assert studies.seal(at=begun + timedelta(hours=3)).sealed == 1


def test_sealing_that_was_stopped_goes_on_where_it_was(studies: Studies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wardkeep.jobs.record_studies.GATHER", 1)
    asked = iter([False] * 30 + [True] * 1000)
    given = record_source_named(studies.source())
    first = seal_from(studies.home, given, at=AT, stop=lambda: next(asked))
    assert 0 < first.sealed < 8
    second = studies.seal(overlap_days=1)
    assert first.sealed + second.sealed == 8
    assert second.read <= 8 - first.sealed + 1
    (studies.home.data_folder / "records" / "pacs.json").unlink()
    assert (studies.seal().read, len(sealed_versions(studies.home))) == (8, 8)


def test_what_files_sealed_is_held_against_the_archive(studies: Studies, tmp_path: Path) -> None:
    (tmp_path / "I1").write_bytes(taken(4, 0))
    seal_read(studies.home, read_records([tmp_path / "I1"], zone="Asia/Shanghai"), source="I1", at=AT)
    done = studies.seal()
    assert (done.sealed, problems(done)) == (7, [(4, "changed")])  # the archive has three images, the file was one


def test_the_state_names_no_study_and_belongs_to_its_archive(studies: Studies) -> None:
    studies.seal()
    state = studies.home.data_folder / "records" / "pacs.json"
    kept = [state, *state.with_name("pacs.images").iterdir()]
    assert len(kept) == 9 and not any("1.2.826" in one.read_text() for one in kept)
    with pytest.raises(SchemaChanged, match=r"pacs\.json tells of"):
        studies.seal(url=studies.archive.url + "/")


def test_a_sample_reads_only_the_drawn_studies(studies: Studies) -> None:
    studies.seal()
    assert studies.check(sample=3).compared == 3
    given = record_source_named(studies.source(sample=2))
    assert given.sample(200) == 2


def test_a_wrong_password_and_a_wrong_address_check_nothing(studies: Studies) -> None:
    given = record_source_named(studies.source())
    with pytest.raises(ServerLost, match="pacs: refused with status 401"):
        seal_from(studies.home, replace(given, password="wrong"), at=AT)
    with pytest.raises(ServerLost, match="no list, but status 404"):
        studies.seal(url=studies.archive.url + "-not")
    assert sealed_versions(studies.home) == []
