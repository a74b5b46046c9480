"""Imports the packaged agent as AgentCore would: `python -S import_check.py TREE SITE_PACKAGES MODULE`.

Only the package and the standard library can be seen. Compiled modules are the exception: the package's are for arm64,
so where it has one, this machine's build of it is loaded from `SITE_PACKAGES`.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

tree, site_packages, module = sys.argv[1:]


class CompiledHere:
    """Finds this machine's build of a compiled module that the package holds for arm64."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The spec of such a module; None for every other."""
        packaged = Path(path[0] if path else tree)
        if not any(packaged.glob(f"{name.rpartition('.')[2]}.*so")):
            return None
        here = str(packaged).replace(tree, site_packages, 1)
        spec = PathFinder.find_spec(name, [here])
        return spec if spec and isinstance(spec.loader, ExtensionFileLoader) else None


if __name__ == "__main__":
    sys.path[0] = tree
    sys.meta_path.insert(0, CompiledHere)
    import_module(module)
