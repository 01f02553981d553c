"""Imports point down the layers only; each offence is named with its two modules."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "f2widgets"

#: What each part of the package may import besides itself and ``errors``.
BELOW = {
    "errors": set(),
    "core": set(),
    "io": {"core"},
    "calibrations": {"core", "io"},
    "recipes": {"core", "io"},
    "simulate": {"core"},
    "plan": {"core", "io", "calibrations", "recipes"},
    "needs": {"core", "io", "calibrations", "recipes"},
    "calibrating": {"io", "calibrations", "needs", "files"},
    "estimate": {"core", "io", "recipes", "plan"},
    "jobs": {"calibrations", "io", "recipes", "needs"},
    "differences": set(),
    "runs": {"core", "io", "recipes", "plan", "differences"},
    "products": {"core", "io", "recipes", "plan"},
    "reduction": {"core", "io", "calibrations", "recipes", "plan", "estimate", "runs", "products"},
    "campaign": {
        "core",
        "io",
        "calibrations",
        "recipes",
        "plan",
        "needs",
        "estimate",
        "jobs",
        "runs",
        "products",
        "reduction",
        "files",
        "verdicts",
        "pictures",
        "quality",
    },
    "files": {"io"},
    "verdicts": {"io", "files"},
    "explained": {"io", "recipes"},
    "archive": {"core", "io", "calibrations"},
    "markings": {"core", "io"},
    "pictures": {"core", "io", "markings"},
    "quality": {"core", "io"},
    "biographies": {"core", "io", "recipes"},
    "notebooks": {"io"},
    "tutorial": {"io", "pictures", "quality", "simulate"},
    "widgets": {
        "core",
        "io",
        "calibrations",
        "recipes",
        "needs",
        "calibrating",
        "plan",
        "estimate",
        "jobs",
        "runs",
        "products",
        "reduction",
        "files",
        "pictures",
        "quality",
        "simulate",
        "biographies",
        "archive",
        "campaign",
    },
    "teaching": {
        "core",
        "io",
        "calibrations",
        "recipes",
        "needs",
        "plan",
        "runs",
        "products",
        "reduction",
        "files",
        "verdicts",
        "pictures",
        "quality",
        "simulate",
        "widgets",
    },
    "cli": {
        "core",
        "io",
        "calibrations",
        "recipes",
        "needs",
        "plan",
        "estimate",
        "runs",
        "products",
        "reduction",
        "simulate",
        "tutorial",
        "notebooks",
        "verdicts",
        "explained",
        "archive",
        "campaign",
    },
    "__main__": {"cli"},
    "__init__": {
        "biographies",
        "calibrating",
        "campaign",
        "core",
        "io",
        "recipes",
        "explained",
        "files",
        "verdicts",
        "archive",
        "pictures",
        "quality",
        "runs",
        "reduction",
        "simulate",
    },
}
#: In ``core`` nothing but these may be imported from outside the standard library.
CORE_NEEDS = {"numpy", "scipy", "astropy", "sep"}


#: Modules, and the stubs that list what packages import when it is first used.
MODULES = sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.pyi")])


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].partition(".")[0]


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            home = ""
            if path.suffix == ".pyi":
                home = ".".join([*path.relative_to(PACKAGE.parent).parts[:-1], ""])
            assert node.level == (1 if home else 0), f"{path}: relative import"
            found |= {f"{home}{node.module or ''}.{alias.name}".replace("..", ".") for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path):
    part = part_of(path)
    assert part in BELOW, f"{part} has no place in the layers: give it one in this test"
    for name in imports(path):
        words = name.split(".")
        if words[0] == "f2widgets" and len(words) > 1 and words[1] not in ("errors", "__version__"):
            assert words[1] in BELOW[part] | {part}, f"{path.relative_to(PACKAGE)} imports {name}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").rglob("*.py")), ids=lambda p: p.stem)
def test_core_needs_little(path):
    import sys

    outside = {name.split(".")[0] for name in imports(path)} - set(sys.stdlib_module_names) - {"f2widgets"}
    assert outside <= CORE_NEEDS
