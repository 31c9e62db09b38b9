# SPDX-License-Identifier: Apache-2.0
"""`python -m wardkeep`."""

from wardkeep.cli import main

if __name__ == "__main__":
    main()
