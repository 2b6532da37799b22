// What every client is asked to do. The commands in [[…]] are the simulator's.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

export const PROXY = process.env.PROXY_URL;
const SIMULATOR = process.env.SIMULATOR_URL;

export const PROMPT = "Say hello to Ada.";
// Half a minute of words: whoever is gone within a second has not seen the end.
export const ENDLESS = "[[slow 20ms]] [[long 1500]]";
const LEAVING_MS = 1000;

export const CITIES = "What is the weather in Paris and in Oslo?";
const WEATHER = { Paris: "18 degrees, sun", Oslo: "4 degrees, snow" };
export const weatherIn = ({ city }) => WEATHER[city];
export const WEATHER_SCHEMA = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
};

export const PERSON = "Who was the first programmer?";

export const PICTURE =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ" +
  "RU5ErkJggg==";
export const ABOUT_PICTURE = "What is in this picture?";

const simulator = async (path) => (await fetch(`${SIMULATOR}/simulator/${path}`)).json();

async function lastRequest() {
  const requests = await simulator("requests");
  return requests.findLast(({ path }) => path === "/v1/messages");
}

// The body of the last request that went upstream.
export const sent = async () => JSON.parse((await lastRequest()).body);

// Both results have gone upstream in one turn, and the model has made use of them.
export async function checkAnswer(text) {
  const turn = (await sent()).messages.findLast(({ role }) => role === "user");
  const results = turn.content.filter(({ type }) => type === "tool_result");
  assert.equal(results.length, 2);
  assert.equal(new Set(results.map((result) => result.tool_use_id)).size, 2);
  for (const weather of Object.values(WEATHER)) assert.ok(text.includes(weather), text);
}

// The picture and the question have arrived upstream as they are.
export async function checkPicture(text) {
  assert.match(text, /1 image/);
  const { content } = (await sent()).messages.at(-1);
  const source = { type: "base64", media_type: "image/png", data: PICTURE };
  assert.deepEqual(content.find(({ type }) => type === "image").source, source);
  assert.equal(content.find(({ type }) => type === "text").text, ABOUT_PICTURE);
}

export async function checkSchema() {
  assert.equal((await sent()).output_config.format.type, "json_schema");
}

// The proxy gives the last request up within a second from now.
export async function expectUpstreamToBeLeft() {
  const { request_id: last, status } = await lastRequest();
  assert.equal(status, 200);
  const deadline = Date.now() + LEAVING_MS;
  while (!(await simulator("left")).includes(last)) {
    assert.ok(Date.now() < deadline, "upstream still answers");
    await sleep(20);
  }
}
