"""Imports go down the floors, few modules touch the disk, and files stay readable: read from the source itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "hisim"
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(SOURCE.rglob("*.py"))
    if path != SOURCE / "__init__.py"
}

GROUND = {
    "errors", "variables", "stratum_variables", "accelerate", "extension", "lanes", "native", "kept", "garbage",
    "uncertain", "version", "areas",
}  # fmt: skip
MAY_IMPORT = {
    **{name: GROUND for name in GROUND},
    "declare": {"declare", *GROUND},
    "inputs": {"inputs", *GROUND},
    "model": {"model", "declare", "inputs", *GROUND},
    "outcomes": {"outcomes", *GROUND},
    "studies": {"studies", "outcomes", "model", "declare", "inputs", *GROUND},
    "surfaces": {"surfaces", "studies", "outcomes", "model", "declare", "inputs", *GROUND},
}
"""The floors: for each folder (or module of the ground floor) the ones it may import from."""

DISK = {
    "areas",
    "declare.files",
    "inputs.catalogue",
    "inputs.tables",
    "accelerate",
    "kept",
    "extension",
    "studies.store",
    "studies.store_files",
}
"""Who may touch the disk, beside surfaces; areas reads names only, accelerate only makes the folder of compiled code,
kept only its own, extension loads from memory only, and store a study's folder."""
DISK_CALLS = {
    "open", "read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "mkdtemp", "unlink",
    "to_netcdf", "to_csv", "to_parquet", "open_dataset", "load_dataset", "loadtxt", "savetxt", "save", "load",
}  # fmt: skip
NUMBA = {"accelerate", "extension"}
"""Who may import numba: its one door, and what is added to its compiler."""
LONGEST_FILE, LONGEST_FUNCTION = 350, 70


def imports(path: Path) -> Iterator[str]:
    """Every module that ``path`` imports, at any depth and also for type checkers only."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
            if node.module in {f"hisim.{folder}" for folder in MAY_IMPORT if folder not in GROUND}:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(name: str) -> list[str]:
    """The modules of hisim that ``name`` imports, without the leading ``hisim.``."""
    return [found.removeprefix("hisim.") for found in imports(MODULES[name]) if found.startswith("hisim.")]


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down_the_floors(name: str) -> None:
    floor = name.split(".")[0]
    above = {found for found in own_imports(name) if found.split(".")[0] not in MAY_IMPORT[floor]}
    assert not above, f"hisim.{name} may import from {sorted(MAY_IMPORT[floor])} only"


@pytest.mark.parametrize("name", MODULES)
def test_nobody_imports_the_package_as_a_whole_or_by_dots(name: str) -> None:
    assert not [found for found in imports(MODULES[name]) if found == "hisim" or found.startswith(".")]


def test_no_cycles() -> None:
    graph = {name: {found for found in own_imports(name) if found in MODULES} - {name} for name in MODULES}
    while leaves := {name for name, needs in graph.items() if not needs}:
        graph = {name: needs - leaves for name, needs in graph.items() if name not in leaves}
    assert not graph, "these import each other in a circle, or what is in one"


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("hisim", {"numpy", "numba", "xarray", "pandas", "scipy", "pydantic"}),
        ("hisim.surfaces.cli", {"numpy", "numba", "xarray", "pandas", "scipy", "pydantic"}),
        ("hisim.declare.files", {"numpy", "numba", "xarray", "pandas", "scipy"}),
        ("hisim.declare.schema", {"numpy", "numba", "xarray", "pandas", "scipy"}),
        ("hisim.model.projection, hisim.outcomes.mortality", {"scipy.special", "scipy.linalg", "h5py", "rich"}),
        ("hisim.surfaces.charts", {"numba", "altair", "vl_convert"}),
        ("hisim.variables", {"numba", "xarray", "pandas", "scipy"}),
    ],
)
def test_heavy_packages_are_imported_late(module: str, absent: set[str]) -> None:
    script = f"import sys, {module}; print(*sorted(set(sys.modules) & {absent!r}))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not loaded


def test_numba_has_one_door() -> None:
    users = {name for name in MODULES if any(found.split(".")[0] == "numba" for found in imports(MODULES[name]))}
    assert users == NUMBA


def test_only_the_model_compiles() -> None:
    users = {name for name in MODULES if "accelerate" in own_imports(name)}
    assert users
    assert {name for name in users if not name.startswith("model.")} == {"lanes"}


def disk_calls(path: Path) -> Iterator[str]:
    """Every call in ``path`` that reads or writes files."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in DISK_CALLS:
                yield f"{name} at line {node.lineno}"


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith("surfaces")])
def test_few_modules_touch_the_disk(name: str) -> None:
    found = list(disk_calls(MODULES[name]))
    assert not found or name in DISK


def test_every_exception_is_still_needed() -> None:
    assert {name for name in DISK if not list(disk_calls(MODULES[name]))} == set()
    assert set(MAY_IMPORT) == {name.split(".")[0] for name in MODULES}


@pytest.mark.parametrize("name", MODULES)
def test_files_and_functions_stay_short(name: str) -> None:
    text = MODULES[name].read_text("utf-8")
    assert text.count("\n") <= LONGEST_FILE
    functions = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))
    long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION]
    assert not long
