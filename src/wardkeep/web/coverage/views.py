# SPDX-License-Identifier: Apache-2.0
"""The coverage page: which systems and scenes are watched, which are not."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardkeep.govern.identity.role import Act
from wardkeep.home import now
from wardkeep.jobs.alerting.status import alerting_status
from wardkeep.web.coverage import read
from wardkeep.web.page import page


@page(Act.COVERAGE_READ)
def coverage(request: HttpRequest) -> HttpResponse:
    """The eight scenes of either list, each with what serves it; and what is looked for while it happens."""
    home = settings.WARDKEEP_HOME
    context = {
        "shown": read.coverage(now=now()),
        "listens": bool(home.settings.intake.listeners),
        "live": alerting_status(home, at=now()),
    }
    return render(request, "coverage/coverage.html", context)
