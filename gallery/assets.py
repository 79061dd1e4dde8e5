"""What the browser loads: files taken from npm packages, our ES modules by bare name, icons as inline SVG.

There is no bundler. The few files that pages use are served straight from ``node_modules``; everything else
in those packages stays out of ``collectstatic`` (some of it names source maps that the hashing storage cannot
find).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage
from django.templatetags.static import static
from django.utils._os import safe_join

NPM_PREFIX = "npm"

NPM_MODULES = {
    "photoswipe": "photoswipe/dist/photoswipe.esm.min.js",
    "htmx": "htmx.org/dist/htmx.esm.js",
    "sha2": "@noble/hashes/sha2.js",
    "tus": "tus-js-client/dist/tus.min.js",
}
"""Bare module name in the import map -> file below node_modules. `tus` is no module: it leaves window.tus."""

NPM_FILES = frozenset(NPM_MODULES.values()) | {
    "@noble/hashes/_md.js",  # the three that sha2.js imports by relative name
    "@noble/hashes/_u64.js",
    "@noble/hashes/utils.js",
    "@picocss/pico/css/pico.min.css",
    "photoswipe/dist/photoswipe.css",
    "tus-js-client/dist/tus.min.js.map",  # tus.min.js names it, and the hashing storage looks for it
}

ICON_NAME = re.compile(r"[a-z0-9-]+\Z")
SVG_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


class NpmFinder(BaseFinder):
    """Finds the used files of the installed npm packages as ``npm/<package>/<path>``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.storage = FileSystemStorage(location=str(settings.NODE_MODULES))
        self.storage.prefix = NPM_PREFIX  # type: ignore[attr-defined]  # collectstatic reads it from each storage
        super().__init__(*args, **kwargs)

    def check(self, **kwargs: Any) -> list[Any]:
        """Nothing to check at start: a missing package shows at collectstatic by its file name."""
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Absolute path of a used file, ``[]`` where it is not ours; a list when ``find_all``."""
        name = path.removeprefix(f"{NPM_PREFIX}/")
        if name == path or name not in NPM_FILES:
            return []
        found = safe_join(str(settings.NODE_MODULES), name)
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """Every used file with its storage, for collectstatic."""
        for name in sorted(NPM_FILES):
            if not matches_patterns(name, ignore_patterns or []):
                yield name, self.storage


def import_map() -> dict[str, dict[str, str]]:
    """The import map of every page: npm modules, and ``likeness/<area>/<module>`` for files in static/."""
    return _import_map_once() if not settings.DEBUG else _import_map()


@cache
def _import_map_once() -> dict[str, dict[str, str]]:
    return _import_map()


def _import_map() -> dict[str, dict[str, str]]:
    own = Path(settings.BASE_DIR) / "static"
    modules = {name: static(f"{NPM_PREFIX}/{path}") for name, path in NPM_MODULES.items()}
    for path in sorted(own.rglob("*.js")):
        relative = path.relative_to(own)
        modules[f"likeness/{relative.with_suffix('').as_posix()}"] = static(relative.as_posix())
    return {"imports": modules}


@cache
def icon_body(name: str) -> str:
    """The drawing inside a Lucide icon's ``<svg>`` (24 x 24 units, stroked).

    Raises:
        ValueError: the name is not that of an icon in the installed package.
    """
    path = Path(settings.NODE_MODULES) / "lucide-static" / "icons" / f"{name}.svg"
    if not ICON_NAME.match(name) or not path.is_file():
        raise ValueError(f"There is no icon called {name!r}; see node_modules/lucide-static/icons")
    match = SVG_BODY.search(path.read_text(encoding="utf-8"))
    if match is None:
        raise ValueError(f"{path} holds no <svg> element")
    return " ".join(match.group(1).split())
