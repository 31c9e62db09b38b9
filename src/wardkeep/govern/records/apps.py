# SPDX-License-Identifier: Apache-2.0
"""Checks of signed records as a Django app."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "wardkeep.govern.records"
    label = "records"
