import pytest
from mitmproxy.exceptions import OptionsError

from anthropic_proxy.proxy.options import OPTIONS, origins, read, refuse_unknown


def test_everything_has_a_default():
    chosen = read({}, {})
    assert set(chosen) == {option.name for option in OPTIONS}
    assert chosen["log_level"] == "medium"
    assert chosen["enable_openai"] is chosen["enable_anthropic"] is True


def test_an_option_wins_over_its_variable_and_that_over_the_other():
    env = {"ANTHROPIC_PROXY_DEFAULT_MODEL": "b", "ANTHROPIC_DEFAULT_MODEL": "c"}
    assert read({"anthropic_default_model": "a"}, env)["default_model"] == "a"
    assert read({}, env)["default_model"] == "b"
    del env["ANTHROPIC_PROXY_DEFAULT_MODEL"]
    assert read({}, env)["default_model"] == "c"


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ("quiet", "quiet"), ("Verbose", "verbose"), ("INFO", "medium"),
        ("DEBUG", "verbose"), ("warning", "minimal"), ("ERROR", "quiet"),
    ],
)  # fmt: skip
def test_log_levels(given, level):
    assert read({}, {"ANTHROPIC_PROXY_LOG_LEVEL": given})["log_level"] == level


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("log_level", "loud"), ("log_format", "xml"), ("enable_openai", "perhaps"),
        ("body_limit", "0"), ("body_limit", "many"), ("default_max_tokens", "0"),
        ("upstream", "ftp://x"), ("upstream", "http://u:p@x"), ("strict", ""),
        ("origins", "nonsense"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_place(name, text):
    with pytest.raises(OptionsError, match=f"^anthropic_{name}: "):
        read({f"anthropic_{name}": text}, {})
    with pytest.raises(OptionsError, match=f"^ANTHROPIC_PROXY_{name.upper()}: "):
        read({}, {f"ANTHROPIC_PROXY_{name.upper()}": text})


def test_the_local_key_is_not_quoted():
    with pytest.raises(OptionsError) as caught:
        read({"anthropic_local_key": " "}, {})
    assert "the value given" in str(caught.value)


def test_one_api_must_be_served():
    off = {"anthropic_enable_openai": "false", "anthropic_enable_anthropic": "no"}
    with pytest.raises(OptionsError, match="at least one"):
        read(off, {})


def test_origins_are_told_and_secrets_are_not():
    values = {
        "anthropic_log_level": "quiet",
        "anthropic_strict": "true",
        "anthropic_local_key": "canary",
        "anthropic_origins": "log_level=--quiet,port=ROUTER_PORT",
    }
    env = {"ANTHROPIC_DEFAULT_MODEL": "claude-x", "ANTHROPIC_PROXY_STRICT": "false"}
    assert origins(values, env) == [
        ("local_key", "***", "option anthropic_local_key"),
        ("default_model", "claude-x", "ANTHROPIC_DEFAULT_MODEL"),
        ("strict", "true", "option anthropic_strict"),
        ("log_level", "quiet", "--quiet"),
    ]


def test_an_unknown_option_is_an_error_with_a_guess():
    refuse_unknown(["block_global", "other_addons_option"])
    with pytest.raises(OptionsError, match="Did you mean anthropic_strict"):
        refuse_unknown(["anthropic_sctrict"])
