"""STORAGE_URL -> Django's STORAGES: where originals and previews lie."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from pathlib import Path

FORM = "s3://BUCKET[/PREFIX][?endpoint=https://HOST[:PORT]][&region=REGION][&addressing=path|virtual]"
KINDS = {
    "originals": "DurableFileStorage",
    "previews": "DerivedFileStorage",
    "quarantine": "DurableFileStorage",
}
OPTIONS = {"endpoint", "region", "addressing"}
ADDRESSING = ("auto", "path", "virtual")
PLAIN_NAMES = re.compile(r"[A-Za-z0-9._/-]*")
"""Bucket and prefix become part of addresses that nginx is told; these characters mean the same everywhere."""
LARGEST_PUT_BYTES = 5_000_000_000
"""S3 takes at most this much in one request (docs: "Uploading objects"); parts have no SHA-256 of the whole."""


def storages_for(url: str, *, data: Path, access_key: str, secret_key: str) -> dict[str, dict[str, Any]]:
    """The storages `originals`, `previews` and `quarantine`: folders in `data`, or prefixes in the bucket of `url`.

    Raises ImproperlyConfigured with the expected form.
    """
    if not url:
        return {
            name: {"BACKEND": f"gallery.storage.{kind}", "OPTIONS": {"location": data / name}}
            for name, kind in KINDS.items()
        }
    bucket, prefix, options = parse_url(url)
    shared = {
        "bucket_name": bucket,
        "endpoint_url": options.get("endpoint"),
        "region_name": options.get("region"),
        "addressing_style": options.get("addressing", "auto"),
        "access_key": access_key or None,
        "secret_key": secret_key or None,
    }
    return {
        name: {"BACKEND": "gallery.s3.S3Store", "OPTIONS": {**shared, "location": f"{prefix}{name}"}}
        for name in KINDS
    }


def parse_url(url: str) -> tuple[str, str, dict[str, str]]:
    """Bucket, prefix ("" or ending in a slash) and options. Raises ImproperlyConfigured."""
    parts = urlsplit(url)
    prefix = parts.path.strip("/")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    endpoint = urlsplit(options.get("endpoint", "https://host"))
    well_formed = (
        parts.scheme == "s3"
        and parts.netloc
        and PLAIN_NAMES.fullmatch(parts.netloc + prefix)
        and options.keys() <= OPTIONS
        and endpoint.scheme in ("http", "https")
        and endpoint.hostname
        and options.get("addressing", "auto") in ADDRESSING
    )
    if not well_formed:
        raise ImproperlyConfigured(f"STORAGE_URL must have the form {FORM}, with plain names.")
    return parts.netloc, f"{prefix}/" if prefix else "", options
