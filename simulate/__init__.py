# SPDX-License-Identifier: Apache-2.0
"""The hospital simulator: seeded, invented, and ignorant of the detector. Specification: docs/reference/simulator.md."""

from simulate import calibration
from simulate.folder import write, write_records, write_truth
from simulate.hospital import Hospital, build
from simulate.parameters import Parameters

__all__ = ["Hospital", "Parameters", "build", "calibration", "write", "write_records", "write_truth"]
