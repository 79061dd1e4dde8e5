"""What the machine offers: memory, shared memory, and a user that PostgreSQL agrees to run as."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

from gallery.embedded.errors import ServerError

SYSTEM_USER = "likeness-db"
"""The system user that is made for the servers when everything runs as root (PostgreSQL refuses root)."""

MIB = 1024 * 1024


@dataclass(frozen=True)
class Account:
    """A system user to run a server as."""

    uid: int
    gid: int


def memory_bytes() -> int:
    """Memory that this process may use: the machine's, or less where a container limits it."""
    total = int(psutil.virtual_memory().total)
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        limit = _read_number(Path(name))
        if limit is not None:
            total = min(total, limit)
    return total


def shared_memory_bytes() -> int:
    """Free space of /dev/shm, where parallel index builds keep their work; 0 where there is none."""
    try:
        usage = os.statvfs("/dev/shm")  # noqa: S108 - the system's own place for it
    except OSError:
        return 0
    return usage.f_bavail * usage.f_frsize


def server_account(folder: Path) -> Account | None:
    """The user for the servers: None for the present one; for root, the owner of `folder` or one made for it.

    Raises ServerError when root cannot make that user.
    """
    if os.geteuid() != 0:
        return None
    if folder.exists() and (owner := folder.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    entry = _entry(SYSTEM_USER) or _create_system_user() or _entry("postgres")
    if entry is None:
        raise ServerError(
            f"PostgreSQL does not run as root, and the system user {SYSTEM_USER!r} could not be made: "
            f"start as an ordinary user, or make it with `useradd --system {SYSTEM_USER}`."
        )
    return Account(entry.pw_uid, entry.pw_gid)


def hand_over(folder: Path, account: Account | None) -> None:
    """Make `folder` (private to its owner) and everything in it belong to `account`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is None or folder.stat().st_uid == account.uid:
        return
    os.chown(folder, account.uid, account.gid)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent) / name, account.uid, account.gid, follow_symlinks=False)


def open_way(folder: Path, account: Account | None) -> list[Path]:
    """Let `account` pass through the folders above `folder`: adds the right to enter, not to list.

    Returns the folders that were changed, so that the caller can say so.
    """
    if account is None:
        return []
    changed = []
    for parent in folder.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH and parent.stat().st_uid != account.uid:
            parent.chmod(mode | stat.S_IXOTH)
            changed.append(parent)
    return changed


def make_readable(folder: Path, account: Account | None) -> None:
    """Let `account` read and run the programs under `folder` (a strict umask at installation hides them)."""
    if account is None or folder.stat().st_mode & stat.S_IXOTH:
        return
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            runs = stat.S_IXOTH if mode & stat.S_IXUSR else 0
            path.chmod(mode | stat.S_IROTH | runs)


def _read_number(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _create_system_user() -> pwd.struct_passwd | None:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:" + os.defpath)
    if program is None:
        return None
    command = [program, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - fixed words only
    return _entry(SYSTEM_USER)
