# SPDX-License-Identifier: Apache-2.0
"""Confirmed mappings as a Django app."""

from django.apps import AppConfig


class MappingsConfig(AppConfig):
    name = "wardkeep.govern.mappings"
    label = "mappings"
