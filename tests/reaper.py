"""Ends what a test session left, however the session ended: it waits on a pipe that only the session holds.

Run as `python -m tests.reaper DATA_FOLDER`.
"""

import shutil
import sys
from pathlib import Path

TEST_MARK = "LIKENESS_TESTS"
"""Every process that a test session starts carries this name in its environment."""


def reap(data: Path) -> None:
    """End the processes that carry the mark of `data`, stop the servers of it and its folders, and remove it."""
    from gallery.embedded import paths
    from gallery.embedded.processes import end_marked
    from gallery.embedded.servers import Servers

    end_marked(data, patience_s=5, mark=TEST_MARK)
    for folder in (data, *(lock.parent.parent for lock in data.glob("*/run/servers.lock"))):
        Servers(folder).stop()
        shutil.rmtree(paths.socket_folder(folder), ignore_errors=True)
    shutil.rmtree(data, ignore_errors=True)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    reap(Path(sys.argv[1]))
