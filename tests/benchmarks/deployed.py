"""The agent as it is deployed, packaged and compiled: of this tree, of a release, and of the tutorials, in one run.

    .venv/bin/python tests/benchmarks/deployed.py [--release v0.6.0] [--framework google-adk] [--python 3.13]

* the package: the size of its zip. Its wheels are for this machine instead of arm64, so that it starts here;
* CPU and resident memory of the process when it answers `/ping` (the tutorials' agent has not made its client then),
  and memory after an answer;
* the first text of a new process, from its start; and of one that has answered `/ping`, from the request. Platform
  version 2 restores a process as it was then, so that waiting there stands in for the restore. What it leaves out is to
  load the pages that are touched: `touched` is how many MB of them the first answer reads or writes (Linux's
  `clear_refs`), and `CPU` what it costs until all is told.

The model is a process on this machine, whose answer is 100 pieces, 1 ms apart. Needs Linux. Read the ratios.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import streamplate
from processes import Server, server
from streams import DELTAS, HERE, ask

ROUNDS = 9
BUILD = """
import platform, sys
from importlib import import_module
from pathlib import Path
from deploy.package import bytecode, trim
build = import_module("deploy.package.build")
build.PLATFORM = f"{platform.machine()}-manylinux_2_28"
build.PLATFORMS = (build.PLATFORM,)  # its name before 0.7
tree = Path(sys.argv[1])
tree.mkdir()
build.install(build.requirements(), tree, "{}.{}".format(*sys.version_info))
build._copy_source(tree)
trim.trim(tree, trim.services_named_in(build.SOURCE))
bytecode.compile_tree(tree, sys.executable)
build.write_zip(tree, tree.with_suffix(".zip"))
"""
POINTED = "import json, sys; from local_model import wire; print(json.dumps(wire.environment(sys.argv[1])))"
COLUMNS = {
    "zip, MB": "{:.1f}",
    "CPU to /ping, ms": "{:.0f}",
    "memory, MB": "{:.1f}",
    "after an answer": "{:.1f}",
    "first text, ms: new": "{:.0f}",
    "restored": "{:.1f}",
    "CPU, ms": "{:.0f}",
    "touched, MB": "{:.1f}",
}


def packaged(folder: Path, framework: str, release: str, python: str) -> Path:
    """The tree of a project's package, made by the project."""
    project = streamplate.new(folder / (release or "today"), {"framework": framework}, git=False, release=release).path
    uv = [str(Path(sys.executable).parent / "uv"), "sync", "--quiet", "--python", python]
    subprocess.run(uv, cwd=project, check=True)
    tree = project / "build-tree"
    subprocess.run([interpreter(project), "-c", BUILD, str(tree)], cwd=project, check=True)
    return tree


def interpreter(project: Path) -> str:
    return str(project / ".venv" / "bin" / "python")


def cpu(process: Server) -> float:
    """Milliseconds so far, by the process's own clock: that of clock_getcpuclockid(3)."""
    return time.clock_gettime((~process.pid << 3) | 2) * 1000


def touched(process: Server) -> float:
    """MB of memory read or written since `clear_refs` was."""
    rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return int(rollup.partition("Referenced:")[2].split()[0]) / 1024


def start(command: list[str], tree: Path, model: dict[str, str | None]) -> list[float]:
    """A process, once: what `COLUMNS` says, without the size of the zip."""
    with server("-S", "-B", *command, python=interpreter(tree.parent), PYTHONPATH=str(tree), **model) as agent:
        to_ping, used, memory = agent.seconds_to_ping * 1000, cpu(agent), agent.memory()
        Path(f"/proc/{agent.pid}/clear_refs").write_text("1")
        first = asyncio.run(ask(agent.port))[0]
        pages, answered = touched(agent), cpu(agent)
        return [used, memory, agent.memory(), to_ping + first, first, answered - used, pages]


def compare(trees: dict[str, Path], with_pattern: bool) -> None:
    """Print a row for each package, the medians of rounds in turn, and the ratios of the last to the first."""
    servers = {name: ([str(tree / "main.py")], tree) for name, tree in trees.items()}
    if with_pattern:
        servers["the tutorials'"] = ([str(HERE / "pattern.py")], trees["today"])
    rounds = {name: list[list[float]]() for name in servers}
    project = trees["today"].parent
    variables = {"DELTAS": str(DELTAS), "PACE": "0.001", "PYTHONPATH": str(project)}
    with server(str(HERE / "model.py"), ping="/", python=interpreter(project), **variables) as model:
        address = [interpreter(project), "-c", POINTED, f"http://127.0.0.1:{model.port}"]
        pointed = json.loads(subprocess.check_output(address, cwd=project, text=True))
        pointed |= {"MODEL_ID": "benchmark", "AWS_REGION": "us-west-2"}
        for _ in range(ROUNDS):
            for name, (command, tree) in servers.items():
                rounds[name].append(start(command, tree, pointed))
    print(f"{'':16}", *COLUMNS, sep="  ")
    rows = {}
    for name, (_, tree) in servers.items():
        size = tree.with_suffix(".zip").stat().st_size / 2**20
        rows[name] = [size, *map(statistics.median, zip(*rounds[name], strict=True))]
        print(row(name, list(COLUMNS.values()), rows[name]), flush=True)
    release = rows[next(iter(trees))]
    ratios = [new / old for new, old in zip(rows["today"], release, strict=True)]
    print(row("ratio", ["{:.2f}"] * len(ratios), ratios))


def row(name: str, forms: list[str], numbers: list[float]) -> str:
    """A line of the table, under `COLUMNS`."""
    cells = zip(COLUMNS, forms, numbers, strict=True)
    return "  ".join([f"{name:16}", *(form.format(number).rjust(len(column)) for column, form, number in cells)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", default="v0.6.0")
    parser.add_argument("--framework", default="strands")
    parser.add_argument("--python", default="3.13", help="version or path; AgentCore's is 3.13 or 3.14")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        names = {options.release: options.release, "today": ""}
        trees = {
            name: packaged(Path(folder), options.framework, release, options.python) for name, release in names.items()
        }
        compare(trees, with_pattern=options.framework == "strands")


if __name__ == "__main__":
    main()
