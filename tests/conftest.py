"""Whatever the tests start finds the commands of this environment, uv above all, as if it had been activated."""

import os
import sys
from pathlib import Path

os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
