"""What becomes of the thinking blocks that a request sends back (rules 0.6, D.4).

A block made by another model is dropped in silence. A block whose conversation has
changed, or that follows a hole in the chain, is *unbound*: the request fails, or the
block and its neighbours are dropped, or it passes where the account is not held to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .capabilities import Capabilities
from .conversation import THINKING_TYPES, Placed, PrefixHash, placed_blocks
from .profile import Profile
from .seals import NO_LINK, Seal, link_to, model_mark, read_seal


@dataclass(frozen=True, slots=True)
class Replay:
    """The verdict on every thinking block of a request."""

    unsigned: tuple[Placed, ...]
    """Altered, or never signed."""
    foreign: tuple[Placed, ...]
    """Made by another model."""
    unbound: tuple[Placed, ...]
    """Made in a conversation that is no longer this one."""
    link: bytes
    """What the next thinking block will say about the last one that stays."""


def replay(body: Mapping[str, Any], model: Capabilities, profile: Profile) -> Replay:
    """Judge each block in order. Unreadable signatures pass when nobody checks them."""
    prefix = PrefixHash(body)
    unsigned: list[Placed] = []
    foreign: list[Placed] = []
    unbound: list[Placed] = []
    link: bytes | None = None
    follows_unbound = False
    for placed in placed_blocks(body):
        prefix.enter(placed.role)
        if placed.block.get("type") not in THINKING_TYPES:
            prefix.add(placed.block)
            follows_unbound = False
            continue
        seal = read_seal(profile.signing_key, placed.block)
        if seal is None:
            if profile.check_signatures:
                unsigned.append(placed)
            continue
        if seal.model != model_mark(model.id):
            foreign.append(placed)
            continue
        if follows_unbound or not _holds(seal, prefix.digest(), link):
            unbound.append(placed)
            follows_unbound = True
            continue
        link = link_to(placed.block)
    return Replay(tuple(unsigned), tuple(foreign), tuple(unbound), link or NO_LINK)


def _holds(seal: Seal, prefix: bytes, link: bytes | None) -> bool:
    """The first block of a request may have lost those before it."""
    return seal.prefix == prefix and link in (None, seal.link)


def is_enforced(model: Capabilities, profile: Profile) -> bool:
    """Whether an unbound block is refused on this model for this account."""
    if model.binds_thinking == "new accounts":
        return profile.new_account
    return model.binds_thinking == "every account"


def transformations(
    found: Replay, model: Capabilities, profile: Profile
) -> list[dict[str, str]]:
    """``input_transformations`` of the answer, in request order."""
    kind = (
        "thinking_dropped"
        if is_enforced(model, profile)
        else "thinking_mismatch_allowed"
    )
    entries = [
        (placed, "thinking_dropped", "model_binding_mismatch")
        for placed in found.foreign
    ]
    if model.binds_thinking != "no":
        entries += [
            (placed, kind, "prefix_binding_mismatch") for placed in found.unbound
        ]
    entries.sort(key=lambda entry: (entry[0].message, entry[0].position))
    return [
        {"type": kind, "path": placed.path, "reason": reason}
        for placed, kind, reason in entries
    ]
