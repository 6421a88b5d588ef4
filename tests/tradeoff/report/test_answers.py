from tests.tradeoff.report import builder
from tradeoff.judge.summary import Summary
from tradeoff.report.answers import answers, headline


def answer(summary: Summary, lead: str) -> str:
    return next(one.text for one in answers(summary) if one.lead == lead)


def test_the_headline_names_what_to_do() -> None:
    """A good run says what to switch on and what to keep away from."""
    assert (
        headline(builder.quick_summary())
        == "Switch on all seven controls and keep away from response_cache = shared_key"
    )


def test_the_cost_is_a_sum_of_stated_prices_with_its_bounds() -> None:
    """The total adds single prices and their bounds, says so, and names the dearest."""
    summary = builder.quick_summary()
    controls = [row for row in summary.rows if row.kind == "control"]
    total = sum(row.mix_share.value for row in controls if row.mix_share)
    text = answer(summary, "It costs")
    assert text.startswith(f"+{total * 100:.0f} % [")
    assert "seven prices and their bounds added up" in text
    assert "The dearest is password_hash: +41.9 ms [41.5, 42.3] a log-in." in text


def test_prices_measured_together_go_before_a_sum() -> None:
    """Where an arm with all controls at their weakest was priced, its price is the total."""
    summary = builder.quick_summary()
    weakest = {row.factor: row.weak for row in summary.rows if row.kind == "control"}
    together = summary.prices[0].model_copy(
        update={"treatment": builder.treatment(weakest), "changed": weakest, "ratio": builder.interval(0.45, 0.01)}
    )
    summary = summary.model_copy(update={"prices": [*summary.prices, together]})
    assert answer(summary, "It costs").startswith(
        "+55.0 % [54.0, 56.0] CPU over your mix, all controls measured together."
    )


def test_a_void_run_does_not_speak_of_prices() -> None:
    """Where every block is void the headline says that no price is valid, and no cost is given."""
    summary = builder.everything_void()
    assert headline(summary).startswith("No price is valid; by the attacks alone: switch on")
    assert "It costs" not in [one.lead for one in answers(summary)]


def test_an_unfinished_run_says_so() -> None:
    """An interrupted run that has decided something calls itself unfinished; one that has not, says that."""
    assert headline(builder.interrupted()) == "This run priced and attacked nothing"
    partly = builder.quick_summary().model_copy(update={"complete": False})
    assert headline(partly).startswith("Unfinished, so far: switch on")


def test_many_to_review_are_one_answer() -> None:
    """More than two doubtful controls are named in one line; their reasons stand in the table."""
    summary = builder.quick_summary()
    rows = [row.model_copy(update={"decision": "review"}) if row.kind == "control" else row for row in summary.rows]
    found = [one for one in answers(summary.model_copy(update={"rows": rows})) if one.lead == "Look again at"]
    assert len(found) == 1
    assert found[0].text.startswith("password_hash, token_signature, login_throttle")


def test_a_control_to_review_is_named_with_its_reason() -> None:
    """A control that the judge doubts is no longer among those to switch on."""
    summary = builder.quick_summary()
    rows = [
        row.model_copy(update={"decision": "review", "reason": "on lets 1 of 3 attacks through."})
        if row.factor == "object_authz"
        else row
        for row in summary.rows
    ]
    summary = summary.model_copy(update={"rows": rows})
    assert "switch on six controls, look again at object_authz" in headline(summary).lower()
    assert answer(summary, "Look again at") == "object_authz: on lets 1 of 3 attacks through."
    assert "object_authz" not in answer(summary, "Switch on")
