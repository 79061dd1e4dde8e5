"""Django's admin: only admins come in, and what has a journal can be looked at only."""

from __future__ import annotations

from tests.security.rules import Rule

WALKED = "GET POST"
"""The admin's views answer other methods as they answer GET."""

SITE = [
    Rule(WALKED, "admin/", "admin site"),
    Rule("GET", "admin/login/", "admin login"),
    Rule("POST", "admin/login/", "admin sign-in"),
    Rule("GET", "admin/logout/", "admin logout", 405),
    Rule("POST", "admin/logout/", "admin logout", 302),
    Rule(WALKED, "admin/password_change/", "admin site"),
    Rule("GET", "admin/password_change/done/", "admin site"),
    Rule("POST", "admin/password_change/done/", "admin site", 405),
    Rule("GET", "admin/autocomplete/", "admin site", 403),
    Rule("POST", "admin/autocomplete/", "admin site", 405),
    Rule("GET", "admin/jsi18n/", "admin site"),
    Rule("POST", "admin/jsi18n/", "admin site", 405),
    Rule(
        WALKED,
        "admin/r/<path:content_type_id>/<path:object_id>/",
        "admin site",
        404,
        parts={"content_type_id": "0", "object_id": "0"},
    ),
    Rule(WALKED, "admin/^(?P<app_label>dedup|auth|axes)/$", "admin site", parts={"app_label": "dedup"}),
    Rule(WALKED, "admin/(?P<url>.*)$", "admin site", 404, parts={"url": "nothing/here"}),
]
LOOKED_AT = {"group": "group", "match": "match", "pairdecision": "pair_decision", "resolution": "resolution"}
"""Models of the duplicates, and what of the library stands for each."""
AXES = ("accessattempt", "accesslog", "accessfailurelog")


def looked_at(model: str, thing: str) -> list[Rule]:
    """Nobody adds, changes or deletes these here."""
    base = f"admin/dedup/{model}/"
    return [
        Rule(WALKED, base, "admin site"),
        Rule(WALKED, f"{base}add/", "admin site", 403),
        Rule(WALKED, f"{base}<path:object_id>/history/", "admin site", thing=thing),
        Rule(WALKED, f"{base}<path:object_id>/delete/", "admin site", 403, thing),
        Rule("GET", f"{base}<path:object_id>/change/", "admin site", thing=thing),
        Rule("POST", f"{base}<path:object_id>/change/", "admin site", 403, thing),
        Rule(WALKED, f"{base}<path:object_id>/", "admin site", 302, thing),
    ]


def others(base: str, *, add: int) -> list[Rule]:
    """Models of other packages, of which the library has none: each address leads back to the start."""
    return [
        Rule(WALKED, base, "admin site"),
        Rule(WALKED, f"{base}add/", "admin site", add),
        *(
            Rule(WALKED, f"{base}<path:object_id>/{page}", "admin site", 302, parts={"object_id": "4711"})
            for page in ("history/", "delete/", "change/", "")
        ),
    ]


ADMIN = [
    *SITE,
    *(rule for model, thing in LOOKED_AT.items() for rule in looked_at(model, thing)),
    *others("admin/auth/group/", add=200),
    *(rule for model in AXES for rule in others(f"admin/axes/{model}/", add=403)),
]
