# SPDX-License-Identifier: Apache-2.0
"""Everything that people read is there in Chinese too, and the compiled catalogue is that of the texts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from tests.unit.web import hospital
from tests.unit.web.markup import texts

#: Latin words that a Chinese page may show: names of things that have no other name.
ALLOWED = re.compile(
    r"Wardkeep|HIS|LIS|PACS|WS-\d+|Asia/Shanghai|Hospital|English|TOTP|QR|SHA|IP|j|k|Enter|FOLDER|FILE|VKEY"
)


def test_the_catalogue_holds_every_marked_text_with_its_translation() -> None:
    from wardkeep.web import messages

    known = messages.read_catalogue(messages.CATALOGUE.read_text(encoding="utf-8"))
    marked = messages.gathered()
    again = "run `python -m wardkeep.web.messages` and translate what it lists"
    assert sorted(set(marked) - set(known)) == [], again
    assert sorted(m.msgid for m in known.values() if m.msgid in marked and not m.msgstr) == [], again
    assert sorted(set(known) - set(marked)) == [], again


def test_the_compiled_catalogue_is_that_of_the_texts() -> None:
    from wardkeep.web import messages

    known = messages.read_catalogue(messages.CATALOGUE.read_text(encoding="utf-8"))
    assert messages.CATALOGUE.with_suffix(".mo").read_bytes() == messages.compiled(known)


def test_python_reads_the_compiled_catalogue() -> None:
    import gettext

    from wardkeep.web import messages

    with messages.CATALOGUE.with_suffix(".mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    assert catalogue.gettext("to be verified") == "待核实"
    assert catalogue.ngettext("%(n)s case", "%(n)s cases", 3) == "%(n)s 件案例"


def test_a_translation_keeps_the_places_of_its_values() -> None:
    from wardkeep.web import messages

    place = re.compile(r"%\([a-z_]+\)[sd]|%[sd]|%\.\d+f|%%")
    for message in messages.read_catalogue(messages.CATALOGUE.read_text(encoding="utf-8")).values():
        assert sorted(place.findall(message.msgstr)) == sorted(place.findall(message.msgid)), message.msgid


def test_a_catalogue_that_is_written_reads_back_the_same() -> None:
    from wardkeep.web.messages import Message, read_catalogue, written

    odd = {m: Message(m, msgstr=m[::-1]) for m in ('a "quoted" word', "two\nlines", "back\\slash", "数据")}
    odd["one"] = Message("one", "many", "多")
    back = read_catalogue(written(odd))
    assert {m.msgid: (m.plural, m.msgstr) for m in back.values()} == {
        m.msgid: (m.plural, m.msgstr) for m in odd.values()
    }


def test_a_finding_is_never_called_a_violation() -> None:
    from wardkeep.web import messages

    for message in messages.read_catalogue(messages.CATALOGUE.read_text(encoding="utf-8")).values():
        assert "违规" not in message.msgstr, message.msgid


@pytest.mark.parametrize(
    "name",
    [
        "today",
        "cases",
        "case",
        "decided",
        "patient",
        "account",
        "access",
        "open",
        "runs",
        "run",
        "ledger",
        "acts",
        "packages",
        "me",
    ],
)
def test_a_chinese_page_has_no_english_left(name: str, enter: Any, house: Any) -> None:
    decided = house.__class__.objects.filter(state="decided").first()
    order = next(row for row in hospital.ROWS if row[4] == hospital.DOCTOR)
    addresses = {
        "case": reverse("case", args=[house.key]),
        "decided": reverse("case", args=[decided.key]),
        "patient": reverse("patient", args=[hospital.VICTIM]),
        "account": reverse("account", args=[hospital.NOSY]),
        "access": reverse("access", args=[f"2026-03-01|2026:{order[0]}"]),
        "open": reverse("access", args=[f"2026-03-19|2026:{hospital.ROWS[-2][0]}"]),
        "run": reverse("run", args=[house.last_run_id]),
    }
    page = enter("security_director", "zh", full_name="王主任").get(addresses.get(name) or reverse(name))
    own = "nurse", "registrar-east-outpatient-", "security_director-zh"
    identities = re.compile("|".join((hospital.NOSY, hospital.DOCTOR, hospital.SHARED, *own)))
    for text in texts(page.content.decode()):
        left = re.findall(r"[A-Za-z]{2,}", ALLOWED.sub("", identities.sub("", text)))
        assert left == [], (left, text)


@pytest.mark.parametrize("address", ["/sign-in/", "/welcome/none/", "/nothing-here/"])
def test_the_entrance_is_chinese_for_a_chinese_browser(address: str, house: Any) -> None:
    from django.test import Client

    page = Client(SERVER_NAME="localhost", headers={"accept-language": "zh-CN,zh;q=0.9"}).get(address)
    for text in texts(page.content.decode()):
        assert re.findall(r"[A-Za-z]{2,}", ALLOWED.sub("", text)) == [], text
