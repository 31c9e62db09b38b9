# SPDX-License-Identifier: Apache-2.0
"""Cases as a Django app."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "wardkeep.watch.cases"
    label = "cases"
    default_auto_field = "django.db.models.BigAutoField"
