"""A request on its way through the rules: what each of them may look at."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, Literal

import msgspec

from .api_error import ApiError
from .capabilities import BY_NAME, Capabilities
from .profile import Profile
from .replayed_thinking import Replay, replay
from .shape_types import Issue
from .shapes import COUNT_TOKENS, MESSAGES

Endpoint = Literal["messages", "count_tokens", "models"]

_DECODER: Final = msgspec.json.Decoder()


class Request:
    """Headers and bytes, and what is read from them, each read at most once.

    The later properties hold only what the earlier rules have let through: ``body``
    is any JSON value until the shape rules have passed, ``model`` fails until the
    model is known.
    """

    def __init__(
        self,
        headers: Mapping[str, str],
        raw: bytes,
        profile: Profile,
        endpoint: Endpoint,
    ) -> None:
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.raw = raw
        self.profile = profile
        self.endpoint = endpoint

    @cached_property
    def version(self) -> str:
        """Value of ``anthropic-version``."""
        return self.headers.get("anthropic-version", "")

    @cached_property
    def betas(self) -> tuple[str, ...]:
        """Values of ``anthropic-beta``, in order."""
        values = self.headers.get("anthropic-beta", "").split(",")
        return tuple(value.strip() for value in values if value.strip())

    @cached_property
    def body(self) -> Any:
        """The decoded body.

        Raises:
            ApiError: not JSON (rule 40).
        """
        try:
            return _DECODER.decode(self.raw)
        except RecursionError:
            reason = "nested too deeply"
        except (msgspec.DecodeError, UnicodeDecodeError) as failure:
            reason = str(failure)
        raise ApiError(400, f"The request body is not valid JSON: {reason}")

    @cached_property
    def issues(self) -> tuple[Issue, ...]:
        """Everything wrong with the body's shape."""
        shape = COUNT_TOKENS if self.endpoint == "count_tokens" else MESSAGES
        found: list[Issue] = []
        shape.check(self.body, (), found)
        return tuple(found)

    @cached_property
    def model(self) -> Capabilities:
        """The model asked for, once rule 39 has let it through."""
        return BY_NAME[self.body["model"]]

    @cached_property
    def replay(self) -> Replay:
        """The verdict on the thinking blocks sent back."""
        return replay(self.body, self.model, self.profile)

    @property
    def thinking(self) -> str | None:
        """``thinking.type`` as sent; None when absent."""
        thinking = self.body.get("thinking")
        return None if thinking is None else str(thinking["type"])

    @property
    def effort(self) -> str | None:
        """``output_config.effort`` as sent."""
        effort: str | None = (self.body.get("output_config") or {}).get("effort")
        return effort

    @property
    def schema(self) -> dict[str, Any] | None:
        """Schema of ``output_config.format``."""
        wanted = (self.body.get("output_config") or {}).get("format")
        return None if wanted is None else wanted["schema"]

    @property
    def custom_tools(self) -> list[tuple[str, dict[str, Any]]]:
        """The client's own tools, each with its path."""
        return [
            (f"tools.{index}.custom", tool)
            for index, tool in enumerate(self.body.get("tools") or [])
            if tool.get("type") in (None, "custom")
        ]
