"""How many uploads and searches a person, or the address of a stranger, may send in a minute.

A courtesy limit in fixed minutes, counted in Redis: while Redis is away everything goes on.
"""

from __future__ import annotations

import ipaddress
import logging
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import redis
from django.conf import settings

from gallery.access import asker
from gallery.heartbeat import redis_client

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__name__)

WINDOW_S = 60
KEPT_S = 2 * WINDOW_S
"""A count is of no use after its minute; twice that for clocks that differ."""
STRANGERS_PART = 10
"""Strangers of a public gallery get a tenth of what a person gets."""
IPV6_NETWORK_BITS = 64
"""A household gets so much of an IPv6 address: whoever has one of them has all."""


class TooManyRequests(Exception):
    """The asker has used up a limit; `seconds` is how long until it counts anew."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"Too many requests within a minute. Try again in {seconds} second{'s' if seconds > 1 else ''}."
        )
        self.seconds = seconds


@dataclass(frozen=True)
class Limit:
    """A kind of request, the setting with its number a minute, and the part of that number it gets."""

    kind: str
    setting: str
    part: int = 1

    def per_minute(self, *, stranger: bool) -> int:
        """How many a minute; 0 for any number."""
        whole: int = getattr(settings, self.setting)
        return whole and max(1, whole // self.part // (STRANGERS_PART if stranger else 1))


UPLOADS = Limit("uploads", "UPLOADS_PER_MINUTE")
SEARCHES = Limit("searches", "SEARCHES_PER_MINUTE")
SUGGESTIONS = Limit("suggestions", "SEARCHES_PER_MINUTE")
"""Counted apart: typing must not use up the searches."""
EXAMPLES = Limit("examples", "SEARCHES_PER_MINUTE", part=5)
"""A search by an example picture decodes it and computes its vector."""


def require_within(limit: Limit, request: HttpRequest) -> None:
    """Count the request. Raises TooManyRequests when it is beyond the limit."""
    if not is_within(limit, request):
        raise TooManyRequests(seconds_left())


def is_within(limit: Limit, request: HttpRequest) -> bool:
    """Count the request; whether it is within the limit."""
    user = asker(request)
    allowed = limit.per_minute(stranger=not user.is_authenticated)
    if not allowed:
        return True
    who = f"user-{user.pk}" if user.is_authenticated else network_of(request.META.get("REMOTE_ADDR", ""))
    try:
        return counted(limit.kind, who) <= allowed
    except redis.RedisError as error:
        logger.warning("Redis cannot be reached (%s); %s are not counted.", error, limit.kind)
        return True


def counted(kind: str, who: str) -> int:
    """Which of its kind by this asker in this minute it is. Raises redis.RedisError."""
    key = f"likeness:throttle:{kind}:{who}:{now_s() // WINDOW_S}"
    with client().pipeline() as pipe:
        pipe.incr(key)
        pipe.expire(key, KEPT_S)
        number, _ = pipe.execute()
    return int(number)


def seconds_left() -> int:
    """Seconds until the next minute begins to count, 1 at least."""
    return WINDOW_S - now_s() % WINDOW_S


def now_s() -> int:
    """Seconds since 1970."""
    return int(time.time())


def network_of(address: str) -> str:
    """What a stranger is counted by: the IPv4 address, or the network of the IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, IPV6_NETWORK_BITS), strict=False))


@cache
def client() -> redis.Redis:
    """One pool of connections for the process: this asks Redis with every search."""
    return redis_client()
