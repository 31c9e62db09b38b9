# SPDX-License-Identifier: Apache-2.0
"""An archive that answers with what it should not: named, sealed never, and without the name of a patient."""

from __future__ import annotations

import gzip
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.integration.listen.test_http import certificates
from tests.integration.pull.archive import NAME, PATIENT, Asked, Fake, a_fake, parted, taken
from wardkeep.home import Home
from wardkeep.jobs.pulling.database import ServerLost
from wardkeep.jobs.pulling.pacs import Pacs
from wardkeep.jobs.pulling.web import Web
from wardkeep.jobs.record_sources import FromSource, read_again, record_source_named, seal_from
from wardkeep.jobs.records import sealed_versions
from wardkeep.watch.pull import BadAnswer, BadSource, PullError
from wardkeep.watch.pull.dicomweb import Image, parse_pacs_source

AT = datetime(2026, 3, 6, 2, tzinfo=UTC)
SECRET, MIB = "t0ken.of-nobody", 1 << 20
MULTIPART = 'multipart/related; type="application/dicom"; boundary=b-o-u-n-d'
BAD = "1.2.3.3"
FIRST = Image(series=f"{BAD}.1", image=f"{BAD}.1.0")


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

    def seal(self, **more: Any) -> FromSource:
        return seal_from(self.home, record_source_named(self.source(**more)), at=AT)

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


def says_nothing(text: str) -> bool:
    return not any(secret in text for secret in (NAME, "小明", PATIENT, SECRET, "Bearer"))


def bad_image(answer: Callable[[Asked], object]) -> Callable[[Asked], bool]:
    """Answer so where an image of one study is asked for."""

    def twist(asked: Asked) -> bool:
        if asked.what != "image" or f"/{BAD}/" not in asked.path:
            return False
        answer(asked)
        return True

    return twist


def body(data: bytes, kind: str = MULTIPART, status: int = 200, **headers: str) -> Callable[[Asked], object]:
    return lambda asked: asked.say(status, data, kind, **headers)


def endless(head: bytes, kind: str = MULTIPART) -> Callable[[Asked], object]:
    """A body without end, and with the name of a patient over and over."""

    def answer(asked: Asked) -> None:
        asked.send_response(200)
        asked.send_header("Content-Type", kind)
        asked.send_header("Transfer-Encoding", "chunked")
        asked.end_headers()
        block = head
        while True:
            asked.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))
            block = NAME.encode() * 4096

    return answer


def unbounded(data: bytes, kind: str) -> Callable[[Asked], object]:
    """A body that ends with its connection."""

    def answer(asked: Asked) -> None:
        asked.send_response(200)
        asked.send_header("Content-Type", kind)
        asked.send_header("Connection", "close")
        asked.end_headers()
        asked.wfile.write(data)

    return answer


def cut(data: bytes, told: int, *, chunked: bool = False) -> Callable[[Asked], object]:
    def answer(asked: Asked) -> None:
        asked.send_response(200)
        asked.send_header("Content-Type", MULTIPART)
        if chunked:
            asked.send_header("Transfer-Encoding", "chunked")
            data_sent = b"%x\r\n%b" % (told, data)
        else:
            asked.send_header("Content-Length", str(told))
            data_sent = data
        asked.end_headers()
        asked.wfile.write(data_sent)
        asked.close_connection = True

    return answer


GOOD = taken(3, 0)
HEAD = b"--b-o-u-n-d\r\nContent-Type: application/dicom\r\n\r\n"
IMAGES: dict[str, tuple[Callable[[Asked], object], str]] = {
    "without a length": (unbounded(GOOD, "application/dicom"), "without its length"),
    "another type": (body(f"<p>{NAME}</p>".encode(), "text/html"), "multipart/related of application/dicom"),
    "another part": (body(parted(GOOD, kind=b"text/html")), "a part of an answer is not application/dicom"),
    "of what": (body(parted(GOOD), MULTIPART.replace("application", "text")), "multipart/related of application/dicom"),
    "broken": (body(f"no {NAME}".encode(), "text/plain", 500), "an answer has status 500"),
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
OTHERS: dict[str, Callable[[Asked], object]] = {
    "no DICOM": body(parted(NAME.encode() * 100)),
    "another image": body(parted(taken(4, 0))),
    "gone": body(b"", "text/plain", 404),
}


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


def test_what_is_slow_is_given_up(pacs: Pacs, fake: Fake) -> None:
    def dripping(asked: Asked) -> None:
        asked.send_response(200)
        asked.send_header("Content-Type", MULTIPART)
        asked.end_headers()
        while True:
            asked.wfile.write(b"x")
            time.sleep(0.05)

    fake.twist = bad_image(dripping)
    with asking(fake, answer_timeout=1) as hasty, pytest.raises(BadAnswer, match="takes longer than 1 seconds"):
        hasty.image(BAD, FIRST)
    ended = threading.Event()
    fake.twist = bad_image(lambda asked: ended.wait(60))
    with asking(fake, timeout=1) as hasty, pytest.raises(BadAnswer, match="nothing came for long"):
        hasty.image(BAD, FIRST)
    ended.set()


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
    monkeypatch.setattr("wardkeep.jobs.record_studies.TOLERATED", 3)
    reader.fake.twist = lambda asked: (
        asked.what == "image" and "/1.2.3.2/" not in asked.path and not asked.say(500, b"", "text/plain")
    )
    with pytest.raises(BadAnswer, match="pacs: an answer has status 500, 3 times one after the other"):
        reader.seal()
    assert reader.sealed() == ["1.2.3.2"]


def of_studies(answer: Callable[[Asked], object]) -> Callable[[Asked], bool]:
    def twist(asked: Asked) -> bool:
        if asked.what != "studies" or "StudyDate=20260304" not in asked.path:
            return False
        answer(asked)
        return True

    return twist


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
