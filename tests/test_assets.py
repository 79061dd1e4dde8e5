"""What the browser loads."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from gallery.assets import NPM_FILES, icon_body, import_map
from gallery.templatetags.likeness import SCRIPT_ICONS

IMPORT = re.compile(r'(?:from|import\(?)\s*["\']([^"\']+)["\']')
SOURCE_MAP = re.compile(r"^//# sourceMappingURL=(\S+)", re.MULTILINE)
STATIC = Path(settings.BASE_DIR) / "static"
MODULES = sorted(STATIC.rglob("*.js"))
LONGEST_MODULE = 200  # lines


@pytest.mark.parametrize("name", sorted(NPM_FILES))
def test_every_used_package_file_is_there(name: str) -> None:
    assert finders.find(f"npm/{name}")


@pytest.mark.parametrize(
    "name", ["npm/photoswipe/package.json", "npm/../package.json", "npm/axe-core/axe.js"]
)
def test_nothing_else_of_the_packages_is_served(name: str) -> None:
    assert not finders.find(name)


def test_every_source_map_that_a_used_package_file_names_is_there() -> None:
    for name in NPM_FILES:
        path = Path(settings.NODE_MODULES) / name
        for named in SOURCE_MAP.findall(path.read_text(encoding="utf-8")):
            assert str(Path(name).parent / named) in NPM_FILES, name


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_every_import_has_an_address(module: Path) -> None:
    known = set(import_map()["imports"])

    assert set(IMPORT.findall(module.read_text(encoding="utf-8"))) <= known


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_modules_are_short(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) < LONGEST_MODULE


def test_every_icon_that_scripts_draw_is_on_the_sheet() -> None:
    used: set[str] = set()
    for module in MODULES:
        used.update(re.findall(r'\bicon\("([a-z0-9-]+)"', module.read_text(encoding="utf-8")))

    assert used <= set(SCRIPT_ICONS)


@pytest.mark.parametrize("name", ["no-such-icon", "../../package", ""])
def test_an_unknown_icon_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="There is no icon called"):
        icon_body(name)
