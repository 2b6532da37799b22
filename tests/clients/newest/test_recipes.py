"""The programs of the README and of every page but those of the other environment."""

from __future__ import annotations

import pytest
import recipes
from recipes import Ran, Recipe

ELSEWHERE = {"instructor.md", "litellm.md"}
HERE = [page for page in [recipes.README, *recipes.PAGES] if page.name not in ELSEWHERE]
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


def test_recipes_are_found() -> None:
    assert {recipe.language for recipe in FOUND} == {"python", "js", "sh"}
    assert {recipe.page for recipe in FOUND} >= {recipes.README}
