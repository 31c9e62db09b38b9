# SPDX-License-Identifier: Apache-2.0
"""Drawings: positions worked out here, laid out as SVG by templates."""
