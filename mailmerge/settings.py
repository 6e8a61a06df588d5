"""Every setting, on one page. Secrets and addresses come from the environment (.env.example lists them)."""

from pathlib import Path

import django_stubs_ext
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from mailmerge import env

django_stubs_ext.monkeypatch()  # ModelAdmin[Campaign] and the like, at run time too

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where we are -------------------------------------------------------------------------------------------

DEBUG = env.flag("DEBUG")
APP_URL = env.text("APP_URL", "http://127.0.0.1:8000").rstrip("/")
TRACKING_URL = env.text("TRACKING_URL", "http://127.0.0.1:8001").rstrip("/")
ON_LOOPBACK = APP_URL.startswith("http://127.0.0.1:")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost" if ON_LOOPBACK else "")
CSRF_TRUSTED_ORIGINS = [APP_URL]

# --- Secrets: none has a default, and a placeholder is refused ----------------------------------------------

PLACEHOLDERS = ("change-me", "changeme", "insecure", "example", "secret-key")


def _secret(name: str, at_least: int) -> str:
    value = env.text(name)
    if len(value) < at_least or any(word in value.lower() for word in PLACEHOLDERS):
        raise ImproperlyConfigured(f"{name} is a placeholder or too short. Make one: see .env.example.")
    return value


SECRET_KEY = _secret("SECRET_KEY", 40)
ENCRYPTION_KEYS = _secret("ENCRYPTION_KEYS", 44).split(",")  # the first encrypts, all decrypt
TRACKING_KEYS = [bytes.fromhex(key) for key in _secret("TRACKING_KEYS", 32).split(",")]  # first signs, all verify
SUPPRESSION_KEY = _secret("SUPPRESSION_KEY", 32)  # for good: under another one nobody has ever unsubscribed
for _key in ENCRYPTION_KEYS:
    try:
        Fernet(_key)
    except ValueError:
        raise ImproperlyConfigured("ENCRYPTION_KEYS must be Fernet keys, parted by commas.") from None

# --- Parts --------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "accounts",
    "campaigns",
    "tracking",
    "postmark",
    "mailmerge",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "mailmerge.middleware.ContentSecurityPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "mailmerge.middleware.RefuseNul",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.permissions.RefuseUnlessAllowed",
]

ROOT_URLCONF = "mailmerge.urls"
WSGI_APPLICATION = "mailmerge.wsgi.application"
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
                "campaigns.pages.approval.waiting",
            ],
        },
    },
]

# --- Data ---------------------------------------------------------------------------------------------------

DATABASES = {"default": env.database(env.text("DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
UPLOAD_DIR = Path(env.text("UPLOAD_DIR", str(BASE_DIR / ".demo" / "uploads")))
SPOOL_DIR = Path(env.text("SPOOL_DIR", str(BASE_DIR / ".demo" / "spool")))
UPLOAD_LIMIT_BYTES = int(env.number("UPLOAD_LIMIT_BYTES", 50 * 1024 * 1024))
# Attachments, in bytes. Exchange Online sends messages of up to 35 MB, base64 and all, unless an administrator says
# otherwise (https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits#message-limits).
MESSAGE_LIMIT_BYTES = int(env.number("MESSAGE_LIMIT_BYTES", 35 * 1024 * 1024))
ATTACHMENT_LIMIT_BYTES = int(env.number("ATTACHMENT_LIMIT_BYTES", 25 * 1024 * 1024))  # one file
ATTACHMENTS_LIMIT_BYTES = int(env.number("ATTACHMENTS_LIMIT_BYTES", 1024 * 1024 * 1024))  # all of a campaign
ATTACHMENTS_LIMIT_FILES = int(env.number("ATTACHMENTS_LIMIT_FILES", 10_000))
REQUEST_LIMIT_BYTES = int(env.number("REQUEST_LIMIT_BYTES", 512 * 1024 * 1024))  # files of one upload, all together
DATA_UPLOAD_MAX_NUMBER_FILES = 500  # at once; more come as an archive
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024  # a template with pasted pictures; files are streamed to disk
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

# --- People -------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
# Microsoft vouches for everybody (accounts.sign_in); the password back end serves the break-glass operator alone.
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "sign-in"
SESSION_COOKIE_AGE = int(env.number("SESSION_HOURS", 10) * 3600)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # the answer of the sign-in comes as a top-level GET from Microsoft
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 14}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- Language and time --------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Files of the pages -------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = ON_LOOPBACK  # no collectstatic for the demo and the tests
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": UPLOAD_DIR}},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if ON_LOOPBACK
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_HANDLERS = ["mailmerge.uploads.LimitedUpload"]

# --- Safety -------------------------------------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not ON_LOOPBACK
SECURE_SSL_REDIRECT = not ON_LOOPBACK and env.flag("SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 0 if ON_LOOPBACK else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not ON_LOOPBACK
if env.flag("BEHIND_TLS_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
if not ON_LOOPBACK and not APP_URL.startswith("https://"):
    raise ImproperlyConfigured("APP_URL must be https:// (or http://127.0.0.1:… on one's own machine).")

# --- Microsoft 365 ------------------------------------------------------------------------------------------

MICROSOFT_CLIENT_ID = env.text("MICROSOFT_CLIENT_ID")
MICROSOFT_CLIENT_SECRET = env.text("MICROSOFT_CLIENT_SECRET")
MICROSOFT_AUTHORITY = env.text("MICROSOFT_AUTHORITY", "https://login.microsoftonline.com").rstrip("/")
GRAPH_URL = env.text("GRAPH_URL", "https://graph.microsoft.com/v1.0").rstrip("/")

# Microsoft's limits (Exchange Online limits page): the defaults of every new workspace, editable there.
MESSAGES_PER_MINUTE = int(env.number("MESSAGES_PER_MINUTE", 30))
RECIPIENTS_PER_DAY = int(env.number("RECIPIENTS_PER_DAY", 10_000))
CONCURRENT_REQUESTS = int(env.number("CONCURRENT_REQUESTS", 4))
UPLOAD_BYTES_PER_5MIN = int(env.number("UPLOAD_BYTES_PER_5MIN", 150_000_000))
REQUESTS_PER_10MIN = int(env.number("REQUESTS_PER_10MIN", 10_000))
# 500 × licences^0.7 + 9,500 a tenant: this is for one licence, so that none oversteps it unknowingly.
EXTERNAL_RECIPIENTS_PER_DAY = int(env.number("EXTERNAL_RECIPIENTS_PER_DAY", 10_000))

# How long a doubtful send is left alone before it is looked up: Microsoft names no bound for Sent Items.
DOUBT_GRACE_SECONDS = env.number("DOUBT_GRACE_SECONDS", 150)
DOUBT_LOOKUPS = 4  # looked up this often, ever later, before a person is asked
PUMP_SLICE_SECONDS = env.number("PUMP_SLICE_SECONDS", 600)  # then a mailbox is let go, perhaps to another worker
PUMP_MAILBOXES = int(env.number("PUMP_MAILBOXES", 1000))  # at a time, in one worker process
MAILBOX_LEASE_SECONDS = env.number("MAILBOX_LEASE_SECONDS", 15)
COOLING_OFF_SECONDS = env.number("COOLING_OFF_SECONDS", 30)
MISSED_AFTER_SECONDS = env.number("MISSED_AFTER_SECONDS", 600)  # so late a start is missed: its campaign's rule counts
AWAY_AFTER_SECONDS = env.number("AWAY_AFTER_SECONDS", 900)  # without a tick for so long, the service was away

# Asked about SPF, DKIM and DMARC of senders' domains; none: those of this machine, "off": nobody.
DNS_SERVERS = env.words("DNS_SERVERS", "off" if ON_LOOPBACK else "")

# --- Postmark -----------------------------------------------------------------------------------------------

POSTMARK_URL = env.text("POSTMARK_URL", "https://api.postmarkapp.com/")
POSTMARK_SERVER_TOKEN = env.text("POSTMARK_SERVER_TOKEN")
POSTMARK_FROM = env.text("POSTMARK_FROM", "Mailmerge <notices@mailmerge.example>")

# --- Workers ------------------------------------------------------------------------------------------------

REDIS_URL = env.text("REDIS_URL")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"class": "mailmerge.logs.Discreet", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    # Both write request lines, which may hold addresses and tokens.
    "loggers": {"httpx": {"level": "WARNING"}, "msal": {"level": "WARNING"}},
}
