"""Settings of the garden, mended. Its cookies are not `Secure`: tests speak plain HTTP on loopback."""

from typing import Any, Final

SETTINGS: Final[dict[str, Any]] = {
    "DEBUG": False,
    "SESSION_ENGINE": "django.contrib.sessions.backends.db",
    "SESSION_COOKIE_AGE": 8 * 3600,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "CSRF_COOKIE_SAMESITE": "Lax",
    "DATA_UPLOAD_MAX_MEMORY_SIZE": 64 * 1024,
    "MIDDLEWARE": [
        "tests.security.strangers.allotment.web.finishing",
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "tests.security.strangers.allotment.web.Problems",
    ],
}
