"""Settings. Everything that differs between offices comes from the environment or the data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

DATA = Path(os.environ.get("XIEJIAN_DATA", "data")).resolve()
DEBUG = False


def _secret_key() -> str:
    """From XIEJIAN_SECRET_KEY, else one made at first use and kept, readable by its owner only."""
    if given := os.environ.get("XIEJIAN_SECRET_KEY"):
        return given
    path = DATA / "secret_key"
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50), encoding="ascii")
    return path.read_text(encoding="ascii")


def _database() -> dict[str, object]:
    """SQLite in the data folder, or the PostgreSQL database that XIEJIAN_DATABASE_URL names."""
    url = os.environ.get("XIEJIAN_DATABASE_URL", "")
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA / "xiejian.sqlite3",
            # a file, so that the figures engine can read it from its own connection in tests too
            "TEST": {"NAME": os.environ.get("XIEJIAN_TEST_SQLITE", str(DATA / "test.sqlite3"))},
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
                "PRAGMA cache_size=-65536",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured("XIEJIAN_DATABASE_URL: only postgresql://… is understood")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": options.pop("port", str(parts.port or "")),
        "CONN_MAX_AGE": 60,
        "OPTIONS": options,
    }


SECRET_KEY = _secret_key()
DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ALLOWED_HOSTS = os.environ.get("XIEJIAN_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("XIEJIAN_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "axes",
    "csp",
    "xiejian.people.apps.PeopleConfig",
    "xiejian.clocks.apps.ClocksConfig",
    "xiejian.registry.apps.RegistryConfig",
    "xiejian.supply.apps.SupplyConfig",
    "xiejian.coldchain.apps.ColdchainConfig",
    "xiejian.inspections.apps.InspectionsConfig",
    "xiejian.sampling.apps.SamplingConfig",
    "xiejian.leads.apps.LeadsConfig",
    "xiejian.vigilance.apps.VigilanceConfig",
    "xiejian.online.apps.OnlineConfig",
    "xiejian.assistance.apps.AssistanceConfig",
    "xiejian.firms.apps.FirmsConfig",
    "xiejian.self_inspections.apps.SelfInspectionsConfig",
    "xiejian.hospitals.apps.HospitalsConfig",
    "xiejian.quality.apps.QualityConfig",
    "xiejian.sales.apps.SalesConfig",
    "xiejian.cases.apps.CasesConfig",
    "xiejian.credit.apps.CreditConfig",
    "xiejian.planning.apps.PlanningConfig",
    "xiejian.figures.apps.FiguresConfig",
    "xiejian.risks.apps.RisksConfig",
    "xiejian.documents.apps.DocumentsConfig",
    "xiejian.web.apps.WebConfig",
    "xiejian.offline.apps.OfflineConfig",
    "xiejian.portal.apps.PortalConfig",
    "xiejian.workspace.apps.WorkspaceConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "xiejian.web.middleware.SignInRequired",
    "xiejian.web.middleware.RefusedPages",
    "xiejian.workspace.middleware.FirmSignIn",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "xiejian.config.urls"
WSGI_APPLICATION = "xiejian.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "xiejian.web.context.navigation",
                "xiejian.workspace.context.navigation",
                "xiejian.offline.context.conflicts",
            ],
        },
    }
]

AUTH_USER_MODEL = "people.Officer"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "xiejian.people.firm_backend.FirmBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_LOCKOUT_TEMPLATE = "web/locked.html"
AXES_RESET_ON_SUCCESS = True
SILENCED_SYSTEM_CHECKS = ["axes.W006"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("XIEJIAN_HTTPS", "") == "1"
SESSION_COOKIE_AGE = 60 * 60 * 10
SECURE_REFERRER_POLICY = "same-origin"
# the Django default tries many fields of a long form; a checklist has more than 1,000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# the one-off answers below /api/ to callers who are not signed in: shut, unless the office opens them
OPEN_ANSWERS = os.environ.get("XIEJIAN_OPEN_ANSWERS", "") == "1"
#: how many of them one address may ask for in a minute, in each server process
OPEN_ANSWERS_PER_MINUTE = int(os.environ.get("XIEJIAN_OPEN_ANSWERS_PER_MINUTE", "60"))
#: proxies in front of this server whose word about the caller's address is believed
NINJA_NUM_PROXIES = int(os.environ.get("XIEJIAN_PROXIES", "0"))
# the counters of those callers live here: room for many addresses before the oldest are dropped
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

# phones in the field: days without contact after which a phone gives up its key (what was not sent stays
# sealed until the officer signs in again), minutes until it locks, days ahead and parties of one download
FIELD_KEEP_DAYS = int(os.environ.get("XIEJIAN_FIELD_KEEP_DAYS", "14"))
FIELD_IDLE_MINUTES = int(os.environ.get("XIEJIAN_FIELD_IDLE_MINUTES", "15"))
FIELD_AHEAD_DAYS = 7
FIELD_MOST_PARTIES = 2500
FIELD_EVENTS_PER_SYNC = 100
FIELD_PIECE = 1024 * 1024  # bytes of a file that travel in one request
# what rooms above the command line add to each office of the demo
DEMO_STEPS = ("xiejian.offline.demo.phone_records",)

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = []

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
MEDIA_ROOT = DATA / "files"
MEDIA_URL = "/files/"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},  # standard error: stdout belongs to --json
    "root": {"handlers": ["console"], "level": "WARNING"},
}
