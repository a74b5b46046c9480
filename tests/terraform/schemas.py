"""Extracts what the Terraform form uses of the providers' schemas into `schemas.json`.

    python -m tests.terraform.schemas

* `hashicorp/aws` 5.100.0: its own `terraform providers schema -json`, from a mirror in /opt/tf-plugins;
* `hashicorp/awscc` 1.106.0: its bindings, the package `cdktn-provider-awscc` 1.8.0 of PyPI. They are made from its
  schema, and say of each attribute its type, and whether it is computed, optional or required.
"""

import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

Json = dict[str, Any]
FILE = Path(__file__).with_name("schemas.json")
AWS = "registry.terraform.io/hashicorp/aws"
AWSCC = "registry.terraform.io/hashicorp/awscc"
USED = {
    "resource_schemas": [
        "aws_cloudwatch_dashboard", "aws_cloudwatch_metric_alarm", "aws_iam_role", "aws_iam_role_policy",
        "aws_s3_bucket", "aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block", "aws_s3_bucket_server_side_encryption_configuration", "aws_s3_object",
    ],
    "data_source_schemas": ["aws_caller_identity", "aws_partition"],
}  # fmt: skip
BINDINGS = {
    "resource_schemas": ["bedrockagentcore-runtime", "bedrockagentcore-runtime-endpoint", "bedrockagentcore-memory"],
    "data_source_schemas": ["data-awscc-bedrockagentcore-runtime"],
}
MIRROR = 'provider_installation {\n  filesystem_mirror {\n    path = "/opt/tf-plugins"\n  }\n}\n'
NEEDED = 'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws", version = "5.100.0" }\n  }\n}\n'
TYPES = {"String": "string", "Number": "number", "Boolean": "bool", "List": ["list", "string"]}
TYPES |= {"StringMap": ["map", "string"], "NumberList": ["list", "number"]}
ATTRIBUTE = re.compile(
    r"// (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n"
    r"(?:\s+_\w+ = new ([\w.]+)\(this, \"\w+\"(?:, (\w+))?\)"
    r"|(?:\s+_\w+;)?\s+get \w+\(\) \{\s+return [^;]*?get(\w+)Attribute\()"
)


def aws() -> Json:
    """The provider's own word, without descriptions."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rc").write_text(MIRROR)
        (Path(folder) / "main.tf").write_text(NEEDED)
        env = {"TF_CLI_CONFIG_FILE": f"{folder}/rc", "PATH": "/usr/local/bin:/usr/bin:/bin"}
        run = {"cwd": folder, "env": env, "check": True, "capture_output": True}
        subprocess.run(["terraform", "init"], **run)
        done = subprocess.run(["terraform", "providers", "schema", "-json"], **run)
    found = json.loads(done.stdout)["provider_schemas"][AWS]
    return {"provider": _bare(found["provider"])} | {
        kind: {name: _bare(found[kind][name]) for name in names} for kind, names in USED.items()
    }


def _bare(value: Any) -> Any:
    """Without descriptions, which are texts; an attribute may be called so."""
    if not isinstance(value, dict):
        return value
    texts = [name for name in ("description", "description_kind") if isinstance(value.get(name), str)]
    return {name: _bare(each) for name, each in value.items() if name not in texts}


def awscc() -> Json:
    """What the bindings say. All that is nested is an attribute there."""
    with tempfile.TemporaryDirectory() as folder:
        get = ["download", "--quiet", "--no-deps", "--dest", folder, "cdktn-provider-awscc==1.8.0"]
        subprocess.run([sys.executable, "-m", "pip", *get], check=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            inner = next(name for name in wheel.namelist() if name.endswith(".tgz"))
            with tarfile.open(fileobj=io.BytesIO(wheel.read(inner))) as modules:
                found = {kind: dict(_resource(modules, name) for name in names) for kind, names in BINDINGS.items()}
    region: Json = {"attributes": {"region": {"type": "string", "optional": True}}}
    return {"provider": {"version": 0, "block": region}} | found


def _resource(modules: tarfile.TarFile, name: str) -> tuple[str, Json]:
    file = modules.extractfile(f"package/lib/{name}/index.js")
    assert file
    classes = dict(re.findall(r"\nclass (\w+) extends [\w.]+ \{(.*?)\n\}\n", file.read().decode(), re.DOTALL))
    main = next(body for body in classes.values() if "tfResourceType" in body)
    kind = re.search(r'tfResourceType = "(\w+)"', main)
    assert kind
    return kind[1], {"version": 1, "block": {"attributes": _attributes(main, classes)}}


def _attributes(body: str, classes: dict[str, str]) -> Json:
    return {row[0]: _attribute(row, classes) for row in ATTRIBUTE.findall(body)}


def _attribute(row: tuple[str, ...], classes: dict[str, str]) -> Json:
    _, computed, optional, required, nested, is_set, kind = row
    flags = {"computed": computed, "optional": optional, "required": required}
    found: Json = {name: True for name, value in flags.items() if value == "true"}
    if not nested:
        return found | {"type": TYPES[kind]}
    if nested.startswith("cdktn."):
        return found | {"type": ["map", "string"]}
    mode = "single" if not is_set else "set" if is_set == "true" else "list"
    inner = classes[re.sub("List$", "OutputReference", nested) if mode != "single" else nested]
    return found | {"nested_type": {"attributes": _attributes(inner, classes), "nesting_mode": mode}}


def main() -> None:
    FILE.write_text(json.dumps({AWS: aws(), AWSCC: awscc()}, sort_keys=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
