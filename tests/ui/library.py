"""What the browser tests share: a library filled through the API, and axe."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from playwright.sync_api import Page

from gallery.models import User
from gallery.tokens import create_token
from tests.live import LiveSite, wait_until
from tests.pictures import jpeg_bytes, scene

AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = """
async () => {
    const standards = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await axe.run({ runOnly: standards, preload: false });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
}
"""


def pictures(count: int, first_seed: int = 1) -> list[bytes]:
    """Different landscapes of different shapes, as JPEG files."""
    shapes = [(480, 320), (320, 480), (400, 400), (640, 280)]
    return [
        jpeg_bytes(scene(seed, shapes[seed % len(shapes)])) for seed in range(first_seed, first_seed + count)
    ]


def fill(site: LiveSite, owner: User, files: Sequence[bytes], **form: Any) -> list[int]:
    """Upload the files as photo-1.jpg, photo-2.jpg ... and wait until all are looked at. Returns their ids."""
    _, token = create_token(user=owner, name="test")
    ids = []
    for number, content in enumerate(files, start=1):
        file = io.BytesIO(content)
        file.name = f"photo-{number}.jpg"
        answer = site.request("POST", "/api/v1/photos", token=token, form={"file": file, **form})
        assert answer.status == 201, answer.body
        ids.append(answer.json()["id"])
    for pk in ids:
        wait_until(f"photo {pk} is ready", lambda pk=pk: state_of(site, token, pk) == "ready")  # type: ignore[misc]  # bound now
    return ids


def state_of(site: LiveSite, token: str, pk: int) -> str:
    """The state of a photo, as the API tells it."""
    return str(site.request("GET", f"/api/v1/photos/{pk}", token=token).json()["state"])


def violations(page: Page) -> list[str]:
    """What axe finds wrong on the page."""
    page.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")
    found: list[str] = page.evaluate(RUN_AXE)
    return found


def open_grid(page: Page, address: str = "/") -> None:
    """Open a page with a photo grid and wait until the grid is there."""
    page.goto(address)
    page.wait_for_selector("[data-grid-page][data-ready]")
