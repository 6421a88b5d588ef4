"""The Django project: settings of the chosen form, tables, seeded rows."""

import importlib
import secrets
from pathlib import Path
from typing import Any, Final, cast

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from tests.security.strangers.serving import Options, WsgiApp

HERE: Final = "tests.security.strangers.allotment"


def make_app(options: Options, database: Path) -> WsgiApp:
    """The garden in one of its forms, on a database file that is not there yet."""
    form = f"{HERE}.{'mended' if options.repaired else 'flawed'}"
    settings.configure(
        **_settings(options, database),
        REPAIRED=options.repaired,
        **importlib.import_module(form + "_settings").SETTINGS,
    )
    django.setup()
    _make_tables()
    _fill(options.secret)
    return cast("WsgiApp", get_wsgi_application())


def _settings(options: Options, database: Path) -> dict[str, Any]:
    """What both forms share."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ALLOWED_HOSTS": [options.host],
        "ROOT_URLCONF": f"{HERE}.urls",
        "INSTALLED_APPS": ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", HERE],
        "DATABASES": {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(database),
                "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
            }
        },
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "PASSWORD_HASHERS": [f"{HERE}.passwords.LightScrypt"],
        "CSRF_FAILURE_VIEW": f"{HERE}.web.csrf_failure",
        "APPEND_SLASH": False,
        "TIME_ZONE": "UTC",
        "LOGGING_CONFIG": None,
        "PARTNER": options.partner,
    }


def _make_tables() -> None:
    """Without migrations: the database is new with every start."""
    from django.apps import apps
    from django.db import connection

    with connection.schema_editor() as editor:
        for model in apps.get_models():
            editor.create_model(model)


def _fill(staff_password: str) -> None:
    """One warden, and the seed library, whose offers anybody may buy."""
    from tests.security.strangers.allotment.models import Offer, enrol

    warden = enrol("warden@allotment.test", staff_password, "Warden")
    warden.user.is_staff = True
    warden.user.save()
    library = enrol("library@allotment.test", staff_password, "Seed library")
    Offer.objects.bulk_create(
        Offer(seller=library, title=f"Seeds, packet {n:03d}", price_cents=150, quantity=1000) for n in range(150)
    )
