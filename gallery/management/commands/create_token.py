"""`manage.py create_token USER`: prints a token for the API."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from gallery.models import ApiTokenScope, User
from gallery.tokens import create_token


class Command(BaseCommand):
    """Makes an API token; its text is printed once, and alone, so that scripts can take it."""

    help = "Make an API token for a user and print it. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose token, what it may do, and how long."""
        parser.add_argument("user", help="the name the person logs in with")
        parser.add_argument("--name", default="made on the command line", help="what the token is for")
        parser.add_argument(
            "--scope",
            action="append",
            choices=[scope.value for scope in ApiTokenScope],
            help="what it may do, within the user's role (repeatable; everything where left out)",
        )
        parser.add_argument("--days", type=int, help="how long it is valid (for good where left out)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the token's text."""
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user called {options['user']!r}.")
        days = options["days"]
        if days is not None and days < 1:
            raise CommandError("--days must be 1 or more.")
        scopes = [ApiTokenScope(scope) for scope in options["scope"] or ApiTokenScope.values]
        expires_at = None if days is None else timezone.now() + timedelta(days=days)
        _, text = create_token(user=user, name=options["name"], scopes=scopes, expires_at=expires_at)
        self.stdout.write(text)
