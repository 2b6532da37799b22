// @anthropic-ai/sdk, Anthropic's own SDK for Node: what passes through untranslated.

import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { z } from "zod";
import * as tasks from "./tasks.mjs";

const client = new Anthropic({ baseURL: tasks.PROXY, apiKey: "unused", maxRetries: 0 });
const asking = (content, more = {}) => ({
  model: "claude-sonnet-5-5",
  max_tokens: 4096,
  messages: [{ role: "user", content }],
  ...more,
});
const text = (message) => message.content.at(-1).text;

test("text", async () => {
  const answer = await client.messages.create(asking(tasks.PROMPT));
  assert.match(text(answer), /hello to Ada/);
  assert.ok(answer.usage.output_tokens > 0);
});

test("stream", async () => {
  const stream = client.messages.stream(asking("[[long 30]]"));
  let deltas = 0;
  stream.on("text", () => (deltas += 1));
  assert.equal((await stream.finalMessage()).stop_reason, "end_turn");
  assert.ok(deltas > 10);
});

for (const streamed of [false, true]) {
  test(`tool loop, ${streamed ? "streamed" : "whole"}`, async () => {
    const tool = {
      name: "get_weather",
      description: "Current weather in a city.",
      input_schema: tasks.WEATHER_SCHEMA,
    };
    const asked = asking(tasks.CITIES, { tools: [tool] });
    const first = streamed
      ? await client.messages.stream(asked).finalMessage()
      : await client.messages.create(asked);
    const results = first.content
      .filter(({ type }) => type === "tool_use")
      .map(({ id, input }) => ({
        type: "tool_result",
        tool_use_id: id,
        content: tasks.weatherIn(input),
      }));
    asked.messages.push({ role: "assistant", content: first.content });
    asked.messages.push({ role: "user", content: results });
    await tasks.checkAnswer(text(await client.messages.create(asked)));
  });
}

test("structured output", async () => {
  const person = z.object({ name: z.string(), born: z.number().int() });
  const asked = asking(tasks.PERSON, {
    output_config: { format: zodOutputFormat(person) },
  });
  person.parse((await client.messages.parse(asked)).parsed_output);
  await tasks.checkSchema();
});

test("image", async () => {
  const source = { type: "base64", media_type: "image/png", data: tasks.PICTURE };
  const parts = [
    { type: "image", source },
    { type: "text", text: tasks.ABOUT_PICTURE },
  ];
  await tasks.checkPicture(text(await client.messages.create(asking(parts))));
});

for (const [command, kind, message] of [
  ["[[error 400]]", Anthropic.BadRequestError, /The request was refused/],
  ["[[error 401]]", Anthropic.AuthenticationError, /invalid x-api-key/],
  ["[[error 404]]", Anthropic.NotFoundError, /Not found/],
  ["[[error 429]]", Anthropic.RateLimitError, /would exceed your rate limit/],
  ["[[error 529]]", Anthropic.InternalServerError, /Overloaded/],
]) {
  test(`error ${command}`, async () => {
    await assert.rejects(client.messages.create(asking(command)), (error) => {
      assert.ok(error instanceof kind, error);
      assert.match(error.message, message);
      return true;
    });
  });
}

test("abort", async () => {
  const asked = asking(tasks.ENDLESS, { stream: true });
  const stream = await client.messages.create(asked);
  let events = 0;
  for await (const _ of stream) if (++events === 4) break;
  await tasks.expectUpstreamToBeLeft();
});
