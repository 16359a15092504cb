"""The rules of the house: imports go one way, files and functions stay small, numba waits.

The sources are read with `ast`, so a rule holds for code that no test runs.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "minigrad"
FILES = sorted(PACKAGE.rglob("*.py"))

# From the ground up. A file imports from its own row or from rows above it in this list.
ORDER = [
    ["_types", "_einops", "_formats", "_names", "_places", "_warn"],
    ["kernels.machine"],
    ["kernels"],
    ["_tape", "_print", "_sampling", "_convert"],
    ["ops"],
    ["storage", "tensor", "_arguments", "_names.functions"],
    [
        "_names.of_methods",
        "creation",
        "grids",
        "legacy",
        "random",
        "linalg",
        "special",
        "windows",
        "return_types",
    ],
    ["autograd"],
    ["nn.functional", "nn.init", "nn._native"],
    ["nn"],
    ["nn.modules", "nn.utils"],
    [
        "optim",
        "utils",
        "serialization",
        "datasets",
        "transforms",
        "viz",
        "testing",
        "func",
        "amp",
        "cuda",
        "backends",
        "accelerator",
        "compiler",
        "mps",
        "xpu",
        "types",
        "multiprocessing",
        "jit",
        "distributions",
        "overrides",
    ],
    ["", "version"],
]
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}

MAX_LINES_OF_FILE = 400
MAX_LINES_OF_FUNCTION = 60
OPTIONAL = {"matplotlib", "tqdm", "safetensors", "pooch", "PIL", "pandas", "onnx", "sklearn"}


def name_of(file: Path) -> str:
    """The module's dotted name below the package; the package itself is ""."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(file): file for file in FILES}


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def level(module: str) -> int:
    """The row of the most special room that the module lies in."""
    path = module.split(".")
    for length in range(len(path), 0, -1):
        if ".".join(path[:length]) in LEVEL:
            return LEVEL[".".join(path[:length])]
    pytest.fail(f"minigrad/{'/'.join(path)} has no room: give it one in ORDER")


def targets(node: ast.Import | ast.ImportFrom, importer: str) -> list[str]:
    """The full names of the modules an import statement loads."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        package = importer.split(".") if importer else []
        up = node.level - (MODULES[importer].name == "__init__.py")
        base = ".".join(["minigrad", *package[: len(package) - up], *filter(None, [base])])
    found = []
    for alias in node.names:
        inner = f"{base}.{alias.name}"
        is_module = inner.removeprefix("minigrad.") in MODULES and inner.startswith("minigrad.")
        found.append(inner if is_module else base)
    return found


def imports(module: str) -> list[tuple[str, int, bool]]:
    """What a module imports: (full name, line, whether inside a function).

    What stands under ``if TYPE_CHECKING`` is never run and not counted.
    """
    found = []

    def walk(node: ast.AST, inside: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import | ast.ImportFrom):
                found.extend((name, child.lineno, inside) for name in targets(child, module))
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            else:
                is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                walk(child, inside or is_function)

    walk(tree(MODULES[module]), False)
    return found


def own_imports(module: str) -> list[tuple[str, int, bool]]:
    """The imports of a module that stay in the package, named as `MODULES` names them."""
    return [
        (name.removeprefix("minigrad").removeprefix("."), line, inside)
        for name, line, inside in imports(module)
        if name.split(".")[0] == "minigrad"
    ]


def test_there_is_something_to_read():
    assert len(FILES) > 5


def test_names_of_relative_imports_are_understood():
    statement = ast.parse("from . import _types").body[0]
    assert targets(statement, "_print") == ["minigrad._types"]
    statement = ast.parse("from ._types import dtype, Size").body[0]
    assert targets(statement, "_print") == ["minigrad._types", "minigrad._types"]
    statement = ast.parse("from minigrad import float32").body[0]
    assert targets(statement, "_print") == ["minigrad"]


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module):
    back = [
        f"{MODULES[module].name}:{line} imports minigrad.{name}"
        for name, line, _ in own_imports(module)
        if level(name) > level(module)
    ]
    assert not back, f"imports must follow the order of the rooms: {back}"


def test_every_room_is_on_the_map():
    """docs/architecture.md has a line for every file and folder at the package's top."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\w+", text.partition("```text")[2].partition("```")[0]))
    rooms = {module.split(".")[0] for module in MODULES} - {""}
    assert not rooms - shown, f"not on the map: {sorted(rooms - shown)}"


def test_no_import_cycles():
    edges = {
        module: {name for name, _, _ in own_imports(module)} & MODULES.keys() for module in MODULES
    }
    for module, found in edges.items():
        # A package's file gathers its parts, and a part may name a neighbour through the package.
        found.discard(module)
    left = dict(edges)
    while free := [module for module, needs in left.items() if not needs & left.keys()]:
        for module in free:
            del left[module]
    assert not left, f"these import each other in a circle: {sorted(left)}"


@pytest.mark.parametrize("module", MODULES)
def test_imports_inside_functions_are_for_what_is_heavy(module):
    """Only extras, the standard library and kernels (so that numba waits) may come late."""
    late = [(name, line) for name, line, inside in imports(module) if inside]
    allowed = OPTIONAL | sys.stdlib_module_names
    odd = [
        f"line {line}: {name}"
        for name, line in late
        if name.split(".")[0] not in allowed and not name.startswith("minigrad.kernels")
    ]
    assert not odd, f"{module} imports inside a function what belongs at its head: {odd}"


@pytest.mark.parametrize("module", MODULES)
def test_foreign_imports(module):
    """Numba is for kernels; the rest needs numpy only, but for extras imported on use."""
    allowed = {"numpy", "minigrad", "__future__"} | sys.stdlib_module_names
    if module.split(".")[0] == "kernels":
        allowed |= {"numba", "llvmlite"}
    odd = [
        f"line {line}: {name}"
        for name, line, inside in imports(module)
        if name.split(".")[0] not in (allowed | OPTIONAL if inside else allowed)
    ]
    assert not odd, f"{module} imports {odd}"


@pytest.mark.parametrize("module", [name for name in MODULES if name.split(".")[0] == "kernels"])
def test_kernels_know_only_kernels(module):
    assert all(name.split(".")[0] == "kernels" for name, _, _ in own_imports(module))


@pytest.mark.parametrize("module", [name for name in MODULES if name.split(".")[0] == "_tape"])
def test_the_tape_knows_no_op(module):
    assert all(name.split(".")[0] == "_tape" for name, _, _ in own_imports(module))


@pytest.mark.parametrize("module", MODULES)
def test_files_are_short(module):
    lines = MODULES[module].read_text(encoding="utf-8").count("\n")
    assert lines <= MAX_LINES_OF_FILE, f"{MODULES[module].name} has {lines} lines: split it"


@pytest.mark.parametrize("module", MODULES)
def test_functions_are_short(module):
    long = [
        f"{node.name} ({node.end_lineno - node.lineno + 1} lines)"
        for node in ast.walk(tree(MODULES[module]))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > MAX_LINES_OF_FUNCTION
    ]
    assert not long, f"split {long}"


@pytest.mark.parametrize("module", MODULES)
def test_public_names_have_docstrings(module):
    nodes = tree(MODULES[module]).body
    silent = [
        node.name
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not silent, f"no docstring: {silent}"


@pytest.mark.parametrize("module", MODULES)
def test_modules_say_what_they_are_for(module):
    assert ast.get_docstring(tree(MODULES[module]))


def test_import_is_light():
    heavy = {"numba", "llvmlite", "torch", "scipy", "pytest", "hypothesis"} | OPTIONAL
    code = f"import sys, minigrad; print(*({heavy!r} & set(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert not run.stdout.split(), f"`import minigrad` imports {run.stdout}"


def test_no_path_of_a_machine():
    """Nothing in the repository points into one person's file system."""
    path = re.compile(
        r"(?<![\w./-])/(" + "|".join(["work", "tmp", "root", "home", "Users"]) + r")\b"
    )
    skipped = {"__pycache__", "build", "dist", "site", "venv"}
    kinds = {".py", ".md", ".toml", ".yml", ".yaml", ".txt", ".cfg", ".sh", ".ipynb", ""}
    found = []
    for file in ROOT.rglob("*"):
        folders = set(file.relative_to(ROOT).parts[:-1])
        hidden = {folder for folder in folders if folder.startswith(".")} - {".ci"}
        if folders & skipped or hidden or not file.is_file() or file.name == ".git":
            continue
        if file.suffix in kinds:
            text = file.read_text(encoding="utf-8", errors="replace")
            found += [f"{file.name}: {match.group()}" for match in path.finditer(text)]
    assert not found
