"""How long things take to begin, each beside its yardstick, in one run.

    .venv/bin/python tests/benchmarks/start.py

* `streamplate new --defaults --no-git`, the whole process, beside plain `copier copy` of the same template;
* the reference example from process start to `/ping`, beside the import of its framework alone
  (run `uv sync` there first).
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from processes import server

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
EXAMPLE = ROOT / "examples" / "weather-time-calculator"
ROUNDS = 5


def seconds(*command: str) -> float:
    """The wall time of a command."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def rounds(*command: str) -> list[float]:
    """The times of several runs; `{}` in a command is a new folder."""
    times = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            times.append(seconds(*(part.format(f"{folder}/agent") for part in command)))
    return times


def compare(name: str, times: list[float], yardstick: str, others: list[float]) -> None:
    """Print two medians and their ratio."""
    mine, other = statistics.median(times), statistics.median(others)
    print(f"{name}: {mine:.2f} s; {yardstick}: {other:.2f} s; ratio {mine / other:.2f}")


def served() -> list[float]:
    """Process start to the first answer of `/ping`."""
    python = str(EXAMPLE / ".venv" / "bin" / "python")
    times = []
    for _ in range(ROUNDS):
        with server("-m", "weather_time_calculator.main", python=python) as agent:
            times.append(agent.seconds_to_ping)
    return times


def main() -> None:
    new = rounds(str(BIN / "streamplate"), "new", "{}", "--defaults", "--no-git")
    copy = rounds(str(BIN / "copier"), "copy", "--defaults", "--quiet", str(ROOT), "{}")
    compare("streamplate new", new, "copier copy", copy)
    imports = rounds(
        str(EXAMPLE / ".venv" / "bin" / "python"), "-c", "import strands, strands.models, bedrock_agentcore"
    )
    compare("start to /ping", served(), "imports alone", imports)


if __name__ == "__main__":
    sys.exit(main())
