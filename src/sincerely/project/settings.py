"""Every setting, read from the environment; the defaults make a safe local installation.

`SINCERELY_HOME` is the folder that holds all state of an installation (default `./var`).
Each environment variable read here is documented in docs/reference/settings.md.
"""

from __future__ import annotations

from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from sincerely.project.logs import configure_logging
from sincerely.wire.keys import derive_key, load_secret

env = environ.Env()
PACKAGE = Path(__file__).resolve().parent.parent
HOME = Path(env.str("SINCERELY_HOME", "var")).resolve()
HOME.mkdir(parents=True, exist_ok=True)

SECRET = load_secret(HOME, env.str("SINCERELY_SECRET", ""))
SECRET_KEY = derive_key(SECRET, "django").hex()
ADDRESS_KEY = derive_key(SECRET, "address")
TOKEN_KEY = derive_key(SECRET, "tokens")
# After a change of the secret, tokens in mail that is out stay good while the old one stands here.
OLD_SECRETS = [load_secret(HOME, old) for old in env.list("SINCERELY_OLD_SECRETS", default=[])]
TOKEN_KEYS = (TOKEN_KEY, *(derive_key(old, "tokens") for old in OLD_SECRETS))
VAULT_KEY = derive_key(SECRET, "vault")
DEBUG = False
ALLOWED_HOSTS = env.list("SINCERELY_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
WEB_ADDRESS = env.str("SINCERELY_WEB", "127.0.0.1:8000")
TRACKER_ADDRESS = env.str("SINCERELY_TRACKER", "127.0.0.1:8001")
MAIL_NAME = env.str("SINCERELY_MAIL_NAME", "")
MAILBOX_ADDRESS = env.str("SINCERELY_MAILBOX", "127.0.0.1:8025")
HEALTH_ADDRESS = env.str("SINCERELY_HEALTH", "")
PUBLIC_URL = env.str(
    "SINCERELY_PUBLIC_URL", f"http://{WEB_ADDRESS.replace('127.0.0.1', 'localhost')}"
)
TRACKER_URL = env.str(
    "SINCERELY_TRACKER_URL", f"http://{TRACKER_ADDRESS.replace('127.0.0.1', 'localhost')}"
)
KEEP_SIGNALS_DAYS = env.int("SINCERELY_KEEP_SIGNALS_DAYS", 400)
KEEP_IMPORT_FILES_DAYS = env.int("SINCERELY_KEEP_IMPORT_FILES_DAYS", 30)
KEEP_EXPORT_FILES_DAYS = env.int("SINCERELY_KEEP_EXPORT_FILES_DAYS", 30)
TRUSTED_PROXIES = env.list("SINCERELY_TRUSTED_PROXIES", default=[])
SECURE = PUBLIC_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "sincerely.web.apps.WebConfig",
    "sincerely.apps.operation.apps.OperationConfig",
    "sincerely.apps.team.apps.TeamConfig",
    "sincerely.apps.contacts.apps.ContactsConfig",
    "sincerely.apps.consent.apps.ConsentConfig",
    "sincerely.apps.labels.apps.LabelsConfig",
    "sincerely.apps.engagement.apps.EngagementConfig",
    "sincerely.apps.interests.apps.InterestsConfig",
    "sincerely.apps.segments.apps.SegmentsConfig",
    "sincerely.apps.content.apps.ContentConfig",
    "sincerely.apps.sending.apps.SendingConfig",
    "sincerely.apps.preferences.apps.PreferencesConfig",
    "sincerely.apps.campaigns.apps.CampaignsConfig",
    "sincerely.apps.people.apps.PeopleConfig",
    "sincerely.apps.reports.apps.ReportsConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "csp",
    "template_partials.apps.SimpleAppConfig",
    "django_cotton.apps.SimpleAppConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sincerely.web.middleware.ReaderAddressMiddleware",
    "csp.middleware.CSPMiddleware",
    "sincerely.api.shape.ApiAddressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "sincerely.web.middleware.MemberLanguageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "sincerely.web.middleware.SetUpMiddleware",
    "sincerely.web.middleware.ZeroByteMiddleware",
    "sincerely.api.idempotency.IdempotencyMiddleware",
]

ROOT_URLCONF = "sincerely.project.urls"
WSGI_APPLICATION = "sincerely.project.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "sincerely.web.context.frame",
            ],
            "builtins": [
                "sincerely.web.templatetags.components",
                "template_partials.templatetags.partials",
                "django.templatetags.i18n",
                "django.templatetags.l10n",
                "django.templatetags.static",
            ],
        },
    }
]
COTTON_DIR = "components"
COTTON_ISOLATE_BY_DEFAULT = True

if env.str("DATABASE_URL", ""):
    DATABASES = {"default": env.db("DATABASE_URL")}
    # A page's statements are short, but the planner's guesses at their cost are not always:
    # compiling one took 70 ms, running it took 1.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")
    if env.int("SINCERELY_POOL", 0):
        DATABASES["default"]["OPTIONS"]["pool"] = {
            "min_size": 1,
            "max_size": env.int("SINCERELY_POOL"),
        }
    else:
        # To connect anew for each page costs as much as its reads.
        kept = {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
        DATABASES["default"] = kept | DATABASES["default"]
else:
    DATABASES = {
        "default": {
            "ENGINE": "sincerely.wire.sqlite",
            "NAME": str(HOME / "main.sqlite3"),
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": 60,
                "transaction_mode": "IMMEDIATE",
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                    "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;"
                    "PRAGMA mmap_size=268435456;"
                    # 32 MB: what many commits write to one page is copied into the file once
                    "PRAGMA wal_autocheckpoint=8000;"
                ),
            },
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CAPTURE_PATH = HOME / "capture.sqlite3"
MAILBOX_PATH = HOME / "mailbox.sqlite3"
CLOCK_TURNABLE = env.bool("SINCERELY_CLOCK_TURNABLE", False)

AUTH_USER_MODEL = "team.Member"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"] = {"min_length": 10}  # type: ignore[assignment]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "sincerely.apps.team.adapter.ClosedSignupAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Sincerely"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "web:home"
LOGOUT_REDIRECT_URL = "account_login"

SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrftoken"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = False
CSRF_FAILURE_VIEW = "sincerely.web.errors.stale_form"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_SSL_REDIRECT = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "frame-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en", _("English")), ("nl", _("Dutch")), ("sv", _("Swedish")), ("da", _("Danish"))]
LOCALE_PATHS = [PACKAGE / "locale"]
FORMAT_MODULE_PATH = ["sincerely.web.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
STORAGES = {
    "staticfiles": {"BACKEND": "sincerely.web.assets.BuiltStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 60  # of the few whose names carry no hash: an upgrade must be seen soon
WHITENOISE_IMMUTABLE_FILE_TEST = r"/dist/[\w.]+-[0-9A-Z]{8}\.\w+$"
UPLOADS = HOME / "uploads"
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING_CONFIG = None
configure_logging(
    env.str("SINCERELY_LOG_LEVEL", "INFO"), form=env.str("SINCERELY_LOG_FORMAT", "auto")
)
