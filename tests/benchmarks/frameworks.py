"""Every framework with Bedrock, one after the other on this machine: what it takes to install, to start and to stream.

    .venv/bin/python tests/benchmarks/frameworks.py [FRAMEWORK …]

A project of each is rendered and installed as it is deployed, without the dependencies of development, in an
environment of its own. The model streams 100 deltas, 20 ms apart, so that 2.0 s is the least that an answer can take.
Prints the table of the README's section on frameworks, and keeps the numbers in frameworks.json, from which
`python -m tests.readme` puts it there.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import streamplate
from processes import Server, server
from streams import Result, measure, model_server

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT))

from tests.readme import RESULTS, frameworks, matrix  # noqa: E402

BIN = Path(sys.executable).parent
IMPORTS, TURNS = 3, 3
FEW, MANY = 40, 200
ENVIRONMENT = "import json, sys; from local_model import wire; print(json.dumps(wire.environment(sys.argv[1])))"


def framework_numbers(framework: str, folder: Path) -> dict[str, Any]:
    """All that is measured of one framework: MB, s, ms or µs, as the names say."""
    project = streamplate.new(folder / "my-agent", {"framework": framework, "tools": []}, git=False).path
    uv(project, "sync", "--no-dev", "--no-compile-bytecode")
    numbers: dict[str, Any] = {"version": version(project, framework), "install_mb": megabytes(project)}
    numbers["first_import_s"] = import_seconds(project, "-B")
    uv(project, "sync", "--no-dev", "--compile-bytecode")
    numbers["import_s"] = statistics.median(import_seconds(project) for _ in range(IMPORTS))
    return numbers | stream_numbers(project)


def uv(project: Path, *command: str) -> None:
    subprocess.run([str(BIN / "uv"), *command, "--quiet"], cwd=project, check=True, capture_output=True, text=True)


def python(project: Path) -> str:
    return str(project / ".venv" / "bin" / "python")


def version(project: Path, framework: str) -> str:
    """The release of the package that the framework is called after."""
    dependencies = (ROOT / "template" / "frameworks" / framework / "dependencies.txt").read_text().splitlines()
    package = next(line.partition(">=")[0] for line in dependencies if framework in line)
    lookup = "from importlib.metadata import version; import sys; print(version(sys.argv[1]))"
    return subprocess.check_output([python(project), "-c", lookup, package], text=True).strip()


def megabytes(project: Path) -> float:
    """What is installed, without byte-code."""
    files = (project / ".venv" / "lib").rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file() and file.suffix != ".pyc") / 1e6


def import_seconds(project: Path, *options: str) -> float:
    """A process that imports the agent's entry point, beside one that imports nothing."""
    return seconds(python(project), *options, "-c", "import my_agent.main") - seconds(python(project), "-c", "")


def seconds(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def stream_numbers(project: Path) -> dict[str, float]:
    """One, some and many sessions at once, each time of a new process that has answered one question."""
    with model_server(project) as model:
        first, *ones = streams(project, model, *[1] * (TURNS + 1))
        *_, few = streams(project, model, 1, FEW)
        *_, many = streams(project, model, 1, MANY)
    return {
        "first_request_ms": first.first_text[0],
        "first_text_ms": statistics.median(one.first_text[0] for one in ones),
        "latency_ms": statistics.median(few.latencies),
        "cpu_us": few.cpu_per_delta,
        "few_s": few.wall,
        "many_s": many.wall,
        "session_mb": many.megabytes_per_session,
    }


def streams(project: Path, model: Server, *sessions: int) -> list[Result]:
    """So many sessions at once, again and again, on one process of the agent."""
    url = f"http://127.0.0.1:{model.port}"
    pointed = json.loads(subprocess.check_output([sys.executable, "-c", ENVIRONMENT, url], cwd=project, text=True))
    with server("-m", "my_agent.main", python=python(project), **pointed) as agent:
        return [measure(agent, model, number) for number in sessions]


def numbers_or_reason(framework: str) -> dict[str, Any]:
    """A framework that fails is reported as such, and the others are measured."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return framework_numbers(framework, Path(folder))
        except subprocess.CalledProcessError as error:
            reason = error.stderr or error
        except (Exception, SystemExit) as error:
            reason = error
    return {"failed": str(reason).strip().splitlines()[-1]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frameworks", nargs="*", metavar="FRAMEWORK", help="these alone; the others keep their numbers")
    chosen = parser.parse_args().frameworks or list(matrix())
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for framework in chosen:
        started = time.perf_counter()
        results[framework] = numbers_or_reason(framework)
        print(f"{framework}: {time.perf_counter() - started:.0f} s", results[framework], file=sys.stderr, flush=True)
        RESULTS.write_text(json.dumps({name: results[name] for name in matrix() if name in results}, indent=1) + "\n")
    print(frameworks())
    return int(any("failed" in results[framework] for framework in chosen))


if __name__ == "__main__":
    sys.exit(main())
