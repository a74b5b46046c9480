"""Leaves out what the running agent never reads, and what differs from machine to machine."""

import ast
import gzip
import json
import shutil
from collections import Counter
from importlib.metadata import distributions
from pathlib import Path

# What the agent, its SDKs and their credentials use; botocore describes four hundred services in 17 MB.
SERVICES = {"bedrock", "bedrock-agentcore", "bedrock-agentcore-control", "bedrock-runtime", "secretsmanager"}
SERVICES |= {"sso", "sso-oidc", "sts"}


def trim(tree: Path, services: set[str]) -> None:
    """Trim the tree of a package. `services`: AWS services to keep beside the ones every agent needs."""
    shutil.rmtree(tree / "bin", ignore_errors=True)  # scripts that name this machine's Python
    (tree / ".lock").unlink(missing_ok=True)
    for stub in tree.rglob("*.pyi"):
        stub.unlink()
    _keep_services(tree / "botocore" / "data", SERVICES | services)
    for record in tree.glob("*.dist-info/RECORD"):
        _rewrite(record, tree)


def _keep_services(data: Path, kept: set[str]) -> None:
    """Keep botocore's descriptions of these services, and their endpoints: a first client reads the whole table."""
    for model in data.glob("*/"):
        if model.name not in kept:
            shutil.rmtree(model)
    prefixes = {_endpoint_prefix(model) for model in data.glob("*/*/service-2.json.gz")}
    for file in data.glob("endpoints.json"):
        table = json.loads(file.read_bytes())
        for partition in table["partitions"]:
            partition["services"] = {name: each for name, each in partition["services"].items() if name in prefixes}
        file.write_text(json.dumps(table), encoding="utf-8")


def _endpoint_prefix(model: Path) -> str:
    """The name of a service in the table of endpoints, as "states" of Step Functions."""
    prefix: str = json.loads(gzip.decompress(model.read_bytes()))["metadata"]["endpointPrefix"]
    return prefix


def services_named_in(source: Path) -> set[str]:
    """Every text in the source that may be an AWS service's name, as in `boto3.client("dynamodb")`."""
    trees = (ast.parse(file.read_bytes(), str(file)) for file in source.rglob("*.py"))
    constants = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {constant.value for constant in constants if isinstance(constant.value, str)}


def _rewrite(record: Path, tree: Path) -> None:
    """A RECORD of the files that are left, without the two that say who installed them."""
    for name in ("INSTALLER", "REQUESTED", "direct_url.json"):
        record.with_name(name).unlink(missing_ok=True)
    lines = record.read_text(encoding="utf-8").splitlines()
    kept = sorted(line for line in lines if (tree / line.rsplit(",", 2)[0].strip('"')).is_file())
    record.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def sizes(tree: Path) -> Counter[str]:
    """Bytes on disk of each distribution in a package, and of the agent itself."""
    found: Counter[str] = Counter()
    for distribution in distributions(path=[str(tree)]):
        files = [tree / str(file) for file in distribution.files or []]
        found[distribution.name] = sum(file.stat().st_size + _compiled_size(file) for file in files if file.exists())
    found["this project"] = tree_size(tree) - found.total()
    return found


def tree_size(tree: Path) -> int:
    """Bytes of every file in the tree."""
    return sum(file.stat().st_size for file in tree.rglob("*") if file.is_file())


def _compiled_size(file: Path) -> int:
    return sum(each.stat().st_size for each in (file.parent / "__pycache__").glob(f"{file.stem}.cpython-*.pyc"))
