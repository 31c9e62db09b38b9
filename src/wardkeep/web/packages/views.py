# SPDX-License-Identifier: Apache-2.0
"""The sealed record packages: which there are, who signed, and every opening."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardkeep.govern.identity.role import Act
from wardkeep.package.act import ACTS
from wardkeep.package.step import Kind
from wardkeep.seal.models import Placed
from wardkeep.web.packages.read import lines
from wardkeep.web.page import page

PER_PAGE = 25


@page(Act.ACT_READ)
def packages(request: HttpRequest) -> HttpResponse:
    """Newest first, each with the proof of its list."""
    firsts = Placed.objects.filter(act=ACTS[Kind.LIST]).order_by("-id")
    listed = Paginator(firsts, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "packages/packages.html", {"listed": listed, "packages": lines(listed.object_list)})
