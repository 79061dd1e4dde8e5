"""Looks after the embedded servers while the site runs: one that dies, as when memory runs out, comes back."""

import time
from collections.abc import Callable

from gallery.embedded.errors import ServerError
from gallery.embedded.servers import Servers

LOOK_EVERY_S = 1.0


def keep_alive(servers: Servers, say: Callable[[str], None]) -> None:
    """Start again what dies, for as long as this process holds the servers; for a daemon thread.

    A server that cannot start is tried again: where a full disk was the reason, it comes back once there is room.
    """
    last_trouble = ""
    while True:
        time.sleep(LOOK_EVERY_S)
        try:
            for title in servers.revive():
                say(f"The embedded {title} had died and was started again.")
                last_trouble = ""
        except ServerError as error:
            if str(error) != last_trouble:
                say(str(error))
            last_trouble = str(error)
