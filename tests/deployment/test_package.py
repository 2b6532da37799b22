"""What is in the wheel and the sdist, and that it installs and runs anywhere."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from anthropic_proxy import __version__
from deployment.conftest import Find
from support.running_proxy import ROOT, clean_environment

PROGRAMS = ("anthropic-max-proxy", "anthropic-max-proxy-auth")


@pytest.fixture(scope="module")
def in_wheel(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def in_sdist(distributions: Path) -> set[str]:
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def tracked(*patterns: str) -> set[str]:
    """Files of the source tree; what python and editors leave behind is not."""
    found = (path for pattern in patterns for path in ROOT.glob(pattern))
    return {
        str(path.relative_to(ROOT))
        for path in found
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_package_the_script_beside_it_and_the_licence(
    in_wheel: dict[str, bytes],
) -> None:
    information = f"anthropic_max_proxy-{__version__}.dist-info/"
    package = {name for name in in_wheel if not name.startswith(information)}
    expected = {name.removeprefix("addons/") for name in tracked("addons/**/*")}
    assert package == expected
    assert {"anthropic_proxy_addon.py", "anthropic_proxy/models/catalog.toml"} < package
    assert in_wheel[f"{information}licenses/LICENSE"].startswith(b"MIT License")


def test_the_sdist_is_enough_to_test_and_to_build_again(in_sdist: set[str]) -> None:
    needed = tracked("addons/**/*", "tests/unit/*.py", "tests/vectors/*/*.json")
    needed |= {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "auth_cli.py"}
    assert needed - in_sdist == set()
    assert not [name for name in in_sdist if "__pycache__" in name]


def test_the_version_is_written_in_one_place(in_wheel: dict[str, bytes]) -> None:
    information = f"anthropic_max_proxy-{__version__}.dist-info/METADATA"
    assert f"\nVersion: {__version__}\n".encode() in in_wheel[information]
    places = [
        name
        for name in tracked("addons/**/*.py", "pyproject.toml", "auth_cli.py")
        if re.search(rf'["\']{re.escape(__version__)}["\']', (ROOT / name).read_text())
    ]
    assert places == ["addons/anthropic_proxy/__init__.py"]


def environment(home: Path) -> dict[str, str]:
    """A person's who has just come: an empty home, nothing of ours on the path."""
    env = clean_environment(home)
    del env["PYTHONPATH"]
    tools = {"PIPX_HOME": str(home / "pipx"), "UV_TOOL_DIR": str(home / "uv")}
    return env | tools | {"PATH": f"{home}/.local/bin:{env['PATH']}"}


@pytest.mark.parametrize(
    ("installer", "arguments"), [("pipx", ["install"]), ("uv", ["tool", "install"])]
)
def test_it_installs_and_runs_from_any_folder(
    tmp_path: Path, program: Find, wheel: Path, installer: str, arguments: list[str]
) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "some folder"
    home.mkdir()
    elsewhere.mkdir()
    env = environment(home)
    bin_folder = home / ".local" / "bin"
    env |= {"PIPX_BIN_DIR": str(bin_folder), "UV_TOOL_BIN_DIR": str(bin_folder)}

    def run(*line: str) -> str:
        done = subprocess.run(
            line, cwd=elsewhere, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(program(installer, f"pip install {installer}"), *arguments, str(wheel))
    for name in PROGRAMS:
        path = bin_folder / name
        assert os.access(path, os.X_OK)
        assert __version__ in run(str(path), "--version")
        assert "Examples:" in run(str(path), "--help")
    addon = Path(run(str(bin_folder / PROGRAMS[0]), "--addon-path").strip())
    assert addon.is_file()
    assert addon.is_relative_to(home)
    assert (addon.parent / "anthropic_proxy" / "__init__.py").is_file()
    assert list(elsewhere.iterdir()) == []
