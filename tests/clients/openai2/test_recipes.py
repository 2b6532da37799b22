"""The programs on the pages of the clients in this environment."""

from __future__ import annotations

import pytest
import recipes
from recipes import Ran, Recipe

HERE = [page for page in recipes.PAGES if page.stem in ("instructor", "litellm")]
FOUND = [recipe for page in HERE for recipe in recipes.recipes(page)]


@pytest.fixture(scope="module")
def ran(proxy: str, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    port = int(proxy.rpartition(":")[2])
    return recipes.run_all(FOUND, port, tmp_path_factory.mktemp("recipes"))


@pytest.mark.parametrize("recipe", FOUND, ids=str)
def test_recipe(recipe: Recipe, ran: Ran) -> None:
    if recipe.lacks:
        pytest.skip(f"{recipe.lacks} is not installed")
    result = ran[recipe]
    print(result.stdout, result.stderr)
    assert result.returncode == 0
    assert result.stdout.strip()
    assert '"error"' not in result.stdout
