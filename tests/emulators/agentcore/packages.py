"""Code packages: downloaded from S3, checked, and unpacked to run."""

import hashlib
import io
import platform
import shutil
import stat
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from .errors import AwsError, invalid
from .models import Params

MEGABYTE = 1024 * 1024
ZIPPED_LIMIT, UNZIPPED_LIMIT = 250 * MEGABYTE, 750 * MEGABYTE  # AgentCore quotas: direct code deployment
ARM64 = 183  # ELF e_machine


class PackageError(Exception):
    """Why a version ends in CREATE_FAILED or UPDATE_FAILED."""


def find(s3: Any, code: Params) -> None:
    """Raise what Create and Update answer when the object can't be read."""
    location = _location(code)
    try:
        s3.head_object(**location)
    except ClientError as error:
        message = f"cannot read s3://{location['Bucket']}/{location['Key']}: {error}"
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403:
            raise AwsError("AccessDeniedException", message) from None
        raise invalid(message) from None


def unpack(s3: Any, code: Params, store: Path, python: str) -> Path:
    """Download the package and unpack it below `store`, ready for the interpreter `python` of this machine.

    Returns its root. Equal packages have the same root and are unpacked once.
    """
    blob = s3.get_object(**_location(code))["Body"].read()
    _within("zipped", len(blob), ZIPPED_LIMIT)
    root = store / hashlib.sha256(blob).hexdigest()
    if not root.exists():
        with tempfile.TemporaryDirectory(dir=store) as unfinished:
            _unpack(blob, Path(unfinished) / "package", python)
            (Path(unfinished) / "package").rename(root)
    script = code["entryPoint"][-1]
    if not (root / script).is_file():
        raise PackageError(f"entry point {script} is not in the code package")
    return root


def _unpack(blob: bytes, root: Path, python: str) -> None:
    root.mkdir()
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        _within("unzipped", sum(entry.file_size for entry in archive.infolist()), UNZIPPED_LIMIT)
        for entry in archive.infolist():
            _extract(archive, entry, root)
    foreign = [check_architecture(file, root) for file in root.rglob("*.so*")]
    if foreign and platform.machine() not in ("aarch64", "arm64"):
        put_native_builds(root, python)


def _location(code: Params) -> dict[str, str]:
    s3 = code["code"]["s3"]
    version = {"VersionId": s3["versionId"]} if "versionId" in s3 else {}
    return {"Bucket": s3["bucket"], "Key": s3["prefix"], **version}


def _within(what: str, size: int, limit: int) -> None:
    if size > limit:
        raise PackageError(f"the code package is {size / MEGABYTE:.0f} MB {what}; the limit is {limit // MEGABYTE} MB")


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, root: Path) -> None:
    mode = stat.S_IMODE(entry.external_attr >> 16)
    if not entry.is_dir() and not mode & stat.S_IROTH:
        raise PackageError(f"{entry.filename} is not world-readable in the code package (mode {mode:o})")
    Path(archive.extract(entry, root)).chmod(mode | stat.S_IRWXU if entry.is_dir() else mode)


def check_architecture(library: Path, root: Path) -> Path:
    machine = int.from_bytes(library.read_bytes()[18:20], "little")
    if machine != ARM64:
        raise PackageError(f"{library.relative_to(root)} is not built for arm64 (ELF machine {machine})")
    return library


def put_native_builds(root: Path, python: str) -> None:
    """Stand in for arm64 hardware: put this machine's builds of the same versions beside the compiled distributions."""
    pins = [_pin(info) for info in root.glob("*.dist-info") if ".so" in (info / "RECORD").read_text()]
    native = root.with_name(f"{root.name}-native")
    command = ["uv", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--python", python]
    done = subprocess.run([*command, "--target", str(native), *pins], capture_output=True, text=True)
    if done.returncode:
        raise PackageError(f"no build of {', '.join(pins)} for this machine: {done.stderr.strip()}")
    for library in native.rglob("*.so*"):
        target = root / library.relative_to(native)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(library, target)
    shutil.rmtree(native)


def _pin(info: Path) -> str:
    headers = dict(_headers((info / "METADATA").read_text(encoding="utf-8")))
    return f"{headers['Name']}=={headers['Version']}"


def _headers(metadata: str) -> Iterator[tuple[str, str]]:
    for line in metadata.partition("\n\n")[0].splitlines():
        name, colon, value = line.partition(": ")
        if colon and name in ("Name", "Version"):
            yield name, value
