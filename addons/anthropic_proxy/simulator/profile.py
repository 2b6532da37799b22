"""What a stand-in is like: whose keys it takes and how its account is set up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

IDENTITY: Final = "You are Claude Code, Anthropic's official CLI for Claude."

VERSIONS: Final = ("2023-06-01", "2026-10-21")
SAMPLING_VERSION: Final = "2023-06-01"

OAUTH_BETA: Final = "oauth-2025-04-20"
THINKING_BINDING_BETA: Final = "thinking-binding-controls-2026-08-01"
THINKING_UPDATES_BETA: Final = "thinking-display-updates-2026-08-18"
FAST_MODE_BETA: Final = "fast-mode-2026-02-01"

_BETAS: Final = """
    advisor-tool-2026-03-01 agent-memory-2026-07-22 cache-diagnosis-2026-04-07
    claude-code-20250219 code-execution-2025-05-22 compact-2026-01-12 compact-2026-09-04
    computer-use-2024-10-22 computer-use-2025-01-24 computer-use-2025-11-24
    context-1m-2025-08-07 context-management-2025-06-27 dev-full-thinking-2025-05-14
    extended-cache-ttl-2025-04-11 fallback-credit-2026-06-01 fallback-credit-2026-07-01
    fast-mode-2026-02-01 files-api-2025-04-14 fine-grained-tool-streaming-2025-05-14
    inline-tools-2026-09-15 interleaved-thinking-2025-05-14 mcp-client-2025-04-04
    mcp-client-2025-11-20 mcp-client-2026-09-15 message-batches-2024-09-24
    message-threads-2026-08-12 mid-conversation-output-config-2026-07-01
    mid-conversation-system-clear-at-2026-08-21 mid-conversation-tool-changes-2026-07-01
    model-context-window-exceeded-2025-08-26 oauth-2025-04-20 output-128k-2025-02-19
    output-300k-2026-03-24 pdfs-2024-09-25 prompt-caching-2024-07-31
    server-side-fallback-2026-06-01 server-side-fallback-2026-07-01 skills-2025-10-02
    structured-outputs-2025-11-13 task-budgets-2026-03-13
    thinking-binding-controls-2026-08-01 thinking-display-updates-2026-08-18
    thinking-token-count-2026-05-13 token-counting-2024-11-01
    token-efficient-tools-2025-02-19 user-profiles-2026-09-04
"""
KNOWN_BETAS: Final = frozenset(_BETAS.split())
"""Taken in the header. The fields that only these betas have are still refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One account behind the stand-in. The defaults are the strictest sensible ones."""

    accepted_keys: frozenset[str] | None = None
    """Credentials that are known; None: anything that starts with ``sk-ant-``."""
    expired: frozenset[str] = frozenset()
    """OAuth tokens whose time has run out: 401 until they are refreshed."""
    subscription_prefix: str = "sk-ant-oat01-sub-"
    """OAuth tokens of claude.ai plans: they need the identity in ``system``."""
    new_account: bool = True
    """Created since 2026-08-31: most models then enforce preserved thinking."""
    first_message_must_be_user: bool = False
    """As on Bedrock; the first-party API takes a leading assistant message."""
    check_signatures: bool = True
    """Off: any signature is taken, for bodies whose thinking was made elsewhere."""
    known_betas: frozenset[str] = KNOWN_BETAS
    signing_key: bytes = b"anthropic-max-proxy simulator"
    """Seals thinking blocks; stand-ins that share it take each other's."""
    max_body_bytes: int = 32 * 1024 * 1024
