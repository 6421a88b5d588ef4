"""Settings of the garden as it was shipped. They hold flaws of `flaws.toml`."""

from typing import Any, Final

SETTINGS: Final[dict[str, Any]] = {
    "DEBUG": True,
    # A session that lives in its cookie cannot be ended by the server.
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
    "SESSION_COOKIE_HTTPONLY": False,
    "SESSION_COOKIE_SAMESITE": False,
    "DATA_UPLOAD_MAX_MEMORY_SIZE": None,
    "MIDDLEWARE": [
        "tests.security.strangers.allotment.web.finishing",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "tests.security.strangers.allotment.web.Problems",
    ],
}
