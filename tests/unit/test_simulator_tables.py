"""The tables of the stand-in against the SDK and the product's catalogue."""

from __future__ import annotations

from typing import Any

import pytest

from anthropic_proxy.simulator.capabilities import BY_NAME, Thinks
from anthropic_proxy.simulator.rules_images import image_facts
from anthropic_proxy.simulator.shapes import BLOCKS, COUNT_TOKENS, MESSAGES
from anthropic_proxy.simulator.tool_shapes import TOOLS


def test_shapes_know_the_keys_that_the_sdk_knows() -> None:
    types = pytest.importorskip("anthropic.types")
    params = pytest.importorskip("anthropic.types.message_create_params")
    if not hasattr(types, "ThinkingConfigBetweenToolsParam"):
        pytest.skip("the SDK is older than the API that is simulated")
    from anthropic.types.message_count_tokens_params import MessageCountTokensParams
    from typing_extensions import get_type_hints

    headers = {"user_profile_id", "workspace_id"}
    ours = {*MESSAGES.required, *MESSAGES.optional} - {"temperature", "top_p", "top_k"}
    sdk = set(get_type_hints(params.MessageCreateParamsStreaming))
    assert ours == sdk - headers
    counted = {*COUNT_TOKENS.required, *COUNT_TOKENS.optional}
    assert counted == set(get_type_hints(MessageCountTokensParams)) - headers


def test_tools_and_blocks_know_the_keys_that_the_sdk_knows() -> None:
    types = pytest.importorskip("anthropic.types")
    if not hasattr(types, "ThinkingConfigBetweenToolsParam"):
        pytest.skip("the SDK is older than the API that is simulated")
    from typing import get_args

    from typing_extensions import get_type_hints

    unions = [
        (TOOLS, types.ToolUnionParam, "custom"),
        (BLOCKS, types.ContentBlockParam, None),
    ]
    for ours, union, default in unions:
        seen = set()
        for member in get_args(union):
            hints = get_type_hints(member)
            tags = [t for t in _literals(hints["type"]) if isinstance(t, str)]
            for tag in tags or [default]:
                record = ours.variants[tag]
                assert {*record.required, *record.optional} == set(hints) - {"type"}
                seen.add(tag)
        assert seen == set(ours.variants)


def _literals(hint: Any) -> list[Any]:
    from typing import Literal, get_args, get_origin

    if get_origin(hint) is Literal:
        return list(get_args(hint))
    return [found for part in get_args(hint) for found in _literals(part)]


def test_capabilities_agree_with_the_products_catalogue() -> None:
    catalog = pytest.importorskip("anthropic_proxy.models.catalog")
    kinds = {
        Thinks.ALWAYS: "ALWAYS",
        Thinks.BETWEEN_TOOLS: "BETWEEN_TOOLS",
        Thinks.BY_DEFAULT: "ON_BY_DEFAULT",
        Thinks.ON_REQUEST: "OFF_BY_DEFAULT",
        Thinks.MANUAL: "MANUAL",
    }
    known = catalog.Catalog.load()
    for name, ours in BY_NAME.items():
        theirs = known.get(name)
        assert theirs.known, name
        facts = (
            theirs.context_window,
            theirs.max_output,
            theirs.thinking.name,
            theirs.default_effort,
            tuple(theirs.efforts),
            theirs.sampling,
            theirs.prefill,
            theirs.in_message_system,
        )
        assert facts == (
            ours.context_window,
            ours.max_output,
            kinds[ours.thinks],
            ours.default_effort,
            ours.efforts,
            ours.sampling,
            ours.prefill,
            ours.in_message_system,
        ), name
        assert theirs.binds_thinking == (ours.binds_thinking != "no"), name
        if name != "claude-mythos-preview":
            assert theirs.forced_tools == ours.forced_tools, name


APP0 = b"\xff\xe0\x00\x04xx"
FRAME = b"\xff\xc0\x00\x11\x08" + (7).to_bytes(2, "big") + (9).to_bytes(2, "big")


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        (b"\x89PNG\r\n\x1a\n", ("image/png", None)),
        (b"GIF89a\x03\x00\x04\x00", ("image/gif", (3, 4))),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", ("image/webp", None)),
        (b"\xff\xd8" + APP0 + FRAME + b"\x03", ("image/jpeg", (7, 9))),
        (b"\xff\xd8" + APP0, ("image/jpeg", None)),
        (b"BM", (None, None)),
    ],
)
def test_pictures_are_known_by_their_first_bytes(data: bytes, facts: Any) -> None:
    assert image_facts(data) == facts
