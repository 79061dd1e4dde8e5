"""Finding Chromium, and installing it where that can be done: `python -m tests.chromium`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEBIAN_PACKAGES = ("chromium", "fonts-dejavu-core")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = (
    "The browser tests need Chromium: install it (Debian: apt install chromium fonts-dejavu-core), "
    "run `.venv/bin/python -m playwright install chromium`, or name one with CHROMIUM=/path/to/chromium."
)


class NoChromium(Exception):
    """There is no Chromium on this machine; the message says what to do."""


def find_chromium() -> str:
    """The path of Chromium: $CHROMIUM, one on the path, or Playwright's own. Raises NoChromium."""
    candidates = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), _own_of_playwright()]
    for candidate in candidates:
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    raise NoChromium(MISSING)


def install() -> None:
    """Install Chromium as the system's administrator, else into the user's own cache. Raises NoChromium."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        commands = [
            ["apt-get", "-qq", "update"],
            ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", *DEBIAN_PACKAGES],
        ]
    else:
        environment = dict(os.environ)
        commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    for command in commands:
        if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode != 0:
            raise NoChromium(f"`{' '.join(command)}` failed. {MISSING}")


def _own_of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def main() -> None:
    """Find Chromium or install it; end with a sentence where neither works."""
    try:
        find_chromium()
    except NoChromium:
        sys.stdout.write("Installing Chromium for the browser tests ...\n")
        try:
            install()
            find_chromium()
        except NoChromium as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
