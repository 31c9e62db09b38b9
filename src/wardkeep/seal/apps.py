# SPDX-License-Identifier: Apache-2.0
"""The seal as a Django app."""

from django.apps import AppConfig


class SealConfig(AppConfig):
    name = "wardkeep.seal"
    label = "seal"
    default_auto_field = "django.db.models.BigAutoField"
