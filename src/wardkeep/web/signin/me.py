# SPDX-License-Identifier: Apache-2.0
"""One's own account: language, password, recovery codes."""

from __future__ import annotations

from allauth.core import ratelimit
from allauth.mfa.base.forms import ReauthenticateForm
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from wardkeep.govern.identity.actions import IdentityError, set_language, set_password
from wardkeep.govern.identity.role import Act
from wardkeep.home import now
from wardkeep.web.page import page, person
from wardkeep.web.signin.enrolling import renew_codes
from wardkeep.web.signin.forms import ChangePassword, Language


@page(Act.SELF_WRITE)
def me(request: HttpRequest) -> HttpResponse:
    """Language, password, recovery codes."""
    return _shown(request)


@require_POST
@page(Act.SELF_WRITE)
def language(request: HttpRequest) -> HttpResponse:
    """Chooses the language in which this person reads from now on."""
    form = Language(request.POST)
    if form.is_valid():
        set_language(person(request), form.cleaned_data["language"], at=now())
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return redirect(back if safe else "today")


@sensitive_post_parameters("old", "password1", "password2")
@require_POST
@page(Act.SELF_WRITE)
def password(request: HttpRequest) -> HttpResponse:
    """Changes the password; every session of the account ends."""
    user = person(request)
    form = ChangePassword(request.POST)
    if form.is_valid():
        if not ratelimit.consume(request, action="change_password", user=user):
            form.add_error("old", _("Too many attempts. Wait a few minutes, then try again."))
        elif not user.check_password(form.cleaned_data["old"]):
            form.add_error("old", _("This is not your current password."))
        else:
            try:
                set_password(user, form.cleaned_data["password1"], by=user, at=now())
                logout(request)
                messages.success(request, _("Your password was changed. Sign in with the new one."))
                return redirect("account_login")
            except IdentityError as exc:
                form.add_error("password1", str(exc))
    return _shown(request, password_form=form)


@require_POST
@page(Act.SELF_WRITE)
def renew(request: HttpRequest) -> HttpResponse:
    """New recovery codes, against a code of the second factor."""
    form = ReauthenticateForm(request.POST, user=person(request))
    if form.is_valid():
        renew_codes(person(request))
        return redirect("recovery_codes")
    return _shown(request, code_form=form)


def _shown(
    request: HttpRequest, password_form: ChangePassword | None = None, code_form: ReauthenticateForm | None = None
) -> HttpResponse:
    context = {
        "password_form": password_form or ChangePassword(),
        "code_form": code_form or ReauthenticateForm(user=person(request)),
    }
    return render(request, "signin/me.html", context, status=422 if password_form or code_form else 200)
