# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from tests.unit.web import hospital


def test_every_page_opens(enter, house):
    client = enter("security_specialist")
    from django.urls import reverse

    for url in ("/", "/cases/", "/runs/", "/ledger/", "/me/", reverse("case", args=[house.key]),
                reverse("patient", args=[hospital.VICTIM]), reverse("account", args=[hospital.NOSY]),
                reverse("access", args=["2026-03-02|E00045"])):
        r = client.get(url)
        assert r.status_code == 200, (url, r.status_code, r.headers.get("Location"))
