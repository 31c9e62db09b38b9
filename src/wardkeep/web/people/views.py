# SPDX-License-Identifier: Apache-2.0
"""Who there is in Wardkeep; making an account and its one-use link, letting in and out, giving a role."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from wardkeep.govern.identity.actions import (
    LINK_LIFETIME,
    LINK_PATH,
    IdentityError,
    create_user,
    grant_role,
    make_link,
    set_active,
    set_contact,
)
from wardkeep.govern.identity.models import Contact, User
from wardkeep.govern.identity.permission import permission
from wardkeep.govern.identity.role import ADMINISTRATORS, Act, Role
from wardkeep.home import now
from wardkeep.watch.cases.directory import Directory, directory
from wardkeep.web.page import page, person, require
from wardkeep.web.people.forms import NewPerson, NewRole, Reached


@page(Act.USER_LIST)
def people(request: HttpRequest) -> HttpResponse:
    """Every account, its role and whether it is let in."""
    return _shown(request)


@require_POST
@page(Act.USER_CREATE)
def create(request: HttpRequest) -> HttpResponse:
    """A new account; its link is shown once."""
    form = NewPerson(request.POST)
    if form.is_valid():
        try:
            user = create_user(**form.cleaned_data, by=person(request), at=now())
            return _handed_over(request, user)
        except IdentityError as exc:
            form.add_error("name", str(exc))
    return _shown(request, form=form)


@require_POST
@page(Act.USER_LINK)
def link(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Another link, for who forgot the password. The second factor stays."""
    user = _found(user_id)
    require(request, Act.USER_LINK, user)
    return _handed_over(request, user)


@require_POST
@page(Act.USER_DISABLE)
def active(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Lets an account in or keeps it out; its sessions end with their next request."""
    user = _found(user_id)
    require(request, Act.USER_DISABLE, user)
    set_active(user, request.POST.get("active") == "1", by=person(request), at=now())
    said = _("%(name)s is let in.") if user.is_active else _("%(name)s is kept out.")
    messages.success(request, said % {"name": user})
    return redirect("people")


@require_POST
@page(Act.USER_GRANT)
def role(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Gives an account another role."""
    user = _found(user_id)
    require(request, Act.USER_GRANT, user)
    form = NewRole(request.POST)
    try:
        if not form.is_valid():
            raise IdentityError(_("Choose one of the roles."))
        grant_role(user, form.cleaned_data["role"], by=person(request), at=now())
        messages.success(request, _("%(name)s has another role now.") % {"name": user})
    except IdentityError as exc:
        messages.error(request, str(exc))
    return redirect("people")


@require_http_methods(["GET", "POST"])
@page(Act.USER_CREATE)
def contact(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Where a person is told that something waits."""
    user = _found(user_id)
    held = Contact.objects.filter(user=user).first() or Contact(user=user)
    form = Reached(request.POST if request.method == "POST" else {"mail": held.mail, "phone": held.phone})
    if request.method == "POST" and form.is_valid():
        try:
            set_contact(user, **form.cleaned_data, by=person(request), at=now())
            messages.success(request, _("It is kept where %(name)s is told.") % {"name": user})
            return redirect("people")
        except IdentityError as exc:
            form.add_error(None, str(exc))
    wrong = request.method == "POST"
    return render(request, "people/contact.html", {"holder": user, "form": form}, status=422 if wrong else 200)


def _found(user_id: UUID) -> User:
    user: User | None = User.objects.filter(pk=user_id).first()
    if user is None:
        raise Http404
    return user


def _handed_over(request: HttpRequest, user: User) -> HttpResponse:
    """The link on the page itself, without a redirect: it is kept nowhere."""
    at = now()
    token = make_link(user, by=person(request), at=at)
    address = request.build_absolute_uri(LINK_PATH.format(token=token))
    return render(request, "people/link.html", {"holder": user, "link": address, "until": at + LINK_LIFETIME})


def _shown(request: HttpRequest, *, form: NewPerson | None = None) -> HttpResponse:
    enrolled = set(Authenticator.objects.filter(type=Authenticator.Type.TOTP).values_list("user_id", flat=True))
    users = User.objects.select_related("contact").order_by("-is_active", "name")
    listed = _departments()
    rows = [{**_row(request, user, user.pk in enrolled), "nowhere": _is_nowhere(user, listed)} for user in users]
    context = {"rows": rows, "form": form or NewPerson(), "roles": NewRole().fields["role"].choices}  # type: ignore[attr-defined]
    return render(request, "people/people.html", context, status=422 if form else 200)


def _departments() -> Directory | None:
    """What departments there are; None where the tables cannot be read: the people are shown all the same."""
    try:
        return directory()
    except Exception:  # fails open: a name that nobody can check is not called wrong
        return None


def _is_nowhere(user: User, known: Directory | None) -> bool:
    """Whether somebody heads a department that no table of the hospital has."""
    heads = user.is_active and user.role == Role.DEPARTMENT_HEAD and user.department
    return bool(known and heads and known.lacks(user.department))


def _row(request: HttpRequest, user: User, enrolled: bool) -> dict[str, Any]:
    is_administrator = Role(user.role) in ADMINISTRATORS
    held = getattr(user, "contact", None)
    return {
        "user": user,
        "enrolled": enrolled,
        "contact": " · ".join(filter(None, (held.mail, held.phone))) if held else "",
        "unreached": user.is_active and user.role == Role.DEPARTMENT_HEAD and not (held and (held.mail or held.phone)),
        "may_contact": permission(request.user, Act.USER_CREATE),
        "may_link": permission(request.user, Act.USER_LINK, user) and user.is_active,
        "may_disable": permission(request.user, Act.USER_DISABLE, user),
        "may_grant": permission(request.user, Act.USER_GRANT, user) and not is_administrator,
    }
