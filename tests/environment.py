"""The test session's own world: a temporary data folder, settings, and a reaper that clears it all away.

Everything is set before Django reads its settings, and every test process has a folder of its own, so several
can run at the same time.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.reaper import TEST_MARK

REPOSITORY = Path(__file__).resolve().parent.parent
FOREIGN_SETTINGS = (
    "DATABASE_URL",
    "REDIS_URL",
    "PUBLIC_URL",
    "PUBLIC_GALLERY",
    "ALLOWED_HOSTS",
    "BEHIND_PROXY",
    "SECRET_KEY_FILE",
    "X_ACCEL_REDIRECT",
    "CLIP_MODEL",
    "CLIP_PRETRAINED",
    "DATABASE_PASSWORD",
    "STORAGE_URL",
    "LOG_FORMAT",
    "METRICS_TOKEN",
    "METRICS_FROM_THIS_MACHINE",
    "HOST",
    "PORT",
    "DEBUG",
)


class TestWorld:
    """The folder of this test session, and the reaper that ends what the session leaves."""

    __test__ = False

    def __init__(self) -> None:
        self.data = Path(tempfile.mkdtemp(prefix="likeness-tests-")).resolve()
        self._reaper: subprocess.Popen[bytes] | None = None

    def enter(self) -> None:
        """Set the environment that settings read, and start the reaper."""
        for name in FOREIGN_SETTINGS:
            os.environ.pop(name, None)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "gallery.settings",
            "GALLERY_DATA": str(self.data),
            "STATIC_ROOT": str(self.data / "static"),
            "SECRET_KEY": "a-fixed-key-for-tests-" + "0123456789" * 4,
            "MIN_FREE_MB": "0",
            # No test reaches the network: models come from files that the tests make.
            "HF_HUB_OFFLINE": "1",
            "HF_HOME": str(self.data / "huggingface"),
            # Playwright's synchronous interface runs an event loop, which Django would take for a mistake.
            "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
        }
        (self.data / "static").mkdir()
        self._reaper = subprocess.Popen(
            [sys.executable, "-m", "tests.reaper", str(self.data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=REPOSITORY,
            start_new_session=True,
        )
        os.environ[TEST_MARK] = str(self.data)

    def leave(self) -> None:
        """Let the reaper end every process of this session and remove the folder; wait until it has."""
        if self._reaper is not None:
            self._reaper.communicate()
