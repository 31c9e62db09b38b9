# SPDX-License-Identifier: Apache-2.0
"""FHIR R4 bulk exports (NDJSON) as hospital tables."""
