"""The table of what the Messages API refuses: one row, one reason.

Rows 1 to 42 carry the numbers of rules J; from 101 on come those found elsewhere.
A stage may rely on what the stages before it have made sure of; inside a stage the
rows run from top to bottom, and the first that refuses gives the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Final, NamedTuple

from . import rules_body as body
from . import rules_envelope as envelope
from . import rules_images as images
from . import rules_messages as messages
from . import rules_sampling as sampling
from . import rules_schemas as schemas
from . import rules_thinking as thinking
from . import rules_tools as tools
from .request import Request


class Stage(IntEnum):
    """When a rule runs."""

    ENVELOPE = 1
    """Headers, size, encoding. All that is checked for requests without a body."""
    SHAPE = 2
    """Keys and JSON types."""
    MEANING = 3
    """Everything that needs to know the model, or how the parts go together."""


class Rule(NamedTuple):
    """One reason to refuse a request."""

    number: int
    stage: Stage
    summary: str
    check: Callable[[Request], None]
    """Raises ApiError."""


_E, _S, _M = Stage.ENVELOPE, Stage.SHAPE, Stage.MEANING

RULES: Final[tuple[Rule, ...]] = (
    Rule(2, _E, "a credential that is known", envelope.key_accepted),
    Rule(102, _E, "an OAuth token that has not expired", envelope.token_alive),
    Rule(103, _E, "the OAuth beta with an OAuth token", envelope.oauth_beta),
    Rule(1, _E, "an anthropic-version header", envelope.version_present),
    Rule(101, _E, "a version that exists", envelope.version_known),
    Rule(30, _E, "betas that exist", envelope.betas_known),
    Rule(38, _E, "a body of at most 32 MB", envelope.body_size),
    Rule(40, _S, "a body that is JSON", envelope.body_is_json),
    Rule(5, _S, "no sampling fields on 2026-10-21", sampling.not_on_new_version),
    Rule(3, _S, "every required key", body.required_fields),
    Rule(4, _S, "no other keys", body.no_extra_keys),
    Rule(36, _S, "the right JSON types", body.json_types),
    Rule(39, _M, "a model that answers", body.model_exists),
    Rule(104, _M, "the identity with a plan's token", envelope.identity_first),
    Rule(6, _M, "no sampling on models from 4.7 on", sampling.not_on_new_models),
    Rule(7, _M, "sampling in range, one of the two", sampling.within_range),
    Rule(8, _M, "max_tokens within the model's limit", body.max_tokens),
    Rule(9, _M, "a message, and only known roles", messages.messages_present),
    Rule(10, _M, "a user message first, on Bedrock", messages.first_is_user),
    Rule(11, _M, "system messages where they may be", messages.system_in_messages),
    Rule(12, _M, "text that says something", messages.no_empty_text),
    Rule(13, _M, "no white space at the end", messages.no_trailing_whitespace),
    Rule(14, _M, "prefill only where it works", messages.no_prefill),
    Rule(15, _M, "an answer to every call", tools.calls_are_answered),
    Rule(16, _M, "a call to every answer", tools.results_have_calls),
    Rule(17, _M, "results before anything else", tools.results_come_first),
    Rule(18, _M, "unique call ids", tools.call_ids_unique),
    Rule(19, _M, "well-formed ids and names", tools.names_and_ids),
    Rule(20, _M, "objects as tool input", tools.inputs_are_objects),
    Rule(21, _M, "input schemas of objects", tools.input_schemas),
    Rule(22, _M, "a choice among the tools", tools.choice_is_possible),
    Rule(23, _M, "forced tools only where they work", tools.forcing_is_possible),
    Rule(24, _M, "tools when the history has calls", tools.past_tools_defined),
    Rule(25, _M, "a thinking configuration that fits", thinking.thinking_fits),
    Rule(26, _M, "an effort that the model knows", thinking.effort_supported),
    Rule(29, _M, "beta fields with their beta", thinking.beta_fields),
    Rule(27, _M, "thinking blocks as they were signed", thinking.signatures_valid),
    Rule(28, _M, "thinking blocks in their place", thinking.blocks_still_bound),
    Rule(31, _M, "at most four cache markers", body.marker_count),
    Rule(32, _M, "stop sequences that say something", body.stop_sequences),
    Rule(33, _M, "images that can be read", images.media_readable),
    Rule(34, _M, "no documents from assistants", messages.documents_and_citations),
    Rule(35, _M, "schemas that can be enforced", schemas.schemas_enforceable),
    Rule(37, _M, "a prompt that fits the window", body.prompt_fits),
    Rule(41, _M, "an opaque user id", body.user_id_opaque),
    Rule(42, _M, "schemas that are small enough", schemas.schemas_small),
    Rule(105, _M, "one-hour markers before the others", body.marker_lifetimes),
    Rule(106, _M, "fast mode where it exists", body.fast_mode),
    Rule(107, _M, "blocks in the role they belong to", messages.blocks_in_their_role),
    Rule(108, _M, "no thinking at the end", messages.no_final_thinking),
)
