import hashlib
import hmac

from app.settings import settings


def genuine(body, signature):
    expected = hmac.new(settings.webhook_secret, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)
