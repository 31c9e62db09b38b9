# SPDX-License-Identifier: Apache-2.0
"""What every page goes through: signed in with two factors, permitted, and recorded where it shows patients or staff."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import Any, cast

from allauth.mfa.models import Authenticator
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, register_converter, reverse

from wardkeep.govern.identity.models import User
from wardkeep.govern.identity.permission import permission
from wardkeep.govern.identity.role import Act
from wardkeep.home import now
from wardkeep.watch.cases import actions, casebook
from wardkeep.watch.cases.case import TouchKind
from wardkeep.watch.cases.models import Case
from wardkeep.web.opaque import PATTERN, NoSuchToken, conceal, disclose

View = Callable[..., HttpResponse]
SECOND_FACTOR = "wardkeep_second_factor"


def page(act: Act) -> Callable[[View], View]:
    """A view that only those may see who may do `act`; the object itself is asked about with `require`."""

    def guard(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            if not has_second_factor(request):
                return redirect("enrol")
            require(request, act)
            try:
                return view(request, *args, **kwargs)
            except (casebook.NotFound, NoSuchToken) as exc:
                raise Http404 from exc

        guarded.act = act  # type: ignore[attr-defined]
        return guarded

    return guard


def person(request: HttpRequest) -> User:
    """Who asks; only behind `page`."""
    return cast(User, request.user)


def require(request: HttpRequest, act: Act, obj: Any = None) -> None:
    """Raises PermissionDenied unless the one who asks may do `act` to `obj`."""
    if not permission(request.user, act, obj):
        raise PermissionDenied


def has_second_factor(request: HttpRequest) -> bool:
    """True where the account has a second factor: allauth then asked for it at sign-in."""
    if not request.session.get(SECOND_FACTOR):
        if not Authenticator.objects.filter(user_id=person(request).pk, type=Authenticator.Type.TOTP).exists():
            return False
        request.session[SECOND_FACTOR] = True
    return True


def record(
    request: HttpRequest,
    kind: TouchKind,
    *,
    case: Case | None = None,
    patient_id: str = "",
    account: str = "",
    query: str = "",
) -> None:
    """Seal that this person opened something of patients or staff here."""
    actions.touch(
        kind,
        user=person(request),
        at=now(),
        case=case,
        patient_id=patient_id,
        account=account,
        query=query,
        ip=request.META.get("REMOTE_ADDR", ""),
        session=session_name(request),
    )


def session_name(request: HttpRequest) -> str:
    """A session's name in records: it tells sessions apart and opens none."""
    return hashlib.sha256((request.session.session_key or "").encode()).hexdigest()[:32]


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        # The part of a page that was asked for must not become a sign-in form inside it.
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("account_login")})
    return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")


class _Concealed:
    """A token in an address; the view gets the identity."""

    kind = ""
    regex = PATTERN

    def to_python(self, value: str) -> str:
        try:
            return disclose(self.kind, value)
        except NoSuchToken:
            raise ValueError(self.kind) from None

    def to_url(self, value: str) -> str:
        return conceal(self.kind, value)


for _kind in ("patient", "account", "access", "case", "row"):
    register_converter(type(f"Concealed{_kind.title()}", (_Concealed,), {"kind": _kind}), _kind)

__all__ = ["page", "path", "person", "record", "require"]
