"""Headers, credentials, and who may use them."""

from __future__ import annotations

from anthropic_proxy.simulator.profile import IDENTITY, Profile

from .case import BINDING, HEADERS, OAT, OAUTH, PLAN, REMOVED, Case, text

ENVELOPE = [
    Case(1, "version", path="", bad_headers={"anthropic-version": REMOVED}),
    Case(2, "no key", status=401, bad_headers={"x-api-key": REMOVED}),
    Case(2, "bad key", status=401, bad_headers={"x-api-key": "not-used"}),
    Case(
        2,
        "bad bearer",
        status=401,
        good_headers={"x-api-key": REMOVED, "authorization": "Bearer sk-ant-api03-a"},
        bad_headers={"x-api-key": REMOVED, "authorization": "Bearer dummy"},
    ),
    Case(
        2,
        "OAuth token as an API key",
        status=401,
        good_headers=OAUTH,
        bad_headers={**OAUTH, "x-api-key": OAT},
    ),
    Case(
        2,
        "key that is not in the list",
        status=401,
        profile=Profile(accepted_keys=frozenset({HEADERS["x-api-key"]})),
        bad_headers={"x-api-key": "sk-ant-api03-other"},
    ),
    Case(30, "beta", good_headers=BINDING, bad_headers={"anthropic-beta": "x-2026"}),
    Case(101, "unknown version", bad_headers={"anthropic-version": "2025-01-01"}),
    Case(
        102,
        "expired token",
        status=401,
        good_headers=OAUTH,
        bad_headers={**OAUTH, "authorization": "Bearer sk-ant-oat01-old"},
        profile=Profile(expired=frozenset({"sk-ant-oat01-old"})),
    ),
    Case(
        103,
        "OAuth beta",
        status=401,
        good_headers=OAUTH,
        bad_headers={**OAUTH, "anthropic-beta": REMOVED},
    ),
    Case(
        104,
        "identity",
        good={"system": [text(IDENTITY), text("Be brief.")]},
        bad={"system": [text("Be brief."), text(IDENTITY)]},
        good_headers=PLAN,
    ),
    Case(
        104,
        "identity not in a block of its own",
        good={"system": IDENTITY},
        bad={"system": f"{IDENTITY}\n\nBe brief."},
        good_headers=PLAN,
    ),
]
