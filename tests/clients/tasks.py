"""What every client is asked to do. The commands in ``[[…]]`` are the simulator's."""

from __future__ import annotations

from typing import Any, Final

PROMPT: Final = "Say hello to Ada."
ENDLESS: Final = "[[slow 20ms]] [[long 1500]]"
"""Half a minute of words: whoever is gone within a second has not seen the end."""

CITIES: Final = "What is the weather in Paris and in Oslo?"
WEATHER: Final[dict[str, str]] = {"Paris": "18 degrees, sun", "Oslo": "4 degrees, snow"}
WEATHER_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}


def get_weather(city: str) -> str:
    """Current weather in a city."""
    return WEATHER[city]


REFUSED: Final = "[[error 400]]"
REFUSED_MESSAGE: Final = "The request was refused"
LIMITED: Final = "[[error 429]]"
LIMITED_MESSAGE: Final = "would exceed your rate limit"
OVERLOADED: Final = "[[error 529]]"
OVERLOADED_MESSAGE: Final = "Overloaded"

PERSON: Final = "Who was the first programmer?"
PERSON_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "born": {"type": "integer"}},
    "required": ["name", "born"],
    "additionalProperties": False,
}

PICTURE: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
    "RU5ErkJggg=="
)
"""A PNG of one pixel, in base64."""
PICTURE_URL: Final = f"data:image/png;base64,{PICTURE}"
ABOUT_PICTURE: Final = "What is in this picture?"


def check_picture(sent: dict[str, Any]) -> None:
    """The picture and the question have arrived upstream as they are."""
    blocks = {block["type"]: block for block in sent["messages"][-1]["content"]}
    source = {"type": "base64", "media_type": "image/png", "data": PICTURE}
    assert blocks["image"]["source"] == source
    assert blocks["text"]["text"] == ABOUT_PICTURE


def check_results(results: list[dict[str, Any]]) -> None:
    """Both calls of the weather tool were answered, in one turn, each once."""
    texts = [str(block["content"]) for block in results]
    assert len({block["tool_use_id"] for block in results}) == len(results) == 2
    for text, weather in zip(texts, WEATHER.values(), strict=True):
        assert weather in text


def check_answer(text: str | None) -> None:
    """The model has made use of both results."""
    assert text
    for weather in WEATHER.values():
        assert weather in text
