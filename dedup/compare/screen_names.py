"""When a screenshot was taken and of which monitor, as its name says it."""

import re
from datetime import UTC, datetime
from pathlib import PurePosixPath

# 2024-05-02 13-22-11, 20240502_132211, 2024-05-02T13.22.11.250, "2024-05-02 at 1.22.11 PM" (and um, à, kl, ...).
_DAY = r"(?P<year>(?:19|20)\d\d)[-_.]?(?P<month>0[1-9]|1[0-2])[-_.]?(?P<day>0[1-9]|[12]\d|3[01])"
_TIME = (
    r"(?P<hour>[01]?\d|2[0-3])[-_:.h]?(?P<minute>[0-5]\d)(?:[-_:.m]?(?P<second>[0-5]\d))?"
    r"(?:[-_.,](?P<milli>\d{3}))?(?:\s?(?P<half>[ap]m))?(?!\d)"
)
_DAY_AND_TIME = re.compile(
    rf"(?<!\d){_DAY}(?:[-_. t]|\s(?:at|um|om|kl|a|à|alle|a las)\.?\s)+{_TIME}", re.IGNORECASE
)
_DAY_ALONE = re.compile(rf"(?<!\d){_DAY}(?!\d)")
_TIME_ALONE = re.compile(rf"(?<!\d){_TIME}", re.IGNORECASE)
# Seconds or milliseconds since 1970, of the years 2001 to 2286.
_EPOCH = re.compile(r"(?<!\d)(?P<seconds>[1-9]\d{9})(?P<milli>\d{3})?(?!\d)")
# monitor2, display-1, eDP-1, HDMI-A-1, mon_0; and (2), as macOS numbers the screens of one moment.
_MONITOR = re.compile(
    r"(?<![a-z])(?:monitor|display|screen|mon|output|e?dp|hdmi|dvi|vga)[-_ ]?(?:[a-d][-_])?\d{1,2}(?!\d)",
    re.IGNORECASE,
)
_COPY_NUMBER = re.compile(r"\((\d)\)$")
_SPACES = re.compile("[\u00a0\u202f]")


def time_of(name: str) -> datetime | None:
    """When the screenshot at `name` (relative, with slashes) was taken, in the time that its name is written in.

    A name that holds a time alone takes the day from its folder, such as 2024-05/2024-05-02. None where the name says
    nothing that is a time.
    """
    path = PurePosixPath(_SPACES.sub(" ", name))
    if found := _DAY_AND_TIME.search(path.stem):
        return _moment(found, found)
    if found := _EPOCH.search(path.stem):
        moment = datetime.fromtimestamp(int(found["seconds"]), UTC).replace(tzinfo=None)
        return moment.replace(microsecond=1000 * int(found["milli"] or 0))
    day = _DAY_ALONE.search(path.parent.name)
    time = _TIME_ALONE.search(path.stem)
    return _moment(day, time) if day and time else None


def monitor_of(name: str) -> str:
    """The part of the name that tells the monitor, in lower case; "" where there is none."""
    stem = PurePosixPath(name).stem
    found = _MONITOR.search(stem) or _COPY_NUMBER.search(stem)
    return found[0].lower() if found else ""


def _moment(day: re.Match[str], time: re.Match[str]) -> datetime | None:
    hour = int(time["hour"])
    if time["half"]:
        hour = hour % 12 + (12 if time["half"].lower() == "pm" else 0)
    try:
        return datetime(
            int(day["year"]),
            int(day["month"]),
            int(day["day"]),
            hour,
            int(time["minute"]),
            int(time["second"] or 0),
            1000 * int(time["milli"] or 0),
        )
    except ValueError:  # the 31st of February
        return None
