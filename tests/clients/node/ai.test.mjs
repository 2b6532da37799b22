// ai, Vercel's AI SDK, with a provider for each of the two dialects.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  APICallError,
  Output,
  generateText,
  jsonSchema,
  stepCountIs,
  streamText,
  tool,
} from "ai";
import { z } from "zod";
import * as tasks from "./tasks.mjs";

const compatible = createOpenAICompatible({
  name: "claude",
  baseURL: `${tasks.PROXY}/v1`,
  apiKey: "unused",
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const anthropic = createAnthropic({ baseURL: `${tasks.PROXY}/v1`, apiKey: "unused" });

const person = z.object({ name: z.string(), born: z.number().int() });
// zod adds "$schema", which goes through as it is, and which the simulator refuses.
const plainPerson = jsonSchema({
  type: "object",
  properties: { name: { type: "string" }, born: { type: "integer" } },
  required: ["name", "born"],
  additionalProperties: false,
});

const tools = {
  get_weather: tool({
    description: "Current weather in a city.",
    inputSchema: z.object({ city: z.string() }),
    execute: tasks.weatherIn,
  }),
};

for (const [model, schema] of [
  [compatible("gpt-4o"), person],
  [anthropic("claude-sonnet-5-5"), plainPerson],
]) {
  const base = { model, maxRetries: 0, onError: () => {} };
  const named = (name) => `${model.provider}: ${name}`;

  test(named("text"), async () => {
    const { text, usage } = await generateText({ ...base, prompt: tasks.PROMPT });
    assert.match(text, /hello to Ada/);
    assert.ok(usage.outputTokens > 0);
  });

  test(named("stream"), async () => {
    const result = streamText({ ...base, prompt: "[[long 30]]" });
    let pieces = 0;
    for await (const _ of result.textStream) pieces += 1;
    assert.ok(pieces > 10);
    assert.ok((await result.usage).outputTokens > 0);
  });

  for (const run of [generateText, streamText]) {
    test(named(`tool loop, ${run.name}`), async () => {
      const asked = { prompt: tasks.CITIES, tools, stopWhen: stepCountIs(3) };
      const result = await run({ ...base, ...asked });
      await tasks.checkAnswer(await result.text);
    });
  }

  test(named("structured output"), async () => {
    const output = Output.object({ schema });
    const result = await generateText({ ...base, prompt: tasks.PERSON, output });
    person.parse(result.output);
    await tasks.checkSchema();
  });

  test(named("image"), async () => {
    const content = [
      { type: "text", text: tasks.ABOUT_PICTURE },
      { type: "image", image: tasks.PICTURE, mediaType: "image/png" },
    ];
    const messages = [{ role: "user", content }];
    await tasks.checkPicture((await generateText({ ...base, messages })).text);
  });

  for (const [status, shown, message] of [
    [400, 400, /The request was refused/],
    [429, 429, /would exceed your rate limit/],
    [529, [503, 529], /Overloaded/],
  ]) {
    test(named(`error ${status}`), async () => {
      const asked = generateText({ ...base, prompt: `[[error ${status}]]` });
      await assert.rejects(asked, (error) => {
        assert.ok(APICallError.isInstance(error), error);
        assert.ok([shown].flat().includes(error.statusCode), error.statusCode);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  test(named("abort"), async () => {
    const leaving = new AbortController();
    const asked = { prompt: tasks.ENDLESS, abortSignal: leaving.signal };
    const result = streamText({ ...base, ...asked });
    let pieces = 0;
    for await (const _ of result.textStream) if (++pieces === 3) leaving.abort();
    await tasks.expectUpstreamToBeLeft();
  });
}
