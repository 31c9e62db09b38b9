# SPDX-License-Identifier: Apache-2.0
"""What is watched and what is not: systems, and the scenes of the two lists."""
