// openai, OpenAI's own SDK for Node.

import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import * as tasks from "./tasks.mjs";

const client = new OpenAI({
  baseURL: `${tasks.PROXY}/v1`,
  apiKey: "unused",
  maxRetries: 0,
});
const asking = (content, more = {}) => ({
  model: "gpt-4o",
  messages: [{ role: "user", content }],
  ...more,
});

test("text", async () => {
  const answer = await client.chat.completions.create(asking(tasks.PROMPT));
  assert.match(answer.choices[0].message.content, /hello to Ada/);
  assert.ok(answer.usage.completion_tokens > 0);
});

test("stream", async () => {
  const asked = asking("[[long 30]]", { stream_options: { include_usage: true } });
  const stream = client.chat.completions.stream(asked);
  let deltas = 0;
  stream.on("content", () => (deltas += 1));
  assert.ok((await stream.totalUsage()).completion_tokens > 0);
  assert.ok(deltas > 10);
});

for (const stream of [false, true]) {
  test(`tool loop, ${stream ? "streamed" : "whole"}`, async () => {
    const tool = {
      type: "function",
      function: {
        name: "get_weather",
        description: "Current weather in a city.",
        parameters: tasks.WEATHER_SCHEMA,
        parse: JSON.parse,
        function: tasks.weatherIn,
      },
    };
    const asked = asking(tasks.CITIES, { tools: [tool], stream });
    const runner = client.chat.completions.runTools(asked);
    await tasks.checkAnswer(await runner.finalContent());
  });
}

test("structured output", async () => {
  const person = z.object({ name: z.string(), born: z.number().int() });
  const asked = asking(tasks.PERSON, {
    response_format: zodResponseFormat(person, "person"),
  });
  const answer = await client.chat.completions.parse(asked);
  person.parse(answer.choices[0].message.parsed);
  await tasks.checkSchema();
});

test("image", async () => {
  const url = `data:image/png;base64,${tasks.PICTURE}`;
  const parts = [
    { type: "text", text: tasks.ABOUT_PICTURE },
    { type: "image_url", image_url: { url } },
  ];
  const answer = await client.chat.completions.create(asking(parts));
  await tasks.checkPicture(answer.choices[0].message.content);
});

for (const [command, kind, message] of [
  ["[[error 400]]", OpenAI.BadRequestError, /The request was refused/],
  ["[[error 401]]", OpenAI.AuthenticationError, /invalid x-api-key/],
  ["[[error 404]]", OpenAI.NotFoundError, /Not found/],
  ["[[error 429]]", OpenAI.RateLimitError, /would exceed your rate limit/],
  ["[[error 529]]", OpenAI.InternalServerError, /Overloaded/],
]) {
  test(`error ${command}`, async () => {
    await assert.rejects(client.chat.completions.create(asking(command)), (error) => {
      assert.ok(error instanceof kind, error);
      assert.match(error.message, message);
      return true;
    });
  });
}

test("abort", async () => {
  const asked = asking(tasks.ENDLESS, { stream: true });
  const stream = await client.chat.completions.create(asked);
  let chunks = 0;
  for await (const _ of stream) if (++chunks === 3) break;
  await tasks.expectUpstreamToBeLeft();
});
