# SPDX-License-Identifier: Apache-2.0
"""An archive that answers with what it should not: named, sealed never, and without the name of a patient."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.listen.test_http import certificates
from tests.integration.pull.archive import (
    BAD,
    MULTIPART,
    NAME,
    Asked,
    Fake,
    a_fake,
    bad_image,
    body,
    of_studies,
    parted,
    taken,
)
from wardkeep.home import Home
from wardkeep.jobs.pulling.database import NoDriver, ServerLost
from wardkeep.jobs.record_sources import FromSource, read_again, record_source_named, seal_from
from wardkeep.jobs.records import sealed_versions
from wardkeep.watch.pull import BadAnswer, BadSource

AT = datetime(2026, 3, 6, 2, tzinfo=UTC)
SECRET, MIB = "t0ken.of-nobody", 1 << 20


class Reader:
    """A home, and a source of the archive."""

    def __init__(self, folder: Path, home: Home, fake: Fake) -> None:
        self.folder, self.home, self.fake = folder, home, fake

    def source(self, **more: Any) -> Path:
        secret = self.folder / "token"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        keys = {
            "name": "pacs", "url": f"http://127.0.0.1:{self.fake.port}/dw", "token_file": "token", "system": "PACS",
            "start": "2026-03-02", "largest": 1, "batch": 3,
        } | more  # fmt: skip
        path = self.folder / "pacs.toml"
        path.write_text("".join(f"{key} = {value!r}\n" for key, value in keys.items() if value is not None), "utf-8")
        return path

    def seal(self, at: datetime = AT, **more: Any) -> FromSource:
        return seal_from(self.home, record_source_named(self.source(**more)), at=at)

    def check(self, **more: Any) -> FromSource:
        return read_again(self.home, record_source_named(self.source(**more)), at=AT, sample=100)

    def sealed(self) -> list[str]:
        return sorted(v.record for v in sealed_versions(self.home))


@pytest.fixture
def reader(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    home.config.touch()
    monkeypatch.setattr("wardkeep.jobs.pulling.pacs.AGAIN", 0)
    with a_fake() as fake:
        yield Reader(tmp_path, home, fake)


GOOD = taken(3, 0)
OTHERS: dict[str, Callable[[Asked], object]] = {
    "no DICOM": body(parted(NAME.encode() * 100)),
    "another image": body(parted(taken(4, 0))),
    "gone": body(b"", "text/plain", 404),
}


def test_a_study_that_cannot_be_read_is_named_and_keeps_no_other_from_it(reader: Reader) -> None:
    reader.fake.twist = bad_image(body(parted(GOOD), "text/html"))
    done = reader.seal()
    assert (done.sealed, done.unusable) == (3, 1) and reader.sealed() == ["1.2.3.2", "1.2.3.4", "1.2.3.5"]
    assert done.troubles == [f"{BAD}: an image is not sent as multipart/related of application/dicom"]
    for answer in OTHERS.values():
        reader.fake.twist = bad_image(answer)
        [trouble] = reader.seal(overlap_days=20).troubles  # it is tried again while its day is looked through
        assert trouble == f"{BAD}: no DICOM, not there, or other images: {BAD}.1.0, {BAD}.1.1"
    reader.fake.twist = None
    assert reader.seal(overlap_days=20).sealed == 1


def test_a_study_that_could_not_be_read_is_tried_again_and_did_not_come_in_behind(reader: Reader) -> None:
    reader.fake.twist = bad_image(body(b"", "text/plain", 500))
    for at in (AT, AT + timedelta(days=20)):
        assert [one.partition(":")[0] for one in reader.seal(at).troubles] == [BAD]
        reader.fake.images[f"1.2.3.{at.day}.1.0"] = taken(at.day, 0)
    reader.fake.twist = None
    done = reader.seal(AT + timedelta(days=21))
    assert (done.sealed, done.differences, done.troubles) == (2, [], []) and BAD in reader.sealed()
    reader.fake.images = {name: data for name, data in reader.fake.images.items() if not name.startswith(BAD)}
    assert reader.seal(AT + timedelta(days=22)).troubles == []


def test_a_sealed_study_that_cannot_be_read_again_is_neither_intact_nor_lost(reader: Reader) -> None:
    reader.seal()
    reader.fake.twist = bad_image(body(b"", "text/plain", 500))
    done = reader.check()
    assert (done.compared, done.intact, done.unaskable, done.differences) == (3, 3, 1, [])
    reader.fake.twist = bad_image(body(parted(b"rotten")))
    done = reader.check()  # what is sent whole and is no image is not what was sealed
    assert [(one.record, str(one.problem)) for one in done.differences] == [(BAD, "changed")]
    reader.fake.twist = lambda asked: asked.what == "image" and not asked.say(503, b"", "text/plain")
    with pytest.raises(BadAnswer, match="none of 4 studies could be read"):
        reader.check()


def test_an_archive_that_gives_no_study_at_all_is_lost(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wardkeep.jobs.pulling.studies.TOLERATED", 3)
    reader.fake.twist = lambda asked: (
        asked.what == "image" and "/1.2.3.2/" not in asked.path and not asked.say(500, b"", "text/plain")
    )
    with pytest.raises(BadAnswer, match="pacs: an answer has status 500, 3 times one after the other"):
        reader.seal()
    assert reader.sealed() == ["1.2.3.2"]


def test_a_list_that_is_none_ends_the_reading_and_what_was_read_stays(reader: Reader) -> None:
    reader.fake.twist = of_studies(body(NAME.encode(), "application/dicom+json"))
    with pytest.raises(BadAnswer, match="not JSON as DICOMweb has it"):
        reader.seal()
    assert reader.sealed() == ["1.2.3.2", "1.2.3.3"]
    reader.fake.twist = None
    assert reader.seal().sealed == 2


def test_a_redirect_is_not_followed_and_no_other_host_hears_of_the_token(reader: Reader) -> None:
    with a_fake() as other:
        for status in (301, 302, 307, 308):
            for host in (f"127.0.0.1:{other.port}", f"localhost:{other.port}"):
                to = f"http://{host}/dw/studies"
                reader.fake.twist = lambda asked, to=to, status=status: not asked.say(status, b"", "x", Location=to)
                with pytest.raises(BadAnswer, match=f"sends elsewhere \\(status {status}\\)"):
                    reader.seal()
        assert other.heard == []
    assert all(headers["Authorization"] == f"Bearer {SECRET}" for _, headers in reader.fake.heard)


def test_a_server_may_have_its_own_bound_of_a_page_or_none(reader: Reader) -> None:
    def one_by_one(asked: Asked) -> bool:
        rows = [] if asked.what == "image" else reader.fake.rows(asked)[:1]
        return asked.what != "image" and not asked.say_list(rows)

    reader.fake.twist = one_by_one
    assert reader.seal(batch=100).sealed == 4

    def all_of_it(asked: Asked) -> bool:
        if asked.what == "images":
            asked.path = asked.path.partition("?")[0]
        return False

    reader.fake.twist = all_of_it
    (reader.home.data_folder / "records" / "pacs.json").unlink()
    done = reader.seal(batch=1)
    assert (done.read, done.troubles, done.sealed) == (4, [], 0)


def test_images_that_are_counted_and_not_listed_are_no_whole_study(reader: Reader) -> None:
    reader.fake.twist = lambda asked: (
        asked.what == "images" and f"/{BAD}/" in asked.path and not asked.say_list(reader.fake.rows(asked)[1:])
    )
    [trouble] = reader.seal().troubles
    assert trouble == f"{BAD}: it is said to have 2 images, and 1 are listed"


def test_a_connection_that_was_closed_in_between_is_opened_again(reader: Reader) -> None:
    def closing(asked: Asked) -> bool:
        asked.close_connection = True  # without a word of it
        return False

    reader.fake.twist = closing
    assert reader.seal().sealed == 4


def test_what_failed_once_is_asked_again(reader: Reader) -> None:
    failed: set[str] = set()

    def once(asked: Asked) -> bool:
        first = asked.path not in failed
        failed.add(asked.path)
        return first and not asked.say(503, b"", "text/plain")

    reader.fake.twist = once
    assert (reader.seal().sealed, reader.check().intact) == (4, 4)


def test_no_more_comes_in_a_second_than_the_rate_says(reader: Reader) -> None:
    reader.fake.images = {"1.2.3.2.1.0": taken(2, 0, PixelData=bytes(500_000))}
    begun = time.monotonic()
    assert reader.seal(rate=1).sealed == 1
    assert time.monotonic() - begun > 0.4


def test_of_a_large_study_one_image_is_held_at_a_time(reader: Reader) -> None:
    reader.fake.images = {f"1.2.3.2.1.{n}": b"" for n in range(40)}

    def made(asked: Asked) -> bool:
        if asked.what == "image":  # made when it is asked for: nobody holds 160 MiB
            number = int(asked.path.rpartition(".")[2])
            asked.say(200, parted(taken(2, number, PixelData=bytes(4 * MIB))), MULTIPART)
        return asked.what == "image"

    reader.fake.twist = made
    tracemalloc.start()
    try:
        assert reader.seal(largest=8, batch=50).sealed == 1
        assert tracemalloc.get_traced_memory()[1] < 64 * MIB
    finally:
        tracemalloc.stop()


def test_a_certificate_is_checked_and_its_authority_can_be_named(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.config.touch()
    certificates(tmp_path)
    speaks = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    speaks.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    with a_fake(speaks) as fake:
        reader = Reader(tmp_path, home, fake)
        url = f"https://127.0.0.1:{fake.port}/dw"
        with pytest.raises(ServerLost, match="pacs: the certificate is not accepted"):
            reader.seal(url=url)
        there = socket.create_connection
        monkeypatch.setattr("socket.create_connection", lambda to, *rest: there(("127.0.0.1", to[1]), *rest))
        with pytest.raises(ServerLost, match="the certificate is not accepted: Hostname mismatch"):
            reader.seal(url=url.replace("127.0.0.1", "pacs.hospital.example"), ca_file="ca.pem")
        assert fake.heard == []
        assert reader.seal(url=url, ca_file="ca.pem").sealed == 4
        with pytest.raises(BadSource, match="cannot be read as certificates"):
            reader.seal(url=url, ca_file="server.key")
        # What speaks no TLS is not spoken to without it.
        with a_fake() as plain, pytest.raises(ServerLost, match="no connection"):
            reader.seal(url=f"https://127.0.0.1:{plain.port}/dw", ca_file="ca.pem", name="plain")


def test_a_server_that_shakes_hands_without_end_is_given_up(reader: Reader) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: [server.accept(), time.sleep(30)], daemon=True).start()
        with pytest.raises(ServerLost, match="no connection"):
            reader.seal(url=f"https://127.0.0.1:{server.getsockname()[1]}/dw", timeout=20, answer_timeout=1)


def test_a_token_that_is_none_is_refused_before_anything_is_asked(reader: Reader) -> None:
    path = reader.source()
    (path.parent / "token").write_text("a\r\nX-Other: b")
    with pytest.raises(BadSource, match="the token holds what no token has"):
        seal_from(reader.home, record_source_named(path), at=AT)
    (path.parent / "token").chmod(0o644)
    with pytest.raises(BadSource, match="can be read by others"):
        record_source_named(path)
    assert reader.fake.heard == []


def test_without_the_reader_of_dicom_nothing_is_asked(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(NoDriver, match="pydicom") as told:
        reader.seal()
    assert told.value.hint == "pip install 'wardkeep[dicom]'" and reader.fake.heard == []
