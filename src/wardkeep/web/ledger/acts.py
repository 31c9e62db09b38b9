# SPDX-License-Identifier: Apache-2.0
"""The acts in the ledger, newest first: what was done, when and by whom, each with its proof."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from wardkeep.govern.identity.models import User
from wardkeep.govern.identity.role import Act
from wardkeep.seal.models import Placed
from wardkeep.seal.places import Acts
from wardkeep.watch.cases.accesses import EPOCH
from wardkeep.web.page import page

PER_PAGE = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class ActLine:
    """One act; `at` and `by` are None where its entry cannot be read."""

    #: `2026:123`
    entry: str
    name: str
    at: datetime | None
    by: str | None


@page(Act.ACT_READ)
def acts(request: HttpRequest) -> HttpResponse:
    """Acts of people, of commands and of Wardkeep itself."""
    listed = Paginator(Placed.objects.order_by("-id"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "ledger/acts.html", {"listed": listed, "acts": _lines(listed.object_list)})


def _lines(placed: Iterable[Placed]) -> list[ActLine]:
    read = Acts(settings.WARDKEEP_HOME.ledger_reader()).read
    said = [(row, read(row) or {}) for row in placed]
    actors = {str(act.get("actor", "")) for _row, act in said}
    keys = [actor.removeprefix("user:") for actor in actors if actor.startswith("user:")]
    names = {f"user:{user.pk}": str(user) for user in User.objects.filter(pk__in=keys)}
    names |= {"cli": _("the command line"), **dict.fromkeys(("jobs", "system", "wardkeep"), _("Wardkeep itself"))}
    return [
        ActLine(
            entry=f"{row.log}:{row.index}",
            name=row.act,
            at=EPOCH + timedelta(microseconds=int(act["at"])) if "at" in act else None,
            by=names.get(str(act.get("actor")), act.get("actor")),
        )
        for row, act in said
    ]
