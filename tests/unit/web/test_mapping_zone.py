# SPDX-License-Identifier: Apache-2.0
"""Making a mapping in the console: a column of times brings the zone of its name, an unknown word sets its row aside."""

from __future__ import annotations

from typing import Any

from tests.unit.web.test_mapping_wizard import begun, fields, folders
from wardkeep.jobs.mappings import mapping_file

__all__ = ["folders"]
TWO = "本地时间,EVENT_UTC,工号,操作类型\n" + "".join(
    f"2026-03-02 1{n}:15:00,2026-03-02 0{n}:15:00,u{n},查看\n" for n in range(9)
)


def test_the_zone_follows_the_column_of_the_time_and_can_be_chosen_otherwise(enter: Any, django_home: Any) -> None:
    client = enter("data_administrator")
    address = begun(client, TWO.encode(), "two.csv")
    form = fields(client.get(address).content.decode())
    local = {**form, "column-0": "time", "column-1": ""}
    utc = {**form, "column-0": "", "column-1": "time"}
    assert (form["zone-of"], form["zone"]) == ("0", "Asia/Shanghai")
    changed = client.post(address, utc)
    assert changed.headers["HX-Retarget"] == "#wizard"
    shown = fields(changed.content.decode())
    assert (shown["zone"], shown["zone-of"]) == ("UTC", "1")
    assert "2026-03-02 08:15:00" in changed.content.decode()
    # Whoever knows that the name lies says so.
    page = client.post(address, {**shown, "zone": "Asia/Shanghai"}).content.decode()
    assert "2026-03-02 00:15:00" in page
    client.post(address, {**fields(page), "name": "two", "do": "confirm"})
    assert '[zones]\n"EVENT_UTC" = "Asia/Shanghai"' in mapping_file(django_home, "two").read_text(encoding="utf-8")
    address = begun(client, TWO.encode(), "three.csv")
    client.post(address, utc)
    assert fields(client.post(address, {**local, "zone": "UTC", "zone-of": "1"}).content.decode())["zone"] == ""


def test_a_word_that_is_not_in_the_sample_sets_its_row_aside_unless_a_person_says_otherwise(
    enter: Any, django_home: Any
) -> None:
    client = enter("data_administrator")
    address = begun(client, TWO.encode(), "words.csv")
    page = client.get(address).content.decode()
    assert fields(page)["rest-action"] == ""
    client.post(address, {**fields(page), "name": "words", "do": "confirm"})
    text = mapping_file(django_home, "words").read_text(encoding="utf-8")
    assert '[values.action]\n"查看" = "read"\n\n' in text
