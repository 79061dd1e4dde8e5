"""People and what they may do."""

from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class Role(models.TextChoices):
    """What a person may do; each role includes the ones before it."""

    VIEWER = "viewer", "Viewer"
    UPLOADER = "uploader", "Uploader"
    MODERATOR = "moderator", "Moderator"
    ADMIN = "admin", "Admin"


ROLE_ORDER = [Role.VIEWER, Role.UPLOADER, Role.MODERATOR, Role.ADMIN]


class User(AbstractUser):
    """A person with a login. Superusers count as admins whatever their role says."""

    role = models.CharField(max_length=12, choices=Role.choices, default=Role.UPLOADER)

    def has_role(self, role: Role) -> bool:
        """Whether this person's role is `role` or a stronger one."""
        if self.is_superuser:
            return True
        return ROLE_ORDER.index(Role(self.role)) >= ROLE_ORDER.index(role)

    @property
    def may_upload(self) -> bool:
        return self.has_role(Role.UPLOADER)

    @property
    def may_moderate(self) -> bool:
        return self.has_role(Role.MODERATOR)

    @property
    def is_admin_role(self) -> bool:
        return self.has_role(Role.ADMIN)


class ApiTokenScope(models.TextChoices):
    """What a request that carries a token may do, within the role of the token's owner."""

    READ = "read", "Read"
    UPLOAD = "upload", "Upload and edit"
    MODERATE = "moderate", "Moderate"


class ApiToken(models.Model):
    """A bearer token of the API; only the SHA-256 of its text is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class BrowserSession(AbstractBaseSession):
    """A signed-in browser, with the person it belongs to, so that they can sign it out from elsewhere."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="browser_sessions")
    browser = models.CharField(max_length=100, blank=True, help_text="For example: Firefox on Linux.")
    signed_in_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True, help_text="To the hour.")

    class Meta(AbstractBaseSession.Meta):
        abstract = False
