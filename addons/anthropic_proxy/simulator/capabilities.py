"""What each model can do, kept apart from the product's own catalogue on purpose.

The stand-in judges the product's translation; were both to read one table, an error
in it would never show. A unit test compares the two. Source: rules E.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal


class Thinks(StrEnum):
    """How ``thinking`` behaves when it is absent, and how it is switched off."""

    ALWAYS = "always"
    """Adaptive, cannot be switched off."""
    BETWEEN_TOOLS = "between_tools"
    """Adaptive, on by default, off by ``between_tools``."""
    BY_DEFAULT = "by_default"
    """Adaptive, on by default, off by ``disabled``."""
    ON_REQUEST = "on_request"
    """Adaptive, off by default."""
    MANUAL = "manual"
    """``enabled`` with a budget only, off by default."""


Lifecycle = Literal["active", "deprecated", "retired"]

FIVE_EFFORTS: Final = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """One model. Sizes are in tokens, dates are ``YYYY-MM-DD``."""

    id: str
    """The id that answers carry: the dated snapshot where there is one."""
    name: str
    context_window: int = 1_000_000
    max_output: int = 128_000
    thinks: Thinks
    efforts: tuple[str, ...] = FIVE_EFFORTS
    default_effort: str | None = "high"
    sampling: bool = False
    """``temperature`` and ``top_p`` are accepted on version 2023-06-01."""
    prefill: bool = False
    forced_tools: bool = True
    in_message_system: bool = True
    binds_thinking: Literal["every account", "new accounts", "no"] = "no"
    manual_thinking: bool = False
    """``thinking.type: enabled`` is accepted."""
    aliases: tuple[str, ...] = ()
    lifecycle: Lifecycle = "active"
    created: str = "1970-01-01"
    retires: str | None = None

    @property
    def line(self) -> str:
        """``haiku``, ``sonnet``, ``opus``, ``fable`` or ``mythos``."""
        return self.id.split("-")[1]

    @property
    def thinks_by_default(self) -> bool:
        """Whether a request without ``thinking`` gets thinking."""
        return self.thinks in (Thinks.ALWAYS, Thinks.BETWEEN_TOOLS, Thinks.BY_DEFAULT)

    @property
    def shows_thinking(self) -> bool:
        """Whether thinking text is returned when ``display`` is not given."""
        return self.manual_thinking


_CURRENT: Final = (
    Capabilities(
        id="claude-fable-5-2",
        name="Claude Fable 5.2",
        thinks=Thinks.ALWAYS,
        forced_tools=False,
        binds_thinking="every account",
    ),
    Capabilities(
        id="claude-mythos-5-2",
        name="Claude Mythos 5.2",
        thinks=Thinks.ALWAYS,
        forced_tools=False,
        binds_thinking="every account",
    ),
    Capabilities(
        id="claude-haiku-5-5",
        name="Claude Haiku 5.5",
        thinks=Thinks.BY_DEFAULT,
        default_effort="medium",
        binds_thinking="new accounts",
        created="2026-10-07",
    ),
    Capabilities(
        id="claude-opus-5-5",
        name="Claude Opus 5.5",
        thinks=Thinks.ALWAYS,
        default_effort="medium",
        forced_tools=False,
        binds_thinking="new accounts",
        created="2026-09-22",
    ),
    Capabilities(
        id="claude-sonnet-5-5",
        name="Claude Sonnet 5.5",
        thinks=Thinks.BETWEEN_TOOLS,
        forced_tools=False,
        binds_thinking="new accounts",
    ),
    Capabilities(
        id="claude-fable-5-1",
        name="Claude Fable 5.1",
        thinks=Thinks.ALWAYS,
        forced_tools=False,
        binds_thinking="new accounts",
    ),
    Capabilities(
        id="claude-mythos-5-1",
        name="Claude Mythos 5.1",
        thinks=Thinks.ALWAYS,
        forced_tools=False,
        binds_thinking="new accounts",
    ),
    Capabilities(id="claude-fable-5", name="Claude Fable 5", thinks=Thinks.ALWAYS),
    Capabilities(id="claude-mythos-5", name="Claude Mythos 5", thinks=Thinks.ALWAYS),
    Capabilities(
        id="claude-opus-5",
        name="Claude Opus 5",
        thinks=Thinks.BY_DEFAULT,
        created="2026-07-24",
    ),
    Capabilities(
        id="claude-sonnet-5",
        name="Claude Sonnet 5",
        thinks=Thinks.BY_DEFAULT,
        in_message_system=False,
        created="2026-06-30",
    ),
)

_FOURS: Final = (
    Capabilities(
        id="claude-opus-4-8", name="Claude Opus 4.8", thinks=Thinks.ON_REQUEST
    ),
    Capabilities(
        id="claude-opus-4-7",
        name="Claude Opus 4.7",
        thinks=Thinks.ON_REQUEST,
        in_message_system=False,
    ),
    Capabilities(
        id="claude-opus-4-6",
        name="Claude Opus 4.6",
        thinks=Thinks.ON_REQUEST,
        efforts=("low", "medium", "high", "max"),
        sampling=True,
        in_message_system=False,
        manual_thinking=True,
    ),
    Capabilities(
        id="claude-sonnet-4-6",
        name="Claude Sonnet 4.6",
        thinks=Thinks.ON_REQUEST,
        efforts=("low", "medium", "high", "max"),
        sampling=True,
        in_message_system=False,
        manual_thinking=True,
    ),
    Capabilities(
        id="claude-opus-4-5-20251101",
        name="Claude Opus 4.5",
        context_window=200_000,
        max_output=64_000,
        thinks=Thinks.MANUAL,
        efforts=("low", "medium", "high"),
        sampling=True,
        prefill=True,
        in_message_system=False,
        manual_thinking=True,
        aliases=("claude-opus-4-5",),
        created="2025-11-01",
    ),
    Capabilities(
        id="claude-haiku-4-5-20251001",
        name="Claude Haiku 4.5",
        context_window=200_000,
        max_output=64_000,
        thinks=Thinks.MANUAL,
        efforts=(),
        default_effort=None,
        sampling=True,
        prefill=True,
        in_message_system=False,
        manual_thinking=True,
        aliases=("claude-haiku-4-5",),
        created="2025-10-01",
    ),
    Capabilities(
        id="claude-sonnet-4-5-20250929",
        name="Claude Sonnet 4.5",
        context_window=200_000,
        max_output=64_000,
        thinks=Thinks.MANUAL,
        efforts=(),
        default_effort=None,
        sampling=True,
        prefill=True,
        in_message_system=False,
        manual_thinking=True,
        aliases=("claude-sonnet-4-5",),
        lifecycle="deprecated",
        created="2025-09-29",
        retires="2026-11-30",
    ),
    Capabilities(
        id="claude-mythos-preview",
        name="Claude Mythos Preview",
        thinks=Thinks.ALWAYS,
        in_message_system=False,
        lifecycle="deprecated",
    ),
)

MODELS: Final[tuple[Capabilities, ...]] = _CURRENT + _FOURS
"""Every model that answers, newest line first: the order of ``GET /v1/models``."""

RETIRED: Final[Mapping[str, tuple[str, str | None]]] = {
    "claude-opus-4-1-20250805": ("Claude Opus 4.1", "2026-08-05"),
    "claude-opus-4-20250514": ("Claude Opus 4", "2026-06-15"),
    "claude-sonnet-4-20250514": ("Claude Sonnet 4", "2026-06-15"),
    "claude-3-haiku-20240307": ("Claude Haiku 3", "2026-04-20"),
    "claude-3-7-sonnet-20250219": ("Claude Sonnet 3.7", "2026-02-19"),
    "claude-3-5-haiku-20241022": ("Claude Haiku 3.5", "2026-02-19"),
}
"""Id to display name and retirement date: asking for one of them is a 404."""

BY_NAME: Final[Mapping[str, Capabilities]] = {
    name: model for model in MODELS for name in (model.id, *model.aliases)
}
