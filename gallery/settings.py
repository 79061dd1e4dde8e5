"""Environment -> settings. docs/settings.md explains every variable."""

from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from gallery import env
from gallery.embedded import broker_url, cores, database_url, redis_url
from gallery.logs import FORMATS, logging_settings
from gallery.secret_key import load_or_create_secret_key
from gallery.storage_url import LARGEST_PUT_BYTES, storages_for

BASE_DIR = Path(__file__).resolve().parent.parent
GALLERY_DATA = env.path("GALLERY_DATA", BASE_DIR / "data")

# --- where people find us -------------------------------------------------------------------------------------

HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, minimum=1, maximum=65535)
PUBLIC_URL = env.text("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
_public = urlsplit(PUBLIC_URL)
if _public.scheme not in ("http", "https") or not _public.hostname:
    raise ImproperlyConfigured(
        f"PUBLIC_URL must be a whole address such as https://photos.example.org, not {PUBLIC_URL!r}."
    )
IS_HTTPS = _public.scheme == "https"
WEB_PROCESSES = env.integer("WEB_PROCESSES", 2, minimum=1, maximum=64)
WORKER_PROCESSES = env.integer("WORKER_PROCESSES", cores(), minimum=1, maximum=512)
ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS", [_public.hostname, "localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
BEHIND_PROXY = env.boolean("BEHIND_PROXY", False)
PUBLIC_GALLERY = env.boolean("PUBLIC_GALLERY", False)

# --- secrets and hardening ------------------------------------------------------------------------------------

DEBUG = env.boolean("DEBUG", False)
SECRET_KEY = env.text("SECRET_KEY") or load_or_create_secret_key(GALLERY_DATA)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_ENGINE = "gallery.sessions"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Whether sub-domains are https too, and whether browsers should preload that, is for the owner of the domain.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- applications ---------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "gallery",
    "dedup",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_htmx",
    "axes",
    "csp",
    "ninja",
]
MIDDLEWARE = [
    "gallery.middleware.RequestMiddleware",
    "gallery.api.shape.ApiErrorShape",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "gallery.sessions.SeenMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "gallery.urls"
WSGI_APPLICATION = "gallery.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "gallery.context.site",
            ]
        },
    }
]

AUTH_USER_MODEL = "gallery.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "library"
LOGOUT_REDIRECT_URL = "login"
UPLOADS_PER_MINUTE = env.integer("UPLOADS_PER_MINUTE", 6_000, minimum=0, maximum=1_000_000)
SEARCHES_PER_MINUTE = env.integer("SEARCHES_PER_MINUTE", 1_200, minimum=0, maximum=1_000_000)
AXES_FAILURE_LIMIT = env.integer("LOGIN_FAILURE_LIMIT", 8, minimum=3, maximum=1000)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "account/locked.html"

# --- database, Redis, Celery ----------------------------------------------------------------------------------

DATABASE_URL = env.text("DATABASE_URL") or database_url(GALLERY_DATA)
if not DATABASE_URL.startswith(("postgresql://", "postgres://")):
    raise ImproperlyConfigured("DATABASE_URL must have the form postgresql://user:password@host:5432/name.")
DATABASES = {
    "default": dj_database_url.parse(
        DATABASE_URL, engine="django.db.backends.postgresql", conn_max_age=60, conn_health_checks=True
    )
}
if _password := env.text("DATABASE_PASSWORD"):
    DATABASES["default"]["PASSWORD"] = _password
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL") or redis_url(GALLERY_DATA)
if not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    raise ImproperlyConfigured("REDIS_URL must have the form redis://host:6379/0 or unix:///path/to/socket.")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

CELERY_BROKER_URL = CELERY_RESULT_BACKEND = broker_url(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = 60
CELERY_TASK_DEFAULT_QUEUE = "sweep"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Celery's own way is to close the connection to the database before and after every task, and each new one costs more
# than a photo's rows. gallery.tasks looks after them instead, as Django does for requests.
CELERY_DB_REUSE_MAX = 1_000_000_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 10}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(GALLERY_DATA / "run" / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "gallery.tasks.sweep", "schedule": 30.0},
    "recheck-model": {"task": "gallery.embed.recheck_model", "schedule": 60.0, "options": {"queue": "embed"}},
    "purge-trash": {"task": "gallery.tasks.purge_trash", "schedule": 3600.0},
    "check-originals": {"task": "gallery.tasks.check_originals", "schedule": 600.0},
    "measure-unusual": {"task": "gallery.tasks.measure_unusual", "schedule": 120.0},
    "remove-expired-sessions": {"task": "gallery.tasks.remove_expired_sessions", "schedule": 24 * 3600.0},
}

# --- files ----------------------------------------------------------------------------------------------------

STORAGE_URL = env.text("STORAGE_URL")
STORAGES = {
    **storages_for(
        STORAGE_URL,
        data=GALLERY_DATA,
        access_key=env.text("STORAGE_ACCESS_KEY"),
        secret_key=env.text("STORAGE_SECRET_KEY"),
    ),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
UPLOAD_TEMP_DIR = GALLERY_DATA / "originals" / "incoming"
FILE_UPLOAD_HANDLERS = ["gallery.uploads.HashingUploadHandler"]
DATA_UPLOAD_MAX_NUMBER_FILES = 1
MAX_UPLOAD_BYTES = env.integer("MAX_UPLOAD_MB", 2000, minimum=1, maximum=1_000_000) * 1_000_000
if STORAGE_URL and MAX_UPLOAD_BYTES > LARGEST_PUT_BYTES:
    raise ImproperlyConfigured(
        "MAX_UPLOAD_MB may be 5000 at most with STORAGE_URL: S3 takes no more at once."
    )
MIN_FREE_BYTES = env.integer("MIN_FREE_MB", 2000, minimum=0, maximum=10_000_000) * 1_000_000
TRASH_RETENTION_DAYS = env.integer("TRASH_RETENTION_DAYS", 30, minimum=1, maximum=36_500)
X_ACCEL_REDIRECT = env.boolean("X_ACCEL_REDIRECT", False)

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
NODE_MODULES = BASE_DIR / "node_modules"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "gallery.assets.NpmFinder",
]

# --- the way of a photo ---------------------------------------------------------------------------------------

STAGES = [
    "gallery.analyse.AnalyseStage",
    "gallery.embed.EmbedStage",
    "dedup.matching.MatchStage",
    "dedup.group_stage.GroupStage",
]
OPTIMISE_ORIGINALS = env.boolean("OPTIMISE_ORIGINALS", False)
if OPTIMISE_ORIGINALS:
    STAGES.append("gallery.optimise.OptimiseStage")
ANALYSERS = [
    "gallery.analyse.PreviewAnalyser",
    "gallery.analyse.MetadataAnalyser",
    "gallery.analyse.ColourAnalyser",
    "gallery.analyse.QualityAnalyser",
    "dedup.fingerprints.FingerprintAnalyser",
]
CLIP_MODEL = env.text("CLIP_MODEL", "ViT-B-32-256")
CLIP_PRETRAINED = env.text("CLIP_PRETRAINED", "datacomp_s34b_b86k")
CLIP_DEVICE = env.text("CLIP_DEVICE", "auto")
MODEL_CACHE = env.path("MODEL_CACHE", GALLERY_DATA / "models")

# --- language, time, watching -------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = env.text("TIME_ZONE", "UTC")
USE_TZ = True
METRICS_TOKEN = env.text("METRICS_TOKEN")
METRICS_FROM_THIS_MACHINE = env.boolean("METRICS_FROM_THIS_MACHINE", False)
LOG_FORMAT = env.choice("LOG_FORMAT", "plain", FORMATS)
LOGGING = logging_settings(log_format=LOG_FORMAT, level=env.text("LOG_LEVEL", "WARNING").upper())
