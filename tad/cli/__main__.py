"""`python -m tad.cli` is `tad`."""

import sys

from tad.cli import main

sys.exit(main())
