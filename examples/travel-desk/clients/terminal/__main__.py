"""`python -m clients.terminal`: `chat` without an installed script."""

import sys

from . import main

sys.exit(main())
