"""Leaves out what the running agent never reads, and what differs from machine to machine."""

import ast
import gzip
import json
import shutil
from collections import Counter
from pathlib import Path

# What the agent, its SDKs and their credentials use; botocore describes four hundred services in 17 MB.
SERVICES = {"bedrock", "bedrock-agentcore", "bedrock-agentcore-control", "bedrock-runtime", "secretsmanager"}
SERVICES |= {"sso", "sso-oidc", "sts"}
OF_THE_INSTALLATION = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")


def trim(tree: Path, services: set[str]) -> None:
    """Trim the tree of a package. `services`: AWS services to keep beside the ones every agent needs."""
    shutil.rmtree(tree / "bin", ignore_errors=True)  # scripts that name this machine's Python
    (tree / ".lock").unlink(missing_ok=True)
    for stub in tree.rglob("*.pyi"):
        stub.unlink()
    _keep_services(tree / "botocore" / "data", SERVICES | services)
    for name in OF_THE_INSTALLATION:
        for file in tree.glob(f"*.dist-info/{name}"):
            file.unlink()


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


def sizes(tree: Path) -> Counter[str]:
    """Bytes of each module at the top of a package, as it is imported."""
    parts = [each for each in tree.glob("*") if each.suffix != ".dist-info"]
    return Counter({each.name: tree_size(each) if each.is_dir() else each.stat().st_size for each in parts})


def tree_size(tree: Path) -> int:
    """Bytes of every file in the tree."""
    return sum(file.stat().st_size for file in tree.rglob("*") if file.is_file())
