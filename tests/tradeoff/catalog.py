"""A small catalogue of factors for tests of the stages."""

from __future__ import annotations

from tradeoff.plan.factors import Catalog

CATALOG = Catalog.model_validate(
    {
        "name": "toy",
        "factors": [
            {
                "name": "lock",
                "kind": "control",
                "threat": "somebody walks in",
                "ids": {"owasp": ["API1"], "asvs": ["8.2.2"], "cwe": ["639"]},
                "journeys": ["enter"],
                "levels": [
                    {"name": "open", "tag": "weak", "trips": ["walk_in", "walk_out"]},
                    {"name": "bolted", "tag": "strong"},
                ],
            },
            {
                "name": "cache",
                "kind": "optimisation",
                "journeys": ["enter"],
                "levels": [
                    {"name": "off", "tag": "plain"},
                    {"name": "shared", "tag": "trap", "trips": ["mixed_up"], "bytes_differ": True},
                ],
            },
        ],
        "profiles": {
            "none": {"lock": "open", "cache": "off"},
            "hardened": {"lock": "bolted", "cache": "off"},
        },
    }
)
