"""The WAF's score: the corpus of attacks and benign requests, played against an arm or a target that runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from security.corpus.load import load_corpus
from security.guard import Refused
from security.waf.score import Score, score_target
from tradeoff.measure.attacks import authorization, fresh_arm
from tradeoff.measure.progress import Progress
from tradeoff.plan.arm import ArmSpec
from tradeoff.record.events import Event, NotMeasured, WafScored
from tradeoff.target.description import Target
from tradeoff.target.errors import Interrupted, TradeoffError
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


def score_arms(
    target: Target,
    arms: Sequence[ArmSpec],
    *,
    templates: Templates,
    articles: int,
    emit: Callable[[Event], None],
    progress: Progress,
) -> None:
    """Score each arm; one that can't be, as where its front is not installed, is recorded as not measured."""
    progress.stage("scoring the WAF", len(arms))
    for spec in arms:
        try:
            score = score_arm(target, spec, templates=templates, articles=articles)
            emit(WafScored(arm=spec.label, score=score.as_json()))
        except Interrupted:
            raise
        except TradeoffError as error:
            emit(NotMeasured(subject=f"WAF score of {spec.label}", reason=str(error)))
        progress.step(spec.label)


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
