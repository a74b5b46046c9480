"""What would fail on AgentCore, found before anything is sent: architecture, size, and modules that are missing."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from ..config import PACKAGE, Config
from ..errors import DeployError
from .trim import sizes, tree_size

MEGABYTE = 1024 * 1024
ZIPPED_LIMIT, UNZIPPED_LIMIT = 250, 750  # MB; AgentCore quotas for direct code deployment
ARM64 = 183  # e_machine of an ELF file


def check_architecture(tree: Path) -> None:
    """Refuse a compiled module for another processor."""
    for library in tree.rglob("*.so*"):
        machine = int.from_bytes(library.read_bytes()[18:20], "little")
        if machine != ARM64:
            name = library.relative_to(tree)
            raise DeployError(f"{name} is not built for arm64 (ELF machine {machine}).", "AgentCore runs arm64 only.")


def check_unzipped_size(tree: Path) -> None:
    """Refuse a tree over the quota."""
    _check_size("unzipped", tree_size(tree), UNZIPPED_LIMIT, tree)


def check_zipped_size(file: Path) -> None:
    """Refuse a zip over the quota."""
    _check_size("zipped", file.stat().st_size, ZIPPED_LIMIT, file.parent / "tree")


def _check_size(what: str, size: int, limit: int, tree: Path) -> None:
    if size > limit * MEGABYTE:
        largest = ", ".join(f"{name} {bytes_ / MEGABYTE:.0f} MB" for name, bytes_ in sizes(tree).most_common(5))
        raise DeployError(
            f"The package is {size / MEGABYTE:.0f} MB {what}; AgentCore takes {limit} MB.",
            f"The largest parts: {largest}. Drop dependencies, or deploy a container instead.",
        )


def check_imports(tree: Path, config: Config) -> None:
    """Import the packaged agent from nothing but the package: on AgentCore, what is missing shows at the first call."""
    environment = {"PATH": os.environ.get("PATH", ""), "AWS_REGION": config.region, "AWS_EC2_METADATA_DISABLED": "true"}
    environment |= config.variables | dict.fromkeys(config.secrets, "read on AgentCore")
    script = Path(__file__).with_name("import_check.py")
    site_packages = sysconfig.get_path("purelib")
    done = subprocess.run(
        [sys.executable, "-S", "-B", str(script), str(tree), site_packages, f"{PACKAGE}.main"],
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        hint = "A package must be in `dependencies` of pyproject.toml, a key in [secrets] of deploy.toml."
        raise DeployError(f"The packaged agent can't be imported: {reason}", hint)
