# SPDX-License-Identifier: Apache-2.0
"""The coverage page: which systems and scenes are watched, which are not."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardkeep.govern.identity.role import Act
from wardkeep.home import now
from wardkeep.web.coverage import read
from wardkeep.web.page import page


@page(Act.COVERAGE_READ)
def coverage(request: HttpRequest) -> HttpResponse:
    """The eight scenes of either list, each with what serves it."""
    return render(request, "coverage/coverage.html", {"shown": read.coverage(now=now())})
