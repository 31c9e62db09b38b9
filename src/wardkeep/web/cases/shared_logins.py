# SPDX-License-Identifier: Apache-2.0
"""The weekly list of departments' accounts in use."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardkeep.govern.identity.role import Act
from wardkeep.watch.cases.shared_logins import shared_weeks
from wardkeep.web.accounts.read import people
from wardkeep.web.page import page


@page(Act.ACCOUNT_READ)
def shared_logins(request: HttpRequest) -> HttpResponse:
    """Where logins are shared, week by week."""
    return render(request, "cases/shared_logins.html", {"weeks": shared_weeks(), "names": people()})
