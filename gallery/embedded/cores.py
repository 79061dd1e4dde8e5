"""How many processor cores this process may use."""

import os
from pathlib import Path

QUOTA_FILE = Path("/sys/fs/cgroup/cpu.max")


def cores() -> int:
    """Cores that this process may use: the machine's, or fewer where a container limits them; at least 1."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count, _quota_cores() or count))


def _quota_cores() -> int | None:
    """A control group's limit, rounded up; the file holds microseconds "quota period" or "max period"."""
    try:
        quota, period = QUOTA_FILE.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None
    return -(-int(quota) // int(period)) if quota.isdigit() else None
