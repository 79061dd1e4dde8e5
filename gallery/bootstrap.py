"""What a start brings into order: tables, the first account, static files."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connections

from gallery import env, marker, preflight
from gallery.models import Role, User
from gallery.storage import StorageAway

ADMIN_NAME = "admin"
PASSWORD_BYTES = 12
STATIC_STAMP = ".collected"


@dataclass(frozen=True)
class Credentials:
    """A new account's name and password; the password is None where the owner has chosen it."""

    name: str
    random_password: str | None


def prepare(*, with_static: bool = True, adopt_store: bool = False) -> str:
    """Bring folders, tables, static files and the first account into order. Returns what the owner has to know, or "".

    Raises PreflightError when the database or Redis cannot be used, or the store of the photos is another one.
    """
    preflight.check_database()
    preflight.check_redis()
    Path(settings.CELERY_BEAT_SCHEDULE_FILENAME).parent.mkdir(parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    try:
        marker.settle(adopt=adopt_store)
    except StorageAway as error:
        raise preflight.PreflightError(str(error)) from error
    if with_static:
        collect_static()
    credentials = create_first_admin()
    connections.close_all()
    return announce(credentials) if credentials else ""


def announce(credentials: Credentials) -> str:
    """How to log in."""
    if credentials.random_password is None:
        return f"Log in as {credentials.name} with the password from GALLERY_ADMIN_PASSWORD."
    return (
        f"Log in as {credentials.name} with the password {credentials.random_password}\n"
        f"(it is shown this once; `manage.py changepassword {credentials.name}` sets another)."
    )


def create_first_admin() -> Credentials | None:
    """Create the account `admin` in an installation that has no accounts; None where there are some.

    The password is GALLERY_ADMIN_PASSWORD, or else a random one that is shown once and kept nowhere.
    """
    if User.objects.exists():
        return None
    chosen = env.text("GALLERY_ADMIN_PASSWORD")
    password = chosen or secrets.token_urlsafe(PASSWORD_BYTES)
    User.objects.create_superuser(username=ADMIN_NAME, email="", password=password, role=Role.ADMIN)
    return Credentials(name=ADMIN_NAME, random_password=None if chosen else password)


def collect_static() -> None:
    """Run collectstatic when a static file is new, changed or gone since the last time."""
    stamp = Path(settings.STATIC_ROOT) / STATIC_STAMP
    now = _fingerprint(_static_files())
    if stamp.exists() and stamp.read_text(encoding="ascii") == now:
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(now, encoding="ascii")


def _static_files() -> Iterable[tuple[str, Path]]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            yield name, Path(storage.path(name))


def _fingerprint(files: Iterable[tuple[str, Path]]) -> str:
    digest = sha256()
    for name, path in sorted(files):
        facts = path.stat()
        digest.update(f"{name}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
