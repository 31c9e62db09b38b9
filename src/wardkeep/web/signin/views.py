# SPDX-License-Identifier: Apache-2.0
"""Sign-in in two steps, sign-out, the one-use link, and enrolment of the second factor."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.views import LoginView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.totp.internal.auth import clear_totp_secret, get_totp_secret
from django.contrib.auth import login, logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from wardkeep.govern.identity.actions import IdentityError, find_link, use_link
from wardkeep.govern.identity.models import User
from wardkeep.home import now
from wardkeep.web.page import person
from wardkeep.web.signin.enrolling import codes_once, enrol, is_enrolled, qr_of, spaced
from wardkeep.web.signin.forms import Code, NewPassword, SecondCode, Welcome

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class SignIn(LoginView):  # type: ignore[misc]
    """Name and password."""

    template_name = "signin/sign_in.html"

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        for field in form.fields.values():
            # The label says it, and stays when something is typed.
            field.widget.attrs.pop("placeholder", None)
        form.fields["login"].widget.attrs.update(autocapitalize="off", spellcheck="false", autofocus=True)
        return form


class SecondStep(AuthenticateView):  # type: ignore[misc]
    """The code of the authenticator app, or a recovery code."""

    template_name = "signin/code.html"

    def get_form_class(self) -> Any:
        return SecondCode


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session."""
    logout(request)
    return redirect("account_login")


@sensitive_post_parameters("password1", "password2", "code")
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """A one-use link: set a password and, where there is none yet, enrol a second factor."""
    link = find_link(token, at=now())
    if link is None:
        return render(request, "signin/link_gone.html", status=410)
    user = link.user
    if is_enrolled(user):
        return _new_password(request, token, user)
    if request.method == "GET":
        secret = get_totp_secret(regenerate=True)
        form = Welcome(secret=secret)
    else:
        secret = get_totp_secret()
        form = Welcome(request.POST, secret=secret)
        if form.is_valid() and _opened(form, token, secret):
            clear_totp_secret(request)
            _enter(request, user)
            return redirect("recovery_codes")
    context = {"form": form, "holder": user, "qr": qr_of(user, secret), "secret": spaced(secret)}
    return render(request, "signin/welcome.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def enrol_page(request: HttpRequest) -> HttpResponse:
    """For an account that has a password and no second factor: nothing else is shown before it has one."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    user = person(request)
    if is_enrolled(user):
        return redirect("today")
    secret = get_totp_secret(regenerate=request.method == "GET")
    form = Code(request.POST or None, secret=secret)
    if form.is_valid():
        enrol(user, secret)
        clear_totp_secret(request)
        return redirect("recovery_codes")
    context = {"form": form, "holder": user, "qr": qr_of(user, secret), "secret": spaced(secret)}
    return render(request, "signin/enrol.html", context, status=422 if form.errors else 200)


def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Shown once, right after they were made."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    codes = codes_once(person(request))
    if codes is None:
        return redirect("today")
    return render(request, "signin/recovery_codes.html", {"codes": codes})


def _opened(form: Welcome, token: str, secret: str) -> bool:
    """Password and second factor together, or neither."""
    try:
        with transaction.atomic():
            enrol(use_link(token, form.cleaned_data["password1"], at=now()), secret)
    except IdentityError as exc:
        form.add_error("password1", str(exc))
        return False
    return True


def _new_password(request: HttpRequest, token: str, user: User) -> HttpResponse:
    """For an account that has a second factor: sign-in then asks for it as ever."""
    form = NewPassword(request.POST or None)
    if form.is_valid():
        try:
            use_link(token, form.cleaned_data["password1"], at=now())
            return redirect("account_login")
        except IdentityError as exc:
            form.add_error("password1", str(exc))
    return render(request, "signin/welcome.html", {"form": form, "holder": user}, status=422 if form.errors else 200)


def _enter(request: HttpRequest, user: User) -> None:
    user.refresh_from_db()
    login(request, user, backend=BACKEND)
    record_authentication(request, user, method="password", username=user.name)
    record_authentication(request, user, method="mfa", type="totp")
