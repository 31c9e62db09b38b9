# SPDX-License-Identifier: Apache-2.0
"""What every page gets: a policy that allows no other host, the person's own language, an end after idleness."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import translation

LANGUAGE_CODES = {"zh": "zh-hans", "en": "en"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
Handler = Callable[[HttpRequest], HttpResponse]
SEEN = "wardkeep_seen"


class ContentPolicy:
    """Nothing is loaded from another host, and no page that shows people is kept by a browser."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if not request.path.startswith(str(settings.STATIC_URL)):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class IdleEnd:
    """Ends a session that made no request for `console.idle_minutes`."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            seen = cast(int, request.session.get(SEEN, now))
            if now - seen > settings.WARDKEEP_IDLE_SECONDS:
                logout(request)
            elif now - seen >= 60 or SEEN not in request.session:
                # Once a minute, so that reading a page seldom writes.
                request.session[SEEN] = now
        return self.get_response(request)


class PersonLanguage:
    """The language that the person chose; before sign-in the browser's, where it asks for one of ours."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        code = LANGUAGE_CODES.get(getattr(request.user, "language", ""))
        if code is None:
            asked = request.headers.get("Accept-Language", "")
            code = translation.get_language_from_request(request) if asked else settings.LANGUAGE_CODE
        with translation.override(code):
            request.LANGUAGE_CODE = code
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", code)
        return response
