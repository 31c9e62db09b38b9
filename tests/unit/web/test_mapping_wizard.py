# SPDX-License-Identifier: Apache-2.0
"""Making a mapping in the console: proposed, changed, shown, confirmed by a person; nothing is left of the sample."""

from __future__ import annotations

import json
import logging
import random
import re
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.stored import NOON, Kept, Set, batch
from tests.unit.intake.test_proposing import CELLS, HIS
from tests.unit.intake.test_sheets import SHEET, book, repacked
from tests.unit.web.markup import faults, texts
from tests.unit.web.test_messages import ALLOWED
from wardkeep.jobs.mappings import mapping_file, mappings_folder
from wardkeep.ledger import LedgerReader

NEW = "/intake/mapping/new/"
#: A patient's number and an account that stand in the sample and may stand on no page, in no address, in no log.
PATIENT, ACCOUNT = "P20260017", "wangxiaoming"
EXPORT = HIS.replace(",P1,", f",{PATIENT},").replace(",001,", f",{ACCOUNT},")


@pytest.fixture(autouse=True)
def folders(django_home: Any) -> Iterator[None]:
    """Nothing of another test is held."""
    from wardkeep.web.intake.samples import SAMPLES

    SAMPLES._held.clear()
    yield
    SAMPLES._held.clear()
    shutil.rmtree(mappings_folder(django_home), ignore_errors=True)


def held() -> int:
    from wardkeep.web.intake.samples import SAMPLES

    return len(SAMPLES)


def sent(client: Any, data: bytes, name: str = "his-20260302.csv") -> Any:
    return client.post(NEW, {"sample": SimpleUploadedFile(name, data)})


def begun(client: Any, data: bytes = EXPORT.encode("gb18030"), name: str = "his-20260302.csv") -> str:
    """The address of the page of a sample."""
    answer = sent(client, data, name)
    assert answer.status_code == 302 and re.fullmatch(r"/intake/mapping/[0-9a-f-]{36}/", answer["Location"])
    return str(answer["Location"])


def fields(page: str) -> dict[str, str]:
    """What the form would send."""
    found = dict(re.findall(r'<input[^>]*? name="([\w-]+)"[^>]*? value="([^"]*)"', page))
    for name, inside in re.findall(r'<select[^>]*? name="([\w-]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', inside)
        found[name] = chosen[1] if chosen else (re.search(r'<option value="([^"]*)"', inside) or ["", ""])[1]
    found.pop("csrfmiddlewaretoken", None)
    return {name: value.replace("&quot;", '"').replace("&amp;", "&") for name, value in found.items()}


def test_a_proposal_is_shown_with_its_reasons_and_without_any_identity(enter: Any) -> None:
    client = enter("data_administrator")
    page = client.get(begun(client)).content.decode()
    assert "the column is called “操作时间”" in page and "95 %" in page
    assert "28 events" in page and "0 left out" in page and "2026-03-01 08:01:00" in page
    assert PATIENT not in page and ACCOUNT not in page and "A99999999" in page
    assert faults(page) == []


def test_reasons_are_told_in_the_language_of_the_page(enter: Any) -> None:
    client = enter("data_administrator", "zh")
    page = client.get(begun(client)).content.decode()
    assert "列名是“操作时间”" in page and "the column is called" not in page


def test_a_chinese_page_has_no_english_left(enter: Any) -> None:
    client = enter("data_administrator", "zh", full_name="王主任")
    address = begun(client, name="门诊日志-20260302.csv")
    known = r"(?i:utf|gb18030|gbk|LE|BE|BOM|big5|shift|jis|windows|his|csv|syslog|log|ID|[A9]+|xlsx|FHIR|HL|ATNA|MB)"
    form = fields(client.get(address).content.decode())
    client.post(address, {**form, "do": "confirm"})
    pages = [client.get(begun(client, name="门诊日志-20260302.csv")), client.get("/intake/")]
    for page in pages:
        text = page.content.decode()
        assert faults(text) == []
        left = [word for word in texts(text) if re.search(r"[A-Za-z]{2}", re.sub(known, "", ALLOWED.sub("", word)))]
        assert left == []


def test_a_word_with_a_star_stands_for_no_other_word(enter: Any, django_home: Any) -> None:
    client = enter("data_administrator")
    address = begun(client, EXPORT.replace("查看", "*").encode())
    form = fields(client.get(address).content.decode())
    star = next(n for n in range(9) if form.get(f"word-action-{n}") == "")
    client.post(address, {**form, f"word-action-{star}": "read", "rest-action": ""})
    form = fields(client.get(address).content.decode())
    client.post(address, {**form, "name": "star", "do": "confirm"})
    assert '"*" = "read"' not in mapping_file(django_home, "star").read_text(encoding="utf-8")


def test_nothing_is_written_before_a_person_confirms(enter: Any, django_home: Any) -> None:
    from wardkeep.seal.models import Outbox

    client = enter("data_administrator")
    address = begun(client)
    client.post(address, {**fields(client.get(address).content.decode()), "do": "try"})
    assert not mappings_folder(django_home).exists()
    assert not Outbox.objects.filter(body__contains="intake:mapping").exists()


def test_what_is_confirmed_is_what_was_shown_and_ingest_finds_it(enter: Any, django_home: Any, tmp_path: Path) -> None:
    from wardkeep.jobs.ingesting import logs_of
    from wardkeep.seal.models import Outbox

    client = enter("data_administrator")
    address = begun(client)
    form = fields(client.get(address).content.decode())
    answer = client.post(address, {**form, "name": "his", "system": "HIS", "do": "confirm"}, follow=True)
    assert "version 1, is in force for his-*.csv" in answer.content.decode() and held() == 0
    text = mapping_file(django_home, "his").read_text(encoding="utf-8")
    assert 'files = ["his-*.csv"]' in text and 'encoding = "gb18030"' in text and PATIENT not in text
    (act,) = Outbox.objects.filter(body__contains="intake:mapping:confirmed")
    assert json.loads(act.body)["facts"]["mapping"] == "his"
    later = tmp_path / "his-20260303.csv"
    later.write_bytes(EXPORT.encode("gb18030"))
    (log,) = logs_of([later], home=django_home)
    assert log.mapping is not None
    assert {one.system for one in log.read(zone="Asia/Shanghai")} == {"HIS"}  # type: ignore[union-attr]


def test_a_change_after_what_was_shown_is_shown_before_it_can_be_confirmed(enter: Any, django_home: Any) -> None:
    client = enter("data_administrator")
    address = begun(client)
    form = fields(client.get(address).content.decode())
    at = next(name for name, value in form.items() if value == "resource")
    changed = client.post(address, {**form, at: "", "do": "confirm"})
    page = changed.content.decode()
    assert "Something was changed after what is shown" in page and not mapping_file(django_home, "his").exists()
    assert client.post(address, {**fields(page), "do": "confirm"}).status_code == 302
    assert "resource" not in mapping_file(django_home, "his").read_text(encoding="utf-8")


def test_a_column_and_a_word_are_changed_and_the_rows_show_it(enter: Any) -> None:
    client = enter("data_administrator")
    address = begun(client)
    form = fields(client.get(address).content.decode())
    page = client.post(address, {**form, "word-action-0": "", "rest-action": ""}).content.decode()
    assert "14 events" in page and "14 left out" in page and "unmapped-action" in page
    page = client.post(address, {**form, "column-0": ""}).content.decode()
    assert "Choose the column that holds the time." in page
    page = client.post(address, {**form, "column-5": "account"}).content.decode()
    assert "Two columns become the same: account." in page


def test_text_that_is_read_otherwise_is_looked_at_anew(enter: Any) -> None:
    client = enter("data_administrator")
    address = begun(client)
    form = fields(client.get(address).content.decode())
    page = client.post(address, {**form, "header": "0", "skip_lines": "1", "do": "confirm"}).content.decode()
    assert "its columns were looked at anew" in page and "column 1" in page and "28 events" in page
    page = client.post(address, {**form, "separator": "tilde"}).content.decode()
    assert fields(page)["separator"] == "tilde" or "no table is seen" in page


def test_another_action_column_brings_its_own_words(enter: Any) -> None:
    client = enter("data_administrator")
    address = begun(client)
    form = fields(client.get(address).content.decode())
    old = next(name for name, value in form.items() if value == "action" and name.startswith("column"))
    new = next(name for name, value in form.items() if value == "outcome" and name.startswith("column"))
    page = client.post(address, {**form, old: "", new: "action"}).content.decode()
    assert re.search(r'<label class="breaks" for="word-action-0">成功</label>', page)


def test_the_name_the_system_and_the_files_are_checked(enter: Any) -> None:
    client = enter("data_administrator")
    address = begun(client)
    form = fields(client.get(address).content.decode())
    for name, wrong, said in (
        ("name", "vpn", "no shipped mapping has"),
        ("name", "../x", "small letters"),
        ("name", "", "small letters"),
        ("system", " ", "Name the system"),
        ("system", "Wardkeep", "give the system another name"),
        ("files", "*", "without a folder"),
        ("files", "a/b.csv", "without a folder"),
        ("files", "pacs-*.csv", "does not fit"),
        ("zone", "Mars/Base", "no time zone"),
    ):
        shown = client.post(address, {**form, name: wrong})
        again = client.post(address, {**fields(shown.content.decode()), name: wrong, "do": "confirm"})
        assert again.status_code == 422 and said in again.content.decode(), (name, wrong)


def test_a_sheet_is_proposed_and_confirmed(enter: Any, django_home: Any) -> None:
    client = enter("security_director")
    address = begun(client, book([["门诊系统日志"], *CELLS]), "门诊 2026.xlsx")
    page = client.get(address).content.decode()
    assert "第1页" in page and "28 events" in page and 'name="encoding"' not in page
    assert client.post(address, {**fields(page), "do": "confirm"}).status_code == 302
    text = mapping_file(django_home, "log").read_text(encoding="utf-8")
    assert "skip_lines = 1" in text and "encoding" not in text


def test_taking_back_is_an_act_and_brings_the_version_before(enter: Any, django_home: Any) -> None:
    from wardkeep.govern.mappings.models import MappingVersion

    client = enter("data_administrator")
    for system in ("HIS", "EMR"):
        address = begun(client)
        form = {**fields(client.get(address).content.decode()), "system": system, "do": "confirm"}
        page = client.post(address, form, follow=True).content.decode()
    assert re.search(r"version 2.*?his-\*\.csv.*?EMR", page, re.DOTALL)
    (second, first) = MappingVersion.objects.order_by("-version")
    took = client.post(f"/intake/mappings/{second.pk}/take-back/", follow=True).content.decode()
    assert "version 1 is in force again" in took
    assert 'system = "HIS"' in mapping_file(django_home, "his").read_text(encoding="utf-8")
    assert "look again" in client.post(f"/intake/mappings/{second.pk}/take-back/", follow=True).content.decode()
    client.post(f"/intake/mappings/{first.pk}/take-back/")
    assert not mapping_file(django_home, "his").exists() and MappingVersion.objects.count() == 2


def test_a_second_mapping_for_the_same_files_is_refused_and_the_first_lends_its_name(enter: Any) -> None:
    client = enter("data_administrator")
    address = begun(client)
    client.post(address, {**fields(client.get(address).content.decode()), "name": "clinic", "do": "confirm"})
    address = begun(client, name="his-20260305.csv.gz")
    page = client.get(address).content.decode()
    assert fields(page)["name"] == "clinic" and "Version 1 of it is in force" in page
    other = client.post(address, {**fields(page), "name": "other", "do": "confirm"})
    assert other.status_code == 422 and "is for such files already" in other.content.decode()


def test_only_what_shows_the_rows_is_replaced_unless_columns_or_words_are_others(enter: Any) -> None:
    client = enter("data_administrator")
    address = begun(client)
    form = fields(client.get(address).content.decode())
    action = next(name for name, value in form.items() if value == "action" and name.startswith("column"))
    assert "HX-Retarget" not in client.post(address, {**form, "name": "x", "word-action-0": "print"}).headers
    assert client.post(address, {**form, action: ""}).headers["HX-Retarget"] == "#wizard"
    assert client.post(address, {**form, "skip_lines": "1"}).headers["HX-Reselect"] == "#wizard"


def test_giving_up_forgets_the_sample(enter: Any, django_home: Any) -> None:
    client = enter("data_administrator")
    address = begun(client)
    assert held() == 1
    assert "nothing was kept" in client.post(address + "abandon/", follow=True).content.decode()
    assert held() == 0 and not mappings_folder(django_home).exists()
    assert "no longer held" in client.get(address, follow=True).content.decode()
    part = client.post(address, {"do": "try"}, headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (204, "/intake/")


def test_old_samples_are_forgotten_though_nobody_asks(enter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.web.intake import samples

    monkeypatch.setattr(samples, "LIFE", timedelta(0))
    store = samples.Samples()
    begun(enter("data_administrator"))
    one = next(iter(samples.SAMPLES._held.values()))
    store.put(one.sample, next(iter(one.proposals.values())), one.choices, owner=1, at=NOON)
    until = time.monotonic() + 30
    while len(store) and time.monotonic() < until:
        time.sleep(0.01)
    assert len(store) == 0


def test_a_sample_is_its_owners_alone_one_each_and_old_ones_are_forgotten(enter: Any) -> None:
    from wardkeep.home import now
    from wardkeep.web.intake.samples import LIFE, MOST, SAMPLES, Full

    client, other = enter("data_administrator"), enter("security_director")
    address = begun(client)
    for call in (other.get(address), other.post(address, {"do": "confirm"})):
        assert call.status_code == 302 and call["Location"] == "/intake/"
    other.post(address + "abandon/")
    assert client.get(address).status_code == 200
    begun(client)
    assert held() == 1
    one = next(iter(SAMPLES._held.values()))
    for owner in range(MOST - 1):
        SAMPLES.put(one.sample, next(iter(one.proposals.values())), one.choices, owner=owner, at=now())
    with pytest.raises(Full):
        SAMPLES.put(one.sample, next(iter(one.proposals.values())), one.choices, owner="one more", at=now())
    assert (
        "Too many mappings are being made"
        in sent(other, EXPORT.encode()).wsgi_request._messages._queued_messages[0].message
    )
    SAMPLES.forget(now() + LIFE + timedelta(seconds=1))
    assert held() == 0


def test_a_sample_touches_no_disk_and_no_log(
    enter: Any, django_home: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    caplog.set_level(logging.DEBUG)
    client = enter("data_administrator")
    big = (EXPORT + EXPORT[EXPORT.index("\n") + 1 :] * 3000).encode()
    address = begun(client, big)
    page = client.get(address).content.decode()
    client.post(address, {**fields(page), "do": "try"})
    where = [*tmp_path.rglob("*"), *django_home.path.rglob("*")]
    assert [one for one in where if one.is_file() and PATIENT.encode() in one.read_bytes()] == []
    assert PATIENT not in caplog.text and ACCOUNT not in caplog.text


@pytest.mark.parametrize(
    "data, name, said",
    [
        (b"", "x.csv", "the file is empty"),
        (b"one line and nothing else", "x.txt", "no table is seen"),
        (b"%PDF-1.7", "x.pdf", "PDF"),
        (b'{"resourceType": "AuditEvent"}', "x.json", "it needs no mapping"),
        (b"\x00\x01\x02" * 900, "x.bin", "this is no text"),
        (b"PK\x03\x04", "x.xlsx", "bad-zip"),
        (repacked(book(CELLS), {SHEET: b"<x>" + b" " * (70 << 20)}), "bomb.xlsx", "zip-bomb"),
        (book(CELLS) + b"\0" * (5 << 20), "large.xlsx", "larger than 4 MiB"),
        (("a," * 300 + "\n").encode() * 9, "wide.csv", "too many columns"),
    ],
)
def test_what_is_no_sample_is_refused_with_its_reason(enter: Any, data: bytes, name: str, said: str) -> None:
    client = enter("data_administrator")
    answer = client.post(NEW, {"sample": SimpleUploadedFile(name, data)} if data else {"sample": ""}, follow=True)
    page = answer.content.decode()
    assert "No mapping can be proposed" in page and (said in page or (not data and "choose a file" in page))
    assert held() == 0


def test_a_form_without_its_token_does_nothing(house: Any, django_home: Any) -> None:
    from django.test import Client

    from tests.unit.web import hospital

    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    client.force_login(hospital.a_member("da", "data_administrator", "en"))
    assert sent(client, EXPORT.encode()).status_code == 403 and held() == 0


def test_who_only_reads_intake_sees_the_mappings_and_is_offered_nothing(enter: Any) -> None:
    page = enter("auditor").get("/intake/").content.decode()
    assert "No mapping is confirmed yet." in page and NEW not in page
    assert NEW in enter("data_administrator").get("/intake/").content.decode()


def test_a_file_that_an_operator_put_there_is_shown_as_such(enter: Any, django_home: Any) -> None:
    mappings_folder(django_home).mkdir()
    mapping_file(django_home, "vpn-east").write_text('name = "v"\nsystem = "VPN"\n', encoding="utf-8")
    page = enter("data_administrator").get("/intake/").content.decode()
    assert re.search(r"vpn-east.*?broken.*?put there by hand", page, re.DOTALL)


@pytest.fixture
def kept(house: Any, django_home: Any, tmp_path: Path) -> Iterator[Kept]:
    """A store in which a file of columns waits whole, rows of another wait, and a resource that no mapping helps."""
    kept = Kept(tmp_path)
    head, *lines = EXPORT.encode("gb18030").splitlines(keepends=True)
    pieces = [
        Set(
            raw=head + b"".join(lines),
            format="unknown",
            reason="unknown-format: text",
            source="his-0302.csv",
            position="1",
        ),
        *(
            Set(
                raw=line.rstrip(),
                head=head,
                format="delimited:old",
                reason="bad-time: no",
                source="old.csv",
                position=str(n),
            )
            for n, line in enumerate(lines, 2)
        ),
        Set(raw=b"{", source="fhir.ndjson", position="4"),
    ]
    kept.take_in(batch([], pieces), at=NOON + timedelta(hours=2))
    before = django_home.store, django_home.ledger_reader
    django_home.store, django_home.connect_ledger = lambda: kept.store, kept.ledger
    django_home.ledger_reader = lambda: LedgerReader(tmp_path / "ledger")
    yield kept
    django_home.store, django_home.ledger_reader = before
    del django_home.connect_ledger


@pytest.mark.parametrize("source, code", [("his-0302.csv", "unknown-format"), ("old.csv", "bad-time")])
def test_what_waits_in_quarantine_is_a_sample_and_is_read_again_by_what_was_confirmed(
    enter: Any, kept: Kept, source: str, code: str
) -> None:
    client = enter("data_administrator")
    listed = client.get("/intake/").content.decode()
    assert listed.count("Propose a mapping") == 3
    begin = client.post(NEW, {"source": source, "code": code})
    page = client.get(begin["Location"]).content.decode()
    assert "28 events" in page
    assert client.post(begin["Location"], {**fields(page), "do": "confirm"}).status_code == 302
    again = client.post("/intake/read-again/", {"source": source, "code": code}, follow=True).content.decode()
    assert "0 left." in again
    assert kept.ask(f"SELECT count(*) FROM events WHERE patient_id = '{PATIENT}'") == [(1,)]


def test_a_piece_that_waits_no_more_is_said(enter: Any, kept: Kept) -> None:
    client = enter("data_administrator")
    answer = client.post(NEW, {"source": "fhir.ndjson", "code": "not-json"}, follow=True).content.decode()
    assert "nothing of that file waits any more" in answer


@pytest.mark.parametrize("count", [12, pytest.param(4_000, marks=pytest.mark.soak)])
def test_any_bytes_and_any_form_give_a_page_or_a_reason(enter: Any, count: int) -> None:
    client = enter("data_administrator")
    seeds = [
        EXPORT.encode("gb18030"), EXPORT.encode("utf-16"), EXPORT.encode("utf-16-be"), book(CELLS),
        b"x" * 300_000 + b",1\n" * 3, ("时间,工号\n" + '"' * 999).encode(), b"a|b\n" * 5 + b"\xff\xfe" * 40,
    ]  # fmt: skip
    for n in range(count):
        r = random.Random(f"upload:{n}")
        data = bytearray(r.choice(seeds))
        for _ in range(r.randrange(0, 8)):
            at = r.randrange(len(data) + 1)
            data[at : at + r.choice((0, 1, 40))] = r.choice((b"", b"\0", b'"', b"\n", b",,,", r.randbytes(9)))
        answer = sent(client, bytes(data), r.choice(("x.csv", "x.xlsx", "x.csv.gz", "日志.txt", "..x", "a;b\\c.csv")))
        assert answer.status_code == 302
        if answer["Location"] == "/intake/":
            continue
        form = fields(client.get(answer["Location"]).content.decode())
        for name in r.sample(sorted(form), min(6, len(form))):
            form[name] = r.choice(
                ("", "time", "action", "9" * 40, "-1", "utf-16", "gb18030", "\x00", "名" * 300, "*", "pipe")
            )
        assert client.post(answer["Location"], {**form, "do": r.choice(("try", "confirm"))}).status_code in (
            200,
            302,
            422,
        )
