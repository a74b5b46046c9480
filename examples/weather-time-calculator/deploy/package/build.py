"""Builds the package. What it is built from decides its name, so that nothing is built or sent twice."""

import hashlib
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from ..config import PACKAGE, ROOT, Config
from ..errors import DeployError
from . import bytecode, checks, trim

PLATFORM = "aarch64-manylinux_2_28"  # and older; AgentCore Runtime is Amazon Linux 2023 (glibc 2.34) on arm64
OUTPUT = ROOT / "build" / "package"
SOURCE = ROOT / "src" / PACKAGE
ENTRY_POINT = "main.py"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can hold
READABLE = 0o100644 << 16  # AgentCore runs the files as another user
STARTER = f'import runpy\n\nrunpy.run_module("{PACKAGE}.deployed", run_name="__main__")\n'


@dataclass(frozen=True)
class Package:
    """A built package: the unpacked tree and the zip, which is named after what it was built from."""

    tree: Path
    zip: Path
    digest: str
    compiled: bool


def build(config: Config) -> Package:
    """The package for the project as it is now; the one built before when nothing has changed.

    Needs `uv.lock` (made if missing): same lock, same sources, same package on any machine.
    """
    wanted = requirements()
    python = bytecode.find_python(config.python)
    digest = _digest(wanted, config, python is not None)
    package = Package(OUTPUT / "tree", OUTPUT / f"{digest[:32]}.zip", digest, python is not None)
    if not package.zip.exists():
        _build(package, wanted, config, python)
    return package


def _build(package: Package, requirements: str, config: Config, python: str | None) -> None:
    shutil.rmtree(OUTPUT, ignore_errors=True)
    package.tree.mkdir(parents=True)
    install(requirements, package.tree, config.python)
    _copy_source(package.tree)
    trim.trim(package.tree, {*config.aws_services, *trim.services_named_in(SOURCE)})
    checks.check_architecture(package.tree)
    checks.check_imports(package.tree, config)
    if python:
        bytecode.compile_tree(package.tree, python)
    checks.check_unzipped_size(package.tree)
    unfinished = package.zip.with_suffix(".part")
    write_zip(package.tree, unfinished)
    checks.check_zipped_size(unfinished)
    unfinished.rename(package.zip)


def requirements() -> str:
    """Every runtime dependency with its version and hashes, from the lock."""
    export = ["export", "--no-dev", "--no-emit-project", "--no-header", "--format", "requirements.txt"]
    done = _run(export)
    if done.returncode:
        problem = f"The dependencies do not resolve together:\n{done.stderr.strip()}"
        raise DeployError(problem, "Look at `dependencies` in pyproject.toml.")
    return done.stdout


def _digest(requirements: str, config: Config, compiled: bool) -> str:
    """Identifies the package's inputs: dependencies, sources, options, and the code that builds it."""
    digest = hashlib.sha256(f"{requirements}{config.python}{compiled}{sorted(config.aws_services)}".encode())
    for folder in (SOURCE, Path(__file__).parent):
        for file in sorted(_source_files(folder)):
            name = file.relative_to(folder).as_posix()
            digest.update(f"\0{name}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def _source_files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


def install(requirements: str, tree: Path, python: str) -> None:
    """Install wheels for AgentCore's platform, whatever this machine is."""
    file = tree.with_name("requirements.txt")
    file.write_text(requirements, encoding="utf-8")
    wheels = ["--python-version", python, "--python-platform", PLATFORM, "--only-binary", ":all:", "--no-deps"]
    target = ["--link-mode", "copy", "--target", str(tree), "--requirements", str(file)]
    done = _run(["pip", "install", *wheels, *target])
    if done.returncode:
        problem = f"Not every dependency has a wheel for Python {python} on arm64:\n{done.stderr.strip()}"
        raise DeployError(problem, "Choose other versions, or deploy a container instead.")


def _copy_source(tree: Path) -> None:
    """`src/`, and at the top what AgentCore starts."""
    shutil.copytree(SOURCE, tree / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / ENTRY_POINT).write_text(STARTER, encoding="utf-8")


def write_zip(tree: Path, target: Path) -> None:
    """A zip that is the same, byte for byte, whenever and wherever it is made from the same files."""
    with zipfile.ZipFile(target, "w") as archive:
        files = {file.relative_to(tree).as_posix(): file for file in tree.rglob("*") if file.is_file()}
        for name, file in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr, entry.create_system = READABLE, 3  # Unix
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=6)


def _run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([find_uv_bin(), "--quiet", *arguments], cwd=ROOT, capture_output=True, text=True)
