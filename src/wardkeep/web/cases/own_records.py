# SPDX-License-Identifier: Apache-2.0
"""The weekly list of people who opened their own record."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardkeep.govern.identity.role import Act
from wardkeep.watch.cases.own_records import weeks
from wardkeep.web.accounts.read import people
from wardkeep.web.page import page


@page(Act.ACCOUNT_READ)
def own_records(request: HttpRequest) -> HttpResponse:
    """Who opened the own record, week by week."""
    listed = weeks()
    context = {
        "weeks": listed,
        "people": people(line.account for week in listed for line in week.lines),
        "are_cases": settings.WARDKEEP_HOME.settings.judging.self_access == "case",
    }
    return render(request, "cases/own_records.html", context)
