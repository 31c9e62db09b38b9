# SPDX-License-Identifier: Apache-2.0
"""What a run could not look at is said: a detection without its table is not one that found nothing."""

from __future__ import annotations

from typing import Any


def test_the_first_page_counts_the_detections_that_a_table_was_missing_for(enter: Any) -> None:
    page = enter("security_director").get("/").content.decode()
    assert "1 detection could not be evaluated: its table was not handed over." in page


def test_the_run_names_them_with_their_tables(enter: Any) -> None:
    from wardkeep.watch.cases.models import Run

    run = Run.objects.get()
    page = enter("security_director").get(f"/runs/{run.pk}/").content.decode()
    missing = page.split("Could not be evaluated")[1].split("By system")[0]
    assert "person of public interest" in missing and "patients" in missing
    assert missing.count("<tr>") == 2  # the head, and the one detection
    run.summary = {**run.summary, "evaluated": {}}
    assert run.unevaluated == {}
