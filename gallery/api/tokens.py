"""API tokens over the API: a program may look after its own person's tokens, within what its own token allows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Path, Router, Schema, Status

from gallery.api.common import Text, errors, require, require_scope
from gallery.models import ApiToken, ApiTokenScope, Role
from gallery.tokens import create_token

router = Router(tags=["tokens"])

MAX_DAYS = 3650


class TokenShape(Schema):
    id: int = Field(description="What the token is known by.")
    name: str = Field(description="What it is for, in the words of its owner.")
    scopes: list[str] = Field(description="What it allows: read, upload, moderate.")
    created_at: datetime = Field(description="When it was made.")
    expires_at: datetime | None = Field(description="Until when it is valid; null for no end.")
    last_used_at: datetime | None = Field(description="When it was used last, to the minute.")


class NewToken(TokenShape):
    token: str = Field(description="The token itself. Nobody can have it again.")


class TokenBody(Schema):
    name: Text = Field(min_length=1, max_length=100, description="What it is for.")
    scopes: list[ApiTokenScope] = Field(min_length=1, description="What it allows.")
    days: int | None = Field(None, ge=1, le=MAX_DAYS, description="Valid for so long; null for no end.")


@router.get("tokens", response={200: list[TokenShape], **errors()}, summary="Your tokens")
def list_tokens(request: HttpRequest) -> list[ApiToken]:
    """Without their texts, which nobody can have again."""
    user = require(request, Role.VIEWER, ApiTokenScope.READ)
    return list(ApiToken.objects.filter(user=user))


@router.post("tokens", response={201: NewToken, **errors(413, 422)}, summary="Make a token")
def post_token(request: HttpRequest, body: TokenBody) -> Status[dict[str, object]]:
    """Its text is in this answer and nowhere else, ever. A token makes none that may do more or lives longer."""
    user = require(request, Role.VIEWER, ApiTokenScope.READ)
    for scope in body.scopes:
        require_scope(request, scope)
    expires_at = timezone.now() + timedelta(days=body.days) if body.days else None
    asking: ApiToken | None = getattr(request, "api_token", None)
    if asking is not None and asking.expires_at is not None:
        expires_at = min(expires_at or asking.expires_at, asking.expires_at)
    made, text = create_token(user=user, name=body.name, scopes=body.scopes, expires_at=expires_at)
    shape = TokenShape.from_orm(made).dict()
    return Status(201, shape | {"token": text})


@router.delete("tokens/{int:token_id}", response={204: None, **errors(404)}, summary="Revoke a token")
def delete_token(
    request: HttpRequest, token_id: Annotated[int, Path(description="The token's id.")]
) -> Status[None]:
    """It is useless at once."""
    user = require(request, Role.VIEWER, ApiTokenScope.UPLOAD)
    get_object_or_404(ApiToken, pk=token_id, user=user).delete()
    return Status(204, None)
