# SPDX-License-Identifier: Apache-2.0
"""Making a mapping from a sample: begin, look at it and change it, confirm it or give it up; take a confirmed one back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardkeep.govern.identity.role import Act
from wardkeep.govern.mappings.actions import NotInForce, in_force
from wardkeep.govern.mappings.models import MappingVersion
from wardkeep.home import now
from wardkeep.jobs.mappings import confirm_mapping, put_in_place, take_back_mapping
from wardkeep.watch.intake.mapping import ANY, fits
from wardkeep.watch.intake.proposing.draft import Written
from wardkeep.watch.intake.proposing.moments import USUAL
from wardkeep.watch.intake.proposing.proposal import Marks, Proposal
from wardkeep.watch.intake.proposing.propose import propose_of
from wardkeep.watch.intake.proposing.sampling import NoSample
from wardkeep.watch.store import StoreError
from wardkeep.web.intake import words
from wardkeep.web.intake.begin import NoFile, from_quarantine, from_upload
from wardkeep.web.intake.choices import CONFIRMED, Choices, chosen, draft_of, faults, fingerprint, proposed
from wardkeep.web.intake.read import mappings_in_force
from wardkeep.web.intake.samples import SAMPLES, Full, Gone, Held
from wardkeep.web.intake.wizard_page import column_lines, outlook, part_of, said, separator_name, word_lists
from wardkeep.web.page import page, person

#: Columns of a table for which a form is made.
WIDEST = 200
ZONES = ("Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "UTC", "Europe/London", "Europe/Berlin", "America/New_York")


@require_POST
@page(Act.MAPPING_CONFIRM)
def mapping_new(request: HttpRequest) -> HttpResponse:
    """Take a sample, of a file that is sent or of what was set aside."""
    try:
        sample = from_upload(request) if "source" not in request.POST else from_quarantine(request)
        proposal = propose_of(sample, _zone())
        if proposal.marks is None or len(proposal.marks.names) > WIDEST:
            raise NoFile(said(proposal.open[0]) if proposal.marks is None else _("The table has too many columns."))
        held = SAMPLES.put(sample, proposal, _first(proposal, sample.name), owner=person(request).pk, at=now())
        return redirect("mapping", held.key)
    except (NoFile, NoSample) as exc:
        why = said(exc.because) if isinstance(exc, NoSample) else str(exc)
        messages.error(request, _("No mapping can be proposed: %(why)s") % {"why": why})
    except Full:
        messages.error(request, _("Too many mappings are being made just now: try again in some minutes."))
    except StoreError as problem:
        messages.error(request, _("The store could not be read.") + f" ({type(problem).__name__})")
    return redirect("intake")


@page(Act.MAPPING_CONFIRM)
def mapping(request: HttpRequest, key: UUID) -> HttpResponse:
    """The proposal, and what it makes of the first rows; a form that comes back is looked at again or confirmed."""
    try:
        held = SAMPLES.get(key, owner=person(request).pk, at=now())
    except Gone:
        messages.warning(request, _("That sample is no longer held: choose the file once more."))
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=204, headers={"HX-Redirect": reverse("intake")})
        return redirect("intake")
    if request.method != "POST":
        return _shown(request, held)
    before = held.choices
    proposal, again = _taken(request, held)
    if request.POST.get("do") == "confirm" and not again:
        return _confirmed(request, held, proposal)
    response = _shown(request, held, again=again)
    if again or any(before.columns(target) != held.choices.columns(target) for target in ("time", *words.CODE_NAMES)):
        # Else the part that shows the rows is replaced alone, so that no field loses what is being chosen in it; here
        # the columns or their words are others than the form has.
        response.headers["HX-Retarget"] = response.headers["HX-Reselect"] = "#wizard"
    return response


@require_POST
@page(Act.MAPPING_CONFIRM)
def mapping_abandon(request: HttpRequest, key: UUID) -> HttpResponse:
    """Forget the sample; nothing was written."""
    SAMPLES.drop(key, owner=person(request).pk)
    messages.success(request, _("Given up: the sample is forgotten, and nothing was kept."))
    return redirect("intake")


@require_POST
@page(Act.MAPPING_CONFIRM)
def mapping_take_back(request: HttpRequest, row_id: UUID) -> HttpResponse:
    """End the version in force; the one before comes back."""
    try:
        row = MappingVersion.objects.get(pk=row_id)
        earlier = take_back_mapping(settings.WARDKEEP_HOME, row, by=person(request), at=now())
        names = {"name": row.name, "version": earlier.version if earlier else 0}
        back = _("“%(name)s” is taken back; version %(version)d is in force again.")
        messages.success(request, (back if earlier else _("“%(name)s” is taken back; it is kept.")) % names)
    except (NotInForce, MappingVersion.DoesNotExist):
        messages.warning(request, _("Another version is in force by now: look again."))
    except OSError as problem:
        messages.error(request, _unwritten(problem))
    return redirect("intake")


@require_POST
@page(Act.MAPPING_CONFIRM)
def mapping_put_back(request: HttpRequest, row_id: UUID) -> HttpResponse:
    """Make the file what was confirmed again; the act of the confirmation says what that is."""
    try:
        row = in_force().get(MappingVersion.objects.get(pk=row_id).name)
        if row is None or row.pk != row_id:
            raise NotInForce
        put_in_place(settings.WARDKEEP_HOME, row.name)
        messages.success(request, _("The file of “%(name)s” is again what was confirmed.") % {"name": row.name})
    except (NotInForce, MappingVersion.DoesNotExist):
        messages.warning(request, _("Another version is in force by now: look again."))
    except OSError as problem:
        messages.error(request, _unwritten(problem))
    return redirect("intake")


def _zone() -> str:
    return str(settings.WARDKEEP_HOME.settings.hospital.timezone)


def _first(proposal: Proposal, file_name: str) -> Choices:
    """The choices of a proposal; a mapping that is for such files already lends its name, so that it gets a new version."""
    choices = proposed(proposal, file_name)
    earlier = _others(file_name)
    return replace(choices, name=max(earlier, key=lambda name: earlier[name])) if earlier else choices


def _others(file_name: str) -> dict[str, int]:
    """Mappings in force that are for such a file, and how much of its name they say."""
    found = {one.name: fits(one.mapping, file_name) for one in mappings_in_force() if one.mapping is not None}
    return {name: well for name, well in found.items() if well}


def _proposal(held: Held, written: Written | None = None) -> Proposal:
    """The proposal for the text as it is written by the choices, or as `written` says; the last ones are remembered."""
    wanted = written or held.choices.written
    if wanted not in held.proposals:
        first = next(iter(held.proposals.items()))
        held.proposals = dict([first, (wanted, propose_of(held.sample, _zone(), wanted))])
    return held.proposals[wanted]


def _taken(request: HttpRequest, held: Held) -> tuple[Proposal, bool]:
    """Take the form into `held`; whether its columns had to be looked at again because the text is written otherwise."""
    before = _proposal(held)
    assert before.marks is not None  # noqa: S101 - a sample without a table is never held
    choices = chosen(request.POST, before.marks)
    if choices.written == held.choices.written:
        held.choices = choices
        return before, False
    after = _proposal(held, choices.written)
    if after.marks is None or len(after.marks.names) > WIDEST:
        messages.warning(request, _("Written like that no table is seen: it stays as it was."))
        return before, True
    fresh = proposed(after, held.sample.name)
    held.choices = replace(fresh, name=choices.name, system=choices.system, files=choices.files)
    return after, True


def _faults(held: Held, marks: Marks) -> dict[str, str]:
    """What stands in the way of confirming; two mappings for the same files are one too many."""
    found = faults(held.choices, marks, held.sample.name)
    others = _others(held.sample.name)
    others.pop(held.choices.name, None)
    own = len(held.choices.files.replace(ANY, ""))
    if same := sorted(name for name, well in others.items() if well >= own):
        said = _("“%(name)s” is for such files already: give its name for a new version of it, or take it back first.")
        found.setdefault("name", said % {"name": same[0]})
    return found


def _confirmed(request: HttpRequest, held: Held, proposal: Proposal) -> HttpResponse:
    """Write the mapping, if it is what was shown and nothing is missing."""
    assert proposal.marks is not None  # noqa: S101 - narrows the type
    draft = draft_of(held.choices, proposal.marks)
    if request.POST.get("shown") != fingerprint(draft):
        messages.warning(request, _("Something was changed after what is shown: look at it again, then confirm."))
        return _shown(request, held)
    if _faults(held, proposal.marks):
        return _shown(request, held, status=422)
    try:
        row = confirm_mapping(settings.WARDKEEP_HOME, draft.name, draft.toml(CONFIRMED), by=person(request), at=now())
    except OSError as problem:
        messages.error(request, _unwritten(problem))
        return _shown(request, held)
    SAMPLES.drop(held.key, owner=person(request).pk)
    told = _(
        "“%(name)s”, version %(version)d, is in force for %(files)s. What was set aside of such files can be read again."
    )
    messages.success(request, told % {"name": row.name, "version": row.version, "files": held.choices.files})
    return redirect("intake")


def _shown(request: HttpRequest, held: Held, *, again: bool = False, status: int = 200) -> HttpResponse:
    proposal = _proposal(held)
    marks = proposal.marks
    assert marks is not None  # noqa: S101 - a sample without a table is never held
    choices = held.choices
    zone = _zone()
    context: dict[str, Any] = {
        "held": held,
        "sheet": marks.sheet,
        "choices": choices,
        "again": again,
        "columns": column_lines(choices, proposal, held.sample.name),
        "says_action": bool(choices.columns("action")),
        "times": ",".join(map(str, choices.columns("time"))),
        "word_lists": word_lists(choices, marks),
        "outlook": outlook(choices, held.sample, marks, zone),
        "shown": fingerprint(draft_of(choices, marks)),
        "faults": _faults(held, marks),
        "earlier": in_force().get(choices.name),
        "separator": separator_name(choices.written.separator),
        "quote": next((name for name, mark in words.QUOTES.items() if mark == choices.written.quote), "double"),
        "names": words,
        "reasons": {
            "encoding": part_of(proposal, "encoding", choices.written.encoding),
            "separator": part_of(proposal, "separator", choices.written.separator),
            "header": part_of(proposal, "header", "true" if choices.written.header else "false"),
            "skip_lines": part_of(proposal, "skip_lines", str(choices.written.skip_lines)),
            "zone": part_of(proposal, "zone", choices.zone),
            "time_format": part_of(proposal, "time_format", choices.time_format),
            "system": part_of(proposal, "system", choices.system),
            "action": part_of(proposal, "constants.action", choices.action),
        },
        "forms": (*USUAL, "epoch-ms", "epoch"),
        "zones": dict.fromkeys((zone, *ZONES)),
    }
    return render(request, "intake/mapping.html", context, status=status)


def _unwritten(problem: OSError) -> str:
    return _(
        "The file could not be written (%(why)s): the act stands, and confirming or taking back once more puts it right."
    ) % {"why": problem.strerror or type(problem).__name__}
