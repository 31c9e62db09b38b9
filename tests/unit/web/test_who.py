# SPDX-License-Identifier: Apache-2.0
"""Who it was, on the pages of a case and of an access, and where logins are shared."""

from __future__ import annotations

import re
from typing import Any

from django.urls import reverse

from tests.unit.web import hospital


def test_a_case_says_who_it_was_how_surely_and_who_else_it_may_have_been(enter: Any, house: Any) -> None:
    page = enter("privacy_officer").get(reverse("case", args=[house.key])).content.decode()
    said = page[page.index('id="who"') :]
    assert "with a confidence of 97%" in said
    assert said.index("S7") < said.index("S8")
    assert "had a shift" in said


def test_an_access_names_the_rows_that_say_so(enter: Any) -> None:
    order = next(row for row in hospital.ROWS if row[4] == hospital.DOCTOR)
    page = enter("privacy_officer").get(reverse("access", args=[f"2026-03-01|2026:{order[0]}"])).content.decode()
    said = page[page.index('id="who"') :]
    assert "W000123" in said and "shifts.csv:7" in said


def test_shared_logins_are_one_line_a_department_and_week(enter: Any) -> None:
    page = enter("privacy_officer").get("/shared-logins/").content.decode()
    newest, older = page.split("Week of 2026-02-23")
    assert "85%" in newest and "340" in newest
    assert "0%" in older


def test_in_chinese(enter: Any, house: Any) -> None:
    client = enter("privacy_officer")
    client.post("/me/language/", {"language": "zh"})
    page = client.get(reverse("case", args=[house.key])).content.decode()
    assert "Who it was" not in page and "97%" in page


def test_a_run_shows_how_far_each_clock_was_off_and_whether_that_was_applied(enter: Any, house: Any) -> None:
    from tests.rows import a_run

    clock = {"system": "DBA", "reference": "HIS", "offset_seconds": 96.0, "spread_seconds": 0.4, "pairs": 567}
    clocks = [
        {**clock, "applied": True},
        {**clock, "system": "PACS", "offset_seconds": -3.0, "pairs": 4, "applied": False},
    ]
    run = a_run(summary={"days": {}, "clocks": clocks})
    page = enter("privacy_officer").get(reverse("run", args=[run.pk])).content.decode()
    said = page[page.index('id="clocks"') :].partition("</dl>")[0]
    assert "96.0 s ahead, spread 0.4 s, 567 pairs" in said
    assert "3.0 s behind, spread 0.4 s, 4 pairs" in said and said.count("not applied") == 1


def test_an_access_says_how_its_account_is_written_where_the_table_has_it_otherwise(enter: Any) -> None:
    client = enter("privacy_officer")
    written = next(row for row in hospital.ROWS if row[4] == hospital.WRITTEN)
    page = client.get(reverse("access", args=[f"2026-03-20|2026:{written[0]}"])).content.decode()
    assert f"written as {hospital.WRITTEN}" in page
    assert reverse("account", args=[hospital.SHARED]) in page
    plain = next(row for row in hospital.ROWS if row[4] == hospital.SHARED)
    assert "written as" not in client.get(reverse("access", args=[f"2026-03-01|2026:{plain[0]}"])).content.decode()


def test_the_page_of_an_account_has_what_is_written_otherwise_and_is_found_by_any_spelling(enter: Any) -> None:
    client = enter("privacy_officer")
    for name in (hospital.SHARED, hospital.WRITTEN, "Ward3"):
        page = client.get(reverse("account", args=[name]), {"from": "2026-03-20", "to": "2026-03-20"}).content.decode()
        assert f"<dd>{hospital.SHARED}</dd>" in page and hospital.VICTIM in page


def test_every_kind_of_evidence_that_is_kept_has_its_words() -> None:
    from wardkeep.watch.attribute.attribute import KEPT, QUERIES
    from wardkeep.web.say.codes import EVIDENCE

    kept = f"{QUERIES['evidence_for'].text} {KEPT}"
    kinds = {word for part in re.findall(r"([^\n]*) AS kind", kept) for word in re.findall(r"'(\w+)'", part)}
    assert kinds == set(EVIDENCE)
