"""One Claude model: what it can do, and when it goes. Rules E.1."""

from __future__ import annotations

import datetime
import enum
from dataclasses import dataclass


class Thinking(enum.StrEnum):
    """How a model thinks, and how it is told not to. The classes of rules D.1."""

    ALWAYS = "always"
    """A1: adaptive, cannot be turned off."""
    BETWEEN_TOOLS = "between_tools"
    """A2: adaptive by default, off with ``between_tools``."""
    ON_BY_DEFAULT = "on_by_default"
    """A3: adaptive by default, off with ``disabled``."""
    OFF_BY_DEFAULT = "off_by_default"
    """A4: adaptive when asked for."""
    MANUAL = "manual"
    """M: a token budget, or (without ``manual_thinking``) no thinking at all."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model, under one of its names."""

    id: str
    """What to send upstream: a dated snapshot that was asked for stays one."""
    context_window: int
    """Tokens of input."""
    max_output: int
    """Largest legal ``max_tokens``."""
    thinking: Thinking
    default_effort: str | None
    """The effort that applies when none is sent."""
    efforts: tuple[str, ...]
    """Legal ``output_config.effort``; empty: the field itself is a 400."""
    sampling: bool
    """``temperature`` or ``top_p`` may be sent on version 2023-06-01."""
    prefill: bool
    """The last turn may be the assistant's."""
    forced_tools: bool
    """``tool_choice`` ``any`` and ``tool`` are accepted."""
    in_message_system: bool
    """``role: system`` is accepted inside ``messages``."""
    binds_thinking: bool
    """A replayed thinking block is only valid behind an unchanged conversation."""
    manual_thinking: bool
    """``thinking`` of type ``enabled``, with a budget, is accepted."""
    status: str
    """``active``, ``legacy``, ``deprecated`` or ``retired``."""
    retires: datetime.date | None
    successor: str | None
    """Id that replaces it once retired; None for the leader of a line."""
    known: bool
    """False: not in the catalogue, its restrictions are a guess."""
    aliases: tuple[str, ...]
    """Its other ids: dated snapshots and ``-latest`` forms."""

    def retired_on(self, day: datetime.date) -> bool:
        """Whether requests for it fail on this day, as far as is known."""
        return self.status == "retired" or (
            self.retires is not None and self.retires <= day
        )
