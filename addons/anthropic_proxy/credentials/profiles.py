"""Console profiles: the files that ``ant auth login`` and Anthropic's SDKs share.

Read as the official SDK reads them (rules: credentials 5), so that both pick the same
profile. Nothing here writes; the tokens themselves are behind ``token_store``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..wire import jsontext
from .endpoints import API_URL, require_https
from .private_file import FileProblem, PrivateFile

DEFAULT_PROFILE: Final = "default"
_OTHERS_MAY_WRITE: Final = 0o022
_KINDS: Final = ("user_oauth", "oidc_federation")


class ProfileUnusable(Exception):
    """A profile is selected, but cannot be used. ``str()`` says why."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a profile's configuration file says."""

    name: str
    config_path: Path
    credentials_path: Path
    client_id: str | None
    """None: somebody else rotates the credentials file; it is never refreshed."""
    base_url: str
    workspace_id: str | None


def config_dir(env: Mapping[str, str]) -> Path:
    """The folder of the profiles: ``ANTHROPIC_CONFIG_DIR`` or the usual place."""
    if given := env.get("ANTHROPIC_CONFIG_DIR"):
        return Path(given)
    if os.name == "nt" and (appdata := env.get("APPDATA")):
        return Path(appdata) / "Anthropic"
    return home(env) / ".config" / "anthropic"


def home(env: Mapping[str, str]) -> Path:
    """The user's own folder."""
    return Path(env["HOME"]) if env.get("HOME") else Path.home()


def is_chosen(env: Mapping[str, str]) -> bool:
    """Whether the user named a profile or a folder of profiles.

    Then a profile that cannot be used is an error; otherwise it is passed over.
    """
    return bool(
        env.get("ANTHROPIC_PROFILE")
        or env.get("ANTHROPIC_CONFIG_DIR")
        or _pointer(config_dir(env))
    )


def active_profile(env: Mapping[str, str]) -> Profile | None:
    """The profile in use; None: there is no profile at all.

    Raises:
        ProfileUnusable: one is selected, but its configuration is missing or wrong.
    """
    folder = config_dir(env)
    name = env.get("ANTHROPIC_PROFILE") or _pointer(folder) or DEFAULT_PROFILE
    _refuse_name(name)
    config_path = folder / "configs" / f"{name}.json"
    config = _read_config(config_path)
    if config is None:
        if env.get("ANTHROPIC_PROFILE") or _pointer(folder):
            raise ProfileUnusable(
                f"The Console profile {name!r} is selected, but {config_path} does not "
                "exist. Type: ant auth login"
            )
        return None
    return _profile(name, config_path, config, env)


def _profile(
    name: str, config_path: Path, config: Mapping[str, Any], env: Mapping[str, str]
) -> Profile:
    authentication = config.get("authentication")
    if not isinstance(authentication, dict):
        raise ProfileUnusable(f"{config_path} has no 'authentication' object")
    kind = authentication.get("type")
    if kind not in _KINDS:
        raise ProfileUnusable(
            f"{config_path}: authentication.type is {kind!r}, expected one of "
            f"{', '.join(_KINDS)}"
        )
    # Not from ANTHROPIC_BASE_URL, as the SDK would: for users of a proxy that is the
    # address of the proxy, and refresh tokens must not go there.
    base_url = _text(config, "base_url") or API_URL
    try:
        require_https(base_url, f"{config_path}: base_url")
    except ValueError as refusal:
        raise ProfileUnusable(str(refusal)) from None
    given = _text(authentication, "credentials_path")
    return Profile(
        name=name,
        config_path=config_path,
        credentials_path=Path(given).expanduser()
        if given
        else config_path.parent.parent / "credentials" / f"{name}.json",
        # a federated identity is exchanged by Anthropic's tools, never by us
        client_id=_text(authentication, "client_id") if kind == "user_oauth" else None,
        base_url=base_url.rstrip("/"),
        workspace_id=(
            _text(config, "workspace_id") or env.get("ANTHROPIC_WORKSPACE_ID") or None
        )
        if kind == "user_oauth"
        else None,
    )


def _pointer(folder: Path) -> str | None:
    try:
        return (folder / "active_config").read_text("utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _refuse_name(name: str) -> None:
    """A name becomes part of a path: it must not lead out of the folder."""
    if name != name.strip() or name.startswith(".") or set(name) & set("/\\\0"):
        raise ProfileUnusable(
            f"{name!r} is not a profile name: no leading dot, no slashes, no spaces "
            "around it"
        )


def _read_config(path: Path) -> Mapping[str, Any] | None:
    try:
        content = PrivateFile(path).read(forbidden_mode=_OTHERS_MAY_WRITE)
    except FileProblem as problem:
        raise ProfileUnusable(str(problem)) from None
    if content is None:
        return None
    try:
        config = jsontext.decode(content)
    except jsontext.InvalidJSON as problem:
        raise ProfileUnusable(f"{path} is not JSON: {problem}") from None
    if not isinstance(config, dict):
        raise ProfileUnusable(f"{path} is not a JSON object")
    return config


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) and value else None
