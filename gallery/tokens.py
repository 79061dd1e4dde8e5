"""API tokens: 256 random bits, shown once; only their SHA-256 is stored."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from gallery.models import ApiToken, ApiTokenScope

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gallery.models import User

TOKEN_BYTES = 32
TOKEN_PREFIX = "lk_"  # noqa: S105  Lets people and secret scanners recognise a token.
LAST_USE_RESOLUTION = timedelta(minutes=1)


def token_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def create_token(
    *,
    user: User,
    name: str,
    scopes: Sequence[ApiTokenScope] = tuple(ApiTokenScope),
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token for `user`. Returns the row and the token's text, which cannot be had again."""
    text = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        digest=token_digest(text),
        scopes=[str(scope) for scope in scopes],
        expires_at=expires_at,
    )
    return token, text


def find_token(text: str) -> ApiToken | None:
    """The valid token with this text, its use noted; None when there is none, it expired or its user is inactive."""
    now = timezone.now()
    token = (
        ApiToken.objects.select_related("user")
        .filter(Q(expires_at=None) | Q(expires_at__gt=now), digest=token_digest(text), user__is_active=True)
        .first()
    )
    if token and (token.last_used_at is None or now - token.last_used_at > LAST_USE_RESOLUTION):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token
