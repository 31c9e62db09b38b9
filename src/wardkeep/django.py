# SPDX-License-Identifier: Apache-2.0
"""How Django is configured: from our settings alone, once per process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import django
from django.apps import apps
from django.conf import settings as django_settings
from django.utils import translation
from django.utils.translation import trans_real

from wardkeep.listeners import LOOPBACK
from wardkeep.settings import Settings

if TYPE_CHECKING:
    from wardkeep.home import Home

PACKAGE = Path(__file__).resolve().parent
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LANGUAGE_CODES = {"zh": "zh-hans", "en": "en"}
LOCALE_PATHS = [str(PACKAGE / "locale"), str(PACKAGE / "web" / "locale")]


#: Django's own store of catalogues; filled here before there are apps, emptied when they come.
_TRANSLATIONS: dict[str, object] = trans_real._translations  # type: ignore[attr-defined]


class AlreadySetUp(Exception):
    """This process already serves another home: one process, one home."""

    exit_status = 3


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
            if name not in _TRANSLATIONS:
                _TRANSLATIONS[name] = HouseTranslation(name)
    translation.activate(code)


def setup(home: Home) -> None:
    """Configure Django for `home`; the second call for the same home does nothing. Raises NoHome, AlreadySetUp."""
    if apps.ready:
        if Path(django_settings.WARDKEEP_HOME.path) != home.path:
            raise AlreadySetUp(str(django_settings.WARDKEEP_HOME.path))
        return
    os.umask(0o077)
    values = configuration(home)
    if not django_settings.configured:
        django_settings.configure()
    for name, value in values.items():
        setattr(django_settings, name, value)
    spoken = translation.get_language()
    _TRANSLATIONS.clear()
    django.setup()
    translation.activate(spoken if spoken in dict(LANGUAGES) else values["LANGUAGE_CODE"])


def configuration(home: Home) -> dict[str, Any]:
    """Django's settings for one home."""
    settings = home.settings
    console = settings.console
    secret = home.keyring().derive("django:secret", tenant=settings.hospital.tenant).hex()
    return {
        "WARDKEEP_HOME": home,
        "SECRET_KEY": secret,
        "DEBUG": False,
        "ALLOWED_HOSTS": [*LOOPBACK, "[::1]", console.bind, *console.hosts],
        "DATABASES": {"default": database(settings, home.database)},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "INSTALLED_APPS": [
            "wardkeep.seal.apps.SealConfig",
            "wardkeep.govern.identity.apps.IdentityConfig",
            "wardkeep.watch.cases.apps.CasesConfig",
            "wardkeep.govern.alerts.apps.AlertsConfig",
            "wardkeep.govern.notices.apps.NoticesConfig",
            "wardkeep.govern.mappings.apps.MappingsConfig",
            "wardkeep.govern.records.apps.RecordsConfig",
            "wardkeep.web",
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
            "django_htmx",
            "allauth",
            "allauth.account",
            "allauth.mfa",
        ],
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "wardkeep.govern.identity.middleware.ContentPolicy",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "wardkeep.govern.identity.middleware.IdleEnd",
            "wardkeep.govern.identity.middleware.PersonLanguage",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
            "allauth.account.middleware.AccountMiddleware",
            "django_htmx.middleware.HtmxMiddleware",
        ],
        "ROOT_URLCONF": "wardkeep.web.urls",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [str(PACKAGE / "web" / "templates")],
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.template.context_processors.i18n",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        "STATIC_URL": "/static/",
        "USE_TZ": True,
        "TIME_ZONE": settings.hospital.timezone,
        "USE_I18N": True,
        "LANGUAGE_CODE": LANGUAGE_CODES[settings.hospital.language],
        "LANGUAGES": LANGUAGES,
        "LOCALE_PATHS": LOCALE_PATHS,
        "FORMAT_MODULE_PATH": None,
        # No file that is sent is ever written down.
        "FILE_UPLOAD_HANDLERS": ["wardkeep.web.intake.upload.InMemory"],
        "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
        **_signing_in(settings),
        **_transport(settings),
        "LOGGING": {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"places": {"()": "wardkeep.jobs.logs.PlacesOnly"}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "places"}},
            "root": {"handlers": ["stderr"], "level": "WARNING"},
            # Wardkeep's own record of a request is the sealed touch; a slow disk makes waitress talk of its queue.
            "loggers": {"django.request": {"level": "ERROR"}, "waitress.queue": {"level": "ERROR"}},
        },
    }


def _signing_in(settings: Settings) -> dict[str, Any]:
    return {
        "AUTH_USER_MODEL": "identity.User",
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
        "LOGIN_URL": "account_login",
        "LOGIN_REDIRECT_URL": "/",
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.ScryptPasswordHasher"],
        "AUTH_PASSWORD_VALIDATORS": [
            {
                "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
                "OPTIONS": {"min_length": 12},
            },
            {
                "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
                "OPTIONS": {"user_attributes": ["name", "full_name", "staff_id", "account"]},
            },
            {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
        ],
        "ACCOUNT_ADAPTER": "wardkeep.govern.identity.adapter.AccountAdapter",
        "ACCOUNT_USER_MODEL_USERNAME_FIELD": "name",
        "ACCOUNT_USER_MODEL_EMAIL_FIELD": None,
        "ACCOUNT_LOGIN_METHODS": {"username"},
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*", "password2*"],
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_SESSION_REMEMBER": False,
        "ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE": True,
        # Beside the address, so that one wrong machine cannot lock out a whole ward behind one address.
        "ACCOUNT_RATE_LIMITS": {"login": "60/m/ip", "login_failed": "30/m/ip,5/5m/key"},
        "MFA_ADAPTER": "wardkeep.govern.identity.adapter.MfaAdapter",
        "MFA_SUPPORTED_TYPES": ["totp", "recovery_codes"],
        "MFA_TOTP_ISSUER": "Wardkeep",
        "MFA_RECOVERY_CODES_SHOW_ONCE": True,
        "SESSION_COOKIE_AGE": settings.console.session_hours * 3600,
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        "WARDKEEP_IDLE_SECONDS": settings.console.idle_minutes * 60,
    }


def _transport(settings: Settings) -> dict[str, Any]:
    tls = settings.console.tls
    values: dict[str, Any] = {
        "SESSION_COOKIE_NAME": "wardkeep_session",
        "SESSION_COOKIE_SECURE": tls,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_SECURE": tls,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Strict",
        "X_FRAME_OPTIONS": "DENY",
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin" if tls else None,
    }
    if tls:
        values["SECURE_PROXY_SSL_HEADER"] = ("HTTP_X_FORWARDED_PROTO", "https")
        values["SECURE_HSTS_SECONDS"] = 31_536_000
    return values


def database(settings: Settings, sqlite_file: Path) -> dict[str, Any]:
    """Django's description of the database that [database] url names."""
    if settings.database.url == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(sqlite_file),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                # Checkpoints are the supervisor's alone: a writer never waits for one.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0",
            },
        }
    parts = urlsplit(settings.database.url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": "wardkeep", **dict(parse_qsl(parts.query))},
    }
