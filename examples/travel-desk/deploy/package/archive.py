"""A zip that is the same, byte for byte, whenever and wherever it is made from the same files."""

import zipfile
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can hold
READABLE = 0o100644 << 16  # AgentCore runs the files as another user
UNIX = 3


def write_zip(tree: Path, target: Path) -> None:
    """Write every file of the tree, in the order of its names, with fixed times and modes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        files = {file.relative_to(tree).as_posix(): file for file in tree.rglob("*") if file.is_file()}
        for name, file in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr, entry.create_system = READABLE, UNIX
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes(), compresslevel=6)
