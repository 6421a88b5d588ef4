"""Published keys, read from their JWK into the bytes that a server may hold."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from security.probe.published_key import encodings


def base64_of(number: int, length: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(length, "big")).rstrip(b"=").decode()


RSA = rsa.generate_private_key(65537, 2048).public_key()
EC = ec.generate_private_key(ec.SECP256R1()).public_key()
ED = ed25519.Ed25519PrivateKey.generate().public_key()
RSA_JWK = {"kty": "RSA", "n": base64_of(RSA.public_numbers().n, 256), "e": "AQAB"}
EC_JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": base64_of(EC.public_numbers().x, 32),
    "y": base64_of(EC.public_numbers().y, 32),
}
ED_JWK = {"kty": "OKP", "crv": "Ed25519", "x": base64_of(int.from_bytes(ED.public_bytes_raw(), "big"), 32)}


@pytest.mark.parametrize(("jwk", "key"), [(RSA_JWK, RSA), (EC_JWK, EC), (ED_JWK, ED)])
def test_a_key_is_given_as_pem_and_der(jwk: dict[str, str], key: rsa.RSAPublicKey) -> None:
    """The PEM as a file holds it, the same without its last line break, and DER are among the forms."""
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    forms = list(encodings([jwk]))
    assert {pem, pem.strip(), key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)} <= set(forms)
    assert load_pem_public_key(forms[0]) == key


@pytest.mark.parametrize(
    "keys", [None, {}, "text", [], [{}], [None], [{"kty": "oct", "k": "AAAA"}], [{"kty": "RSA", "n": "!", "e": "AQAB"}]]
)
def test_what_cannot_be_read_gives_nothing(keys: object) -> None:
    """Malformed sets and keys of other types give no form, and no error."""
    assert list(encodings(keys)) == []
