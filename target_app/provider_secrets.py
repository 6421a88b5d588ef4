"""What a target and its payment provider both know, and the signature that proves it."""

import hashlib
import hmac
import secrets

from target_app.key_file import KeyFile

#: The header of a signed event: `t=<unix seconds>,v1=<hex>`.
SIGNATURE_HEADER = "Provider-Signature"


class ProviderSecrets(KeyFile):
    """The secrets in one file, which both services read."""

    def api_key(self) -> str:
        """Names the target to the provider."""
        return self.entry("api_key", lambda: secrets.token_urlsafe(32))

    def webhook_secret(self) -> bytes:
        """Signs the provider's events."""
        return bytes.fromhex(self.entry("webhook_secret", lambda: secrets.token_hex(32)))


def signature(secret: bytes, seconds: int, body: bytes) -> str:
    """HMAC-SHA-256 over `seconds.body`, in hex."""
    return hmac.new(secret, b"%d.%b" % (seconds, body), hashlib.sha256).hexdigest()
