# SPDX-License-Identifier: Apache-2.0
"""How Django is configured: from our settings alone, once per process."""

from __future__ import annotations

from pathlib import Path

from django.apps import apps
from django.conf import settings as django_settings
from django.utils import translation
from django.utils.translation import trans_real

PACKAGE = Path(__file__).resolve().parent
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [str(PACKAGE / "locale"), str(PACKAGE / "web" / "locale")]


class HouseTranslation(trans_real.DjangoTranslation):
    """Our own catalogue alone, for a command that runs without a home and so without Django's apps."""

    def _add_installed_apps_translations(self) -> None:
        return None


def configure_language(code: str) -> None:
    """Make `gettext` answer in `code` (`zh-hans` or `en`), with or without a home."""
    if not django_settings.configured:
        django_settings.configure(
            USE_I18N=True, LANGUAGE_CODE="en", LANGUAGES=LANGUAGES, LOCALE_PATHS=LOCALE_PATHS, INSTALLED_APPS=[]
        )
    if not apps.ready:
        for name in ("en", code):
            if name not in trans_real._translations:
                trans_real._translations[name] = HouseTranslation(name)
    translation.activate(code)
