"""The WAF's score: the corpus of attacks and benign requests, played against an arm or a target that runs."""

from __future__ import annotations

from security.corpus.load import load_corpus
from security.guard import Refused
from security.waf.score import Score, score_target
from tradeoff.measure.attacks import authorization, fresh_arm
from tradeoff.plan.arm import ArmSpec
from tradeoff.target.description import Target
from tradeoff.target.errors import TradeoffError
from tradeoff.target.template import Templates


def score_arm(target: Target, spec: ArmSpec, *, templates: Templates, articles: int) -> Score:
    """Start an arm and play the corpus against it.

    Raises:
        TradeoffError: it can't be started, ends meanwhile, or the description names no mark of a refusal.
    """
    with fresh_arm(target, spec, templates=templates, articles=articles) as arm:
        score = score_url(target, arm.url, name=spec.label)
        arm.check_alive()
        return score


def score_url(target: Target, url: str, *, name: str | None = None) -> Score:
    """Play the corpus against a target that runs.

    Raises:
        TradeoffError: it must not be sent traffic, or the description names no mark of a refusal.
    """
    if target.waf is None:
        raise TradeoffError("[waf] is missing in the target description: name the header that a refusal carries")
    try:
        return score_target(name or url, url, load_corpus(), target.waf.refusal, authorization(target))
    except Refused as refused:
        raise TradeoffError(str(refused)) from None
