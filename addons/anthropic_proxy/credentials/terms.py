"""What Anthropic's published terms say about a subscription login, and what it costs.

Shown before the first login and stored, as a date and a version, with the tokens: the
user decides knowingly. Change ``VERSION`` whenever the quotation changes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

VERSION: Final = "2026-09-26"
"""The latest day on which the page is known to have had the words below."""

PHRASE: Final = "I understand"
"""What the user types."""

PAGE: Final = "https://code.claude.com/docs/en/legal-and-compliance"

QUOTATION: Final = (
    "Anthropic does not permit third-party developers to offer Claude.ai login into "
    "their own applications, or to route requests through Free, Pro, or Max plan "
    "credentials on behalf of their users. Moreover, developers may not collect, "
    "store, or intermediate Claude.ai credentials or session tokens — sign-in to a "
    "Claude account must complete through Anthropic's own flow."
)

CONSEQUENCES: Final = (
    "Requests may be refused at any time. Since 2026-01-09 many are, with the words "
    '"This credential is only authorized for use with Claude Code".',
    'Requests may be billed as "extra usage", on top of the plan (since 2026-04-04).',
    "Anthropic may enforce this without prior notice: you can lose the account.",
)

ALTERNATIVES: Final = (
    "An API key is the recommended way: login --api-key.",
    "A Claude Console login (billed to the API) is allowed too: login --console.",
)


def notice() -> str:
    """The whole text, as paragraphs without line breaks inside them."""
    return "\n".join(
        (
            "Logging in with a Claude subscription (Pro or Max) is not allowed by "
            "Anthropic's published terms. This is what their page said on "
            f"{VERSION}:",
            "",
            f"“{QUOTATION}”",
            PAGE,
            "",
            "What it can cost you:",
            *(f"  - {line}" for line in CONSEQUENCES),
            "",
            "What is allowed:",
            *(f"  - {line}" for line in ALTERNATIVES),
            "",
            "If you go on, this program sends your own account's token with your own "
            "requests under its own name, and shows you every refusal word for word. "
            "It does not try to get around any.",
        )
    )


def acknowledges(text: str) -> bool:
    """Whether the user typed the phrase; case and outer white space do not matter."""
    return " ".join(text.split()).casefold() == PHRASE.casefold()


def date_of(now: float) -> str:
    """The day of ``now`` (Unix seconds) in UTC, as stored with the tokens."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()
