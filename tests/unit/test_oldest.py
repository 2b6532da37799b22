"""The oldest versions that are tested are those that pyproject.toml allows."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load_script() -> ModuleType:
    path = ROOT / "scripts" / "oldest.py"
    spec = importlib.util.spec_from_file_location("oldest", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load_script()


def test_every_dependency_has_an_oldest_version() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    dependencies = tomllib.loads(text)["project"]["dependencies"]
    constraints = list(script.oldest(dependencies))
    assert len(constraints) == len(dependencies)
    assert "mitmproxy==11.0.2" in constraints


@pytest.mark.parametrize("requirement", ["httpx", "httpx<1", "httpx==0.28", "a>=1;b"])
def test_another_form_is_not_passed_over(requirement: str) -> None:
    with pytest.raises(ValueError, match="is not of the form"):
        list(script.oldest([requirement]))
