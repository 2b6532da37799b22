import pytest
from openai.types import Model

from answer_support import vectors
from anthropic_proxy.dialects.chat_completions.models import model_list, model_object


@pytest.mark.parametrize(("given", "expected"), vectors("models"))
def test_vectors(given, expected):
    assert model_list(given["body"]["data"]) == expected["body"]


@pytest.mark.parametrize(
    "instant",
    [None, "", "soon", 5, "0001-01-01T00:00:00+14:00", "1970-01-01T00:00:00Z"],
)
def test_an_unknown_release_date_is_the_epoch(instant):
    model = model_object({"id": "claude-x", "created_at": instant})
    assert model == {
        "id": "claude-x",
        "object": "model",
        "created": 0,
        "owned_by": "anthropic",
    }
    Model.model_validate(model, strict=True)


@pytest.mark.parametrize(
    ("instant", "date"),
    [
        ("2026-11-30T23:30:00-02:00", "2026-12-01"),
        ("2026-11-30T00:00:00", "2026-11-30"),
        ("2026-11-30T00:00:00.123456789Z", "2026-11-30"),
    ],
)
def test_the_shutdown_date_is_that_of_utc(instant, date):
    model = model_object({"id": "claude-x", "retires_at": instant})
    assert model["shutdown_date"] == date
    Model.model_validate(model, strict=True)
