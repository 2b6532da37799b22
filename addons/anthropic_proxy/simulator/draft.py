"""An answer in the making: what it will say, how it ends, how it is delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .api_error import ApiError


@dataclass(slots=True)
class Delivery:
    """How the bytes go out. Counts are of events, or of bytes where that is said."""

    delay_s: float = 0.0
    ping: bool = False
    unknown_events: bool = False
    chunk_bytes: int | None = None
    crlf: bool = False
    cut_after: int | None = None
    cut_after_bytes: int | None = None
    silent_after: int | None = None
    error_type: str | None = None
    error_after: int = 2
    garbage: bool = False
    truncated: bool = False


@dataclass(slots=True)
class Draft:
    """What the commands have said so far."""

    blocks: list[dict[str, Any]] = field(default_factory=list)
    """Visible blocks, in order. Calls still lack their ids."""
    thinking: str | None = None
    redacted: bool = False
    stop_reason: str | None = None
    stop_details: dict[str, Any] | None = None
    silent_refusal: bool = False
    """The answer is empty on purpose."""
    pauses: int = 0
    usage: dict[str, int] = field(default_factory=dict)
    delivery: Delivery = field(default_factory=Delivery)
    error: ApiError | None = None
    error_times: int | None = None
    """The error is answered this often only; None: always."""
    html_status: int | None = None
    """Answer with an HTML page, as a gateway in between would."""

    @property
    def speaks(self) -> bool:
        """Whether a command has settled what is said."""
        return bool(self.blocks) or self.silent_refusal
