"""What a refusal by Anthropic means, and what can be done about it.

The refusal itself is always shown word for word; this is the hint beside it. Nothing
here suggests a way around a refusal: only the sources that are allowed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ..credentials.commands import command

_ALLOWED: Final = (
    f"Use an API key instead: {command('login --api-key')}, "
    "or a Console login: `ant auth login`."
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A meaning and a next step, whole sentences."""

    meaning: str
    next_step: str


@dataclass(frozen=True, slots=True)
class _Row:
    status: int | None
    pattern: str
    explanation: Explanation


# The first row that fits wins; `pattern` is searched in the body, case ignored.
_ROWS: Final = (
    _Row(
        None,
        r"only authorized for use with claude code",
        Explanation(
            "Anthropic does not accept this subscription token from this program.",
            _ALLOWED,
        ),
    ),
    _Row(
        None,
        r"extra usage",
        Explanation(
            "Anthropic bills requests of third-party programs as extra usage, on top "
            "of the plan, and yours has none left or has it switched off.",
            f"Look at https://claude.ai/settings/usage. {_ALLOWED}",
        ),
    ),
    _Row(
        None,
        r"oauth authentication is (currently )?not (supported|allowed)",
        Explanation("This endpoint takes no OAuth tokens.", _ALLOWED),
    ),
    _Row(
        None,
        r"credit balance is too low",
        Explanation(
            "The account of this API key has no credit.",
            "Buy credit at https://platform.claude.com/settings/billing.",
        ),
    ),
    _Row(
        401,
        r"",
        Explanation(
            "The credential is not (or no longer) valid.",
            f"Type {command('refresh')}; if that fails, {command('login')}.",
        ),
    ),
    _Row(
        403,
        r"",
        Explanation("The credential may not do this.", _ALLOWED),
    ),
    _Row(
        404,
        r"model",
        Explanation(
            "There is no such model, or the account may not use it.",
            "Choose another with --model.",
        ),
    ),
    _Row(
        429,
        r"",
        Explanation(
            "The account's limit is reached for now.",
            "Wait; the answer's retry-after header says how long.",
        ),
    ),
    _Row(
        529,
        r"",
        Explanation("Anthropic is overloaded.", "Try again in some minutes."),
    ),
)

_SERVER: Final = Explanation(
    "Something failed at Anthropic.", "Try again; see https://status.claude.com."
)
_UNKNOWN: Final = Explanation(
    "The request was refused.", "What Anthropic says above is all that is known."
)


def explain(status: int, body: str) -> Explanation:
    """What an answer with an error ``status`` means."""
    for row in _ROWS:
        if row.status in (None, status) and re.search(row.pattern, body, re.IGNORECASE):
            return row.explanation
    return _SERVER if status >= 500 else _UNKNOWN
