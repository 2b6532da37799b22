"""Model objects in Anthropic's shape, made here when upstream cannot be asked."""

from __future__ import annotations

from anthropic_proxy.dialects.messages.models import (
    model_info,
    model_page,
    with_aliases,
)
from anthropic_proxy.models.catalog import Catalog

CATALOG = Catalog.load()


def test_a_row_of_the_catalogue_becomes_an_item() -> None:
    item = model_info(CATALOG.get("claude-opus-5-5"))
    assert item["type"] == "model"
    assert item["id"] == "claude-opus-5-5"
    assert item["lifecycle"] == "active"
    assert item["retires_at"] is None
    assert item["max_tokens"] == 128_000


def test_a_model_that_retires_says_when() -> None:
    item = model_info(CATALOG.get("claude-sonnet-4-5"))
    assert item["lifecycle"] == "deprecated"
    assert item["retires_at"] == "2026-11-30T00:00:00Z"


def test_a_page_names_its_ends() -> None:
    page = model_page([{"id": "a"}, {"id": "b"}])
    assert (page["first_id"], page["last_id"], page["has_more"]) == ("a", "b", False)
    assert model_page([])["first_id"] is None


def test_an_alias_is_its_model_under_another_name() -> None:
    listed = [{"id": "a", "from": "upstream"}]
    aliases = [("x", {"id": "a"}), ("a", {"id": "b"}), ("y", {"id": "b"})]
    assert with_aliases(listed, aliases) == [
        {"id": "a", "from": "upstream"},
        {"id": "x", "from": "upstream"},
        {"id": "y"},
    ]
