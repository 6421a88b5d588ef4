import pytest

from target_app.treatment import BY_NAME, FACTORS, PROFILES, TreatmentError, parse_treatment


def test_profile_alone() -> None:
    """A profile's name gives a level for every factor."""
    assert dict(parse_treatment("hardened")) == PROFILES["hardened"]
    assert set(parse_treatment("none")) == set(BY_NAME)


def test_settings_change_the_profile() -> None:
    """Settings behind the profile change these factors and no others, and the text shows just them."""
    treatment = parse_treatment("hardened, sql=string_built ,object_authz=off")
    changed = {name: level for name, level in treatment.items() if PROFILES["hardened"][name] != level}
    assert changed == {"sql": "string_built", "object_authz": "off"}
    assert str(treatment) == "hardened,object_authz=off,sql=string_built"
    assert str(parse_treatment("hardened,sql=bound")) == "hardened"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hardned", "did you mean 'hardened'?"),
        ("hardened,sqll=bound", "did you mean 'sql'?"),
        ("hardened,sql=bond", "did you mean 'bound'?"),
        ("hardened,sql", "factor=level"),
        ("hardened,sql=bound,sql=string_built", "twice"),
        ("qqqqqqq", "there are none, tutorial, hardened"),
        ("", "there is no profile ''"),
    ],
)
def test_mistakes_are_named(text: str, told: str) -> None:
    """A name that does not exist is refused with what was probably meant."""
    with pytest.raises(TreatmentError, match=r".") as caught:
        parse_treatment(text)
    assert told in str(caught.value)


def test_dangerous_levels() -> None:
    """`hardened` has no weak level or trap; one setting is enough to have one."""
    assert parse_treatment("hardened").dangerous == []
    assert parse_treatment("hardened,query_shape=lazy").dangerous == ["query_shape=lazy"]
    assert parse_treatment("tutorial").dangerous == [
        *("hash_placement=inline", "login_throttle=off", "login_answer=distinct"),
        *("token_claims=exp_only", "signing_key=dictionary_word", "revocation=off"),
        *("outbound_guard=off", "webhook_verification=off", "input_limits=off", "rate_limit=off"),
        *("file_path=joined", "browser_policy=reflect_origin_with_credentials", "errors_and_docs=stack_trace"),
        *("audit_log=off", "stock_and_coupon=check_then_act", "upload_content=trusts_client"),
    ]


def test_profiles_take_the_levels_they_stand_for() -> None:
    """`none` is weakest everywhere; `hardened` is strong in every control but transport; optimisations are off."""
    for factor in FACTORS:
        first = factor.levels[0].name
        assert PROFILES["none"][factor.name] == first
        if factor.kind == "control":
            # On loopback there is nobody on the way.
            plain = "plain" if factor.name == "transport" else "strong"
            assert factor.level(PROFILES["hardened"][factor.name]).tag in {"strong", "depth", plain}
        else:
            assert PROFILES["tutorial"][factor.name] == PROFILES["hardened"][factor.name] == first
