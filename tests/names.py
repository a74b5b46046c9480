"""Names that a project cannot have: `python -m tests.names` writes them for the template, and a test compares.

* `template/questions/names.yml`: names that would break imports, whatever was answered.
* `template/packages.json`: each package that comes along with one that the template asks for, with those that bring it.
  A project of that name would depend on itself; uv looks up what they bring.
"""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
import textwrap
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from streamplate.names import PACKAGES

from tests.template.needed import MODULES

ROOT = Path(__file__).parents[1]
RESERVED = ROOT / "template" / "questions" / "names.yml"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+(?:\[[a-z,-]+\])?)>=")

OURS = {"agent", "clients", "deploy", "dev", "evals", "local_model", "src", "test", "tests"}
"""Folders of a project, and names that say nothing."""

WINDOWS = {"aux", "con", "nul", "prn", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
"""Devices, which no file can be called after.

https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
"""

OTHER_VERSIONS = (
    "aifc annotationlib asynchat asyncore audioop cgi cgitb chunk compression crypt distutils imghdr imp lib2to3 "
    "mailcap msilib nis nntplib ossaudiodev pipes smtpd sndhdr spwd sunau telnetlib uu xdrlib"
)
"""Modules of some Python from 3.11 to 3.14, but not of all."""

BROUGHT = (
    "attr cattr celpy dateutil grpc jwt lark linkify_it multipart pdfminer py pydoc_data re2 rpds schemas "
    "tiktoken_ext websocket workflows yaml"
)
"""Modules of packages that come along, which are called otherwise than those."""


def reserved() -> set[str]:
    """Names, as a project has them, whose module would hide another."""
    modules = {MODULES.get(name, name.replace("-", "_")).lower() for name in map(_package, requirements())}
    standard = {*sys.stdlib_module_names, *OTHER_VERSIONS.split()}
    taken = {*keyword.kwlist, *standard, *modules, *OURS, *WINDOWS, *BROUGHT.split()}
    return {name for name in (each.replace("_", "-") for each in taken) if NAME.fullmatch(name)}


def requirements() -> set[str]:
    """Every package that some project asks for, with its extras."""
    files = [*(ROOT / "template").rglob("*.txt"), ROOT / "template" / "project" / "pyproject.toml.jinja"]
    lines = (line.strip() for file in files for line in file.read_text("utf-8").splitlines())
    return {found[1].lower() for line in lines if (found := REQUIREMENT.match(line))}


def questions_file() -> str:
    """What stands in `names.yml`."""
    wrapper = textwrap.TextWrapper(110, initial_indent=" " * 4, subsequent_indent=" " * 4, break_on_hyphens=False)
    names = wrapper.fill(" ".join(sorted(reserved())))
    return (
        "# Written by `python -m tests.names`: names that Python, Windows, a project's own folders or a package that\n"
        f"# it imports have already.\nreserved_names:\n  type: str\n  when: false\n  default: >-\n{names}\n"
    )


def origins() -> dict[str, list[str]]:
    """Packages, and which `requirements()` bring each; a requirement brings itself."""
    found: dict[str, list[str]] = defaultdict(list)
    asked = sorted(requirements())
    with ThreadPoolExecutor(4) as pool:
        for requirement, brought in zip(asked, pool.map(_brought, asked), strict=True):
            for name in {*brought, _package(requirement)}:
                found[name].append(requirement)
    return dict(sorted(found.items()))


def _brought(requirement: str) -> set[str]:
    compiled = ["uv", "pip", "compile", "-q", "--universal", "--python-version", "3.11", "--no-header", "--no-annotate"]
    listed = subprocess.run([*compiled, "-"], input=requirement, text=True, check=True, capture_output=True).stdout
    return {line.partition("==")[0] for line in listed.splitlines() if "==" in line}


_package = partial(re.sub, r"\[.*", "")


def main() -> None:
    RESERVED.write_text(questions_file(), "utf-8")
    lines = [f"  {json.dumps(name)}: {json.dumps(bringing)}" for name, bringing in origins().items()]
    (ROOT / PACKAGES).write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
