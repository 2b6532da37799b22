"""From an accepted request to the whole answer: a Message and how to deliver it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .commands import parse
from .conversation import PrefixHash, last_user_turn, placed_blocks, text_of
from .draft import Delivery, Draft
from .limits import Limited, limited
from .natural import natural_blocks
from .profile import THINKING_BINDING_BETA
from .prompt_cache import CacheUsage, PromptCache
from .replayed_thinking import transformations
from .request import Request
from .script import draft_from, search_blocks, text_block
from .seals import link_to, signature
from .tokens import input_tokens, output_tokens

_THINKING_TOKENS: Final[Mapping[str | None, int]] = {
    None: 96,
    "low": 16,
    "medium": 48,
    "high": 96,
    "xhigh": 192,
    "max": 384,
}
_THOUGHT: Final = "The simulator has no thoughts, so it counts its words instead. "


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out for an accepted request."""

    message: dict[str, Any]
    partial_inputs: Mapping[int, str]
    """JSON text of tool inputs that the token limit cut, by index of the block."""
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class HtmlPage(Exception):
    """A gateway's error page instead of an answer."""

    status: int


class Memory:
    """What a stand-in remembers between requests."""

    def __init__(self) -> None:
        self.cache = PromptCache()
        self._attempts: dict[bytes, int] = {}

    def attempt(self, raw: bytes) -> int:
        """How often this very body has come, this time included."""
        key = hashlib.sha256(raw).digest()
        self._attempts[key] = self._attempts.get(key, 0) + 1
        return self._attempts[key]


def answer(request: Request, memory: Memory, owner: str) -> Answer:
    """Answer a request that the rules have accepted.

    Args:
        owner: stands for the credential; prompts are cached for it alone.

    Raises:
        ApiError, HtmlPage: the script asks for an error.
    """
    commands, plain = parse(text_of(last_user_turn(request.body)))
    draft = draft_from(commands, request)
    _fail(draft, request, memory)
    _pause(draft, request)
    if not draft.speaks:
        draft.blocks = natural_blocks(request, plain)
    thought, thinking_tokens = _thinking(draft, request)
    result = limited(request.body, draft, thought, thinking_tokens)
    content = _with_ids(result.blocks, request)
    cached = memory.cache.use(request.body, f"{owner} {request.model.id}")
    message = {
        "id": f"msg_sim{hashlib.sha256(request.raw).hexdigest()[:20]}",
        "type": "message",
        "role": "assistant",
        "model": request.model.id,
        "content": content,
        "stop_reason": result.stop_reason,
        "stop_sequence": result.stop_sequence,
        "stop_details": draft.stop_details,
        "usage": _usage(request, draft, result, cached),
    }
    if THINKING_BINDING_BETA in request.betas:
        message["input_transformations"] = transformations(
            request.replay, request.model, request.profile
        )
    return Answer(message, result.partial_inputs, draft.delivery)


def _fail(draft: Draft, request: Request, memory: Memory) -> None:
    if draft.error is None and draft.html_status is None:
        return
    limit = draft.error_times
    if limit is not None and memory.attempt(request.raw) > limit:
        return
    if draft.html_status is not None:
        raise HtmlPage(draft.html_status)
    assert draft.error is not None
    raise draft.error


def _pause(draft: Draft, request: Request) -> None:
    """The turn goes on after as many pauses as its blocks already show."""
    if not draft.pauses:
        return
    done = 0
    for placed in placed_blocks(request.body):
        searched = placed.block.get("type") == "server_tool_use"
        done = 0 if placed.role == "user" else done + searched
    if done >= draft.pauses:
        draft.blocks.append(text_block(f"Finished after {draft.pauses} pauses."))
        return
    text = f"Pause {done + 1} of {draft.pauses}. "
    draft.blocks = [text_block(text), *search_blocks("the subject", done + 1)]
    draft.stop_reason = "pause_turn"


def _thinking(draft: Draft, request: Request) -> tuple[list[dict[str, Any]], int]:
    """Thinking blocks that open the answer, unsigned, and the tokens they cost."""
    kind = request.thinking
    forced = (request.body.get("tool_choice") or {}).get("type") in ("any", "tool")
    on = kind in ("adaptive", "enabled")
    if kind is None:
        on = request.model.thinks_by_default and not forced
    if kind == "between_tools":
        calls = any(block["type"] == "tool_use" for block in draft.blocks)
        return ([{"type": "thinking", "thinking": ""}] if calls else []), 0
    blocks: list[dict[str, Any]] = []
    tokens = 0
    if on and not draft.silent_refusal:
        text, tokens = _thought(draft, request)
        blocks.append({"type": "thinking", "thinking": text})
    if draft.redacted:
        blocks.append({"type": "redacted_thinking"})
    return blocks, tokens


def _thought(draft: Draft, request: Request) -> tuple[str, int]:
    length = _THINKING_TOKENS[request.effort or request.model.default_effort]
    config = request.body.get("thinking") or {}
    length = min(length, config.get("budget_tokens", length))
    text = draft.thinking
    if text is None:
        text = _THOUGHT * (length // output_tokens(_THOUGHT) + 1)
        text = text[: length * 4].strip()
    else:
        length = output_tokens(text)
    default = "summarized" if request.model.shows_thinking else "omitted"
    shown = (config.get("display") or default) != "omitted"
    return (text if shown else ""), length


def _with_ids(blocks: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    """Sign thinking and name calls by what comes before them."""
    prefix = PrefixHash(request.body)
    for placed in placed_blocks(request.body):
        prefix.enter(placed.role)
        prefix.add(placed.block)
    prefix.enter("assistant")
    link = request.replay.link
    finished = []
    for index, block in enumerate(blocks):
        done = dict(block)
        if done["type"] in ("thinking", "redacted_thinking"):
            name = "signature" if done["type"] == "thinking" else "data"
            done[name] = signature(
                request.profile.signing_key,
                done.get("thinking", ""),
                prefix=prefix.digest(),
                link=link,
                model=request.model.id,
            )
            link = link_to(done)
        elif done["type"] == "tool_use":
            mark = hashlib.sha256(prefix.digest() + bytes([index % 256]))
            done = {"type": "tool_use", "id": f"toolu_sim{mark.hexdigest()[:21]}"}
            done |= {"name": block["name"], "input": block["input"]}
        prefix.add(done)
        finished.append(done)
    return finished


def _usage(
    request: Request, draft: Draft, result: Limited, cached: CacheUsage
) -> dict[str, Any]:
    written = cached.written_5m + cached.written_1h
    total = input_tokens(request.body)
    usage: dict[str, Any] = {
        "input_tokens": max(1, total - cached.read - written),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": cached.written_5m,
            "ephemeral_1h_input_tokens": cached.written_1h,
        },
        "output_tokens": result.output_tokens,
        "service_tier": "standard",
    }
    scripted = dict(draft.usage)
    thinking = scripted.pop("thinking_tokens", result.thinking_tokens)
    if thinking:
        usage["output_tokens_details"] = {"thinking_tokens": thinking}
    searches = sum(block["type"] == "server_tool_use" for block in result.blocks)
    if searches:
        usage["server_tool_use"] = {
            "web_search_requests": searches,
            "web_fetch_requests": 0,
        }
    if speed := request.body.get("speed"):
        usage["speed"] = speed
    return {**usage, **scripted}
