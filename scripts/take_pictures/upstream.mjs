// Plays Anthropic's API with answers written beforehand, so that the pictures show
// conversations that could be real.

import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Listens on a free port of this machine. `answers`: by model, in order. */
export async function startUpstream(answers) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.method !== 'POST') return send(response, 404, error('not_found_error', 'Not found'));
    const body = JSON.parse(Buffer.concat(chunks));
    await answers.shift()(response, body);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

/** A whole answer of these content blocks. */
export function message(content, usage, stop_reason = 'end_turn') {
  return async (response, { model }) => {
    await sleep(420);
    send(response, 200, head(model, content, usage, stop_reason));
  };
}

/** The same text as a stream; a number among the pieces is a pause in milliseconds. */
export function stream(pieces, usage) {
  return async (response, { model }) => {
    await sleep(610);
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    const event = (data) => response.write(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
    event({ type: 'message_start', message: head(model, [], { ...usage, output_tokens: 1 }, null) });
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
    event({ type: 'ping' });
    for (const piece of pieces) {
      if (typeof piece === 'number') await sleep(piece);
      else event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: piece } });
      await sleep(45);
    }
    event({ type: 'content_block_stop', index: 0 });
    event({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage });
    event({ type: 'message_stop' });
    response.end();
  };
}

/** An error in Anthropic's form. */
export function refusal(status, type, text) {
  return async (response) => send(response, status, error(type, text));
}

const HEADERS = { 'request-id': 'req_011CVMq4xWk2dYh7Lr5bTnZe' };

function head(model, content, usage, stop_reason) {
  const id = 'msg_01Xf3Pq9vTtGk2Yw6Bz8HcRm';
  return { id, type: 'message', role: 'assistant', model, content, stop_reason, stop_sequence: null, usage };
}

function error(type, message) {
  return { type: 'error', error: { type, message }, request_id: HEADERS['request-id'] };
}

function send(response, status, body) {
  response.writeHead(status, { ...HEADERS, 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
