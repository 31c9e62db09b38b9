# SPDX-License-Identifier: Apache-2.0
"""Office sheets (.xlsx): rows as text, streamed out of the archive, read by a mapping like delimited text.

The reader is our own and small, since what matters is what it refuses: libraries that make a grid of a sheet can be asked for
one of 17 billion cells, and those that read XML leave entities to what happens to be installed.
"""
