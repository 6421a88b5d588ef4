"""The probes of the payment provider's place where nothing can be proved: never a pass."""

from collections.abc import Mapping

import pytest

from security.probe.outcome import Result
from security.probe.suite import run_suite
from tests.security.probe.small_server import Answer, serving, target_at

PROBES = ["provider_self_signed", "provider_hangs"]


@pytest.mark.parametrize(
    ("services", "why"),
    [
        ({}, "Nothing is known of a name"),
        ({"provider": "http://payments.example"}, "not over TLS, or by an address"),
        ({"provider": "https://127.0.0.1:8443"}, "not over TLS, or by an address"),
        ({"provider": "https://payments.example"}, "no token"),
    ],
)
def test_without_a_name_to_lead_away_nothing_is_proved(services: Mapping[str, str], why: str) -> None:
    """No name, no TLS, an address: each is named, and so is a target on which nobody can buy."""
    with serving(lambda _: Answer(200, {})) as url:
        for outcome in run_suite(target_at(url, services=services), PROBES):
            assert outcome.result is Result.COULD_NOT_RUN
            assert why in outcome.evidence
