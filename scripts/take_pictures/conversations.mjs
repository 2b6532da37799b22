// What a client asks in the pictures, and what is answered.

import { message, refusal, stream } from './upstream.mjs';

const text = (words) => ({ type: 'text', text: words });
const use = (id, name, input) => ({ type: 'tool_use', id, name, input });
const tool = (name, description, properties) => ({
  type: 'function',
  function: {
    name,
    description,
    parameters: { type: 'object', properties, required: Object.keys(properties) },
  },
});

const GUIDE = `You plan walks for a hiking club in the Alps. Prefer routes that can be reached by
train. Say how long a route takes, how steep it is, and where one can stay the night.
Check the weather before you recommend a pass, and never send beginners over snow.`;
const HUTS = 'A hut near Andermatt for six on Saturday, and will it stay dry?';
const TOOLS = [
  tool('find_huts', 'Mountain huts near a place, with free beds on a date', {
    place: { type: 'string', description: 'A town or a pass' },
    date: { type: 'string', format: 'date' },
    beds: { type: 'integer', minimum: 1 },
  }),
  tool('get_forecast', 'Weather in the mountains for a date', {
    place: { type: 'string' },
    date: { type: 'string', format: 'date' },
  }),
];
// An arrow on yellow, as on a signpost.
const SIGN =
  'iVBORw0KGgoAAAANSUhEUgAAAGAAAAAoCAIAAACO8WhuAAAAqklEQVR42u3aSw6AIAyEYU5i4v1PwoncunchWKaJ'
  + 'TP+GAzBf4oPSdlCv1SCYArr6yXqs7YGyt+0AlLpzE6C8zfsAJUVwA5KnMATSBvEEEsZxBpIkMgdaD+UPtBitClA4'
  + 'XSGgWMBaQIGYn4E82hcAyYzqAk1Grg40TA0QQDxivKS3+szzo8hRg8MqQLQ7aJjRcqVpz7UPF4dcPTO8wPgLQAxQ'
  + '/WkEj2LKNVg37TBxrwPLWJUAAAAASUVORK5CYII=';

const system = { role: 'system', content: GUIDE };
const user = (content) => ({ role: 'user', content });

/** Sends the requests one after the other; `ask(body)` gives the answer's JSON. */
export async function converse(ask) {
  await ask({
    model: 'gpt-4o',
    seed: 7,
    presence_penalty: 0.2,
    messages: [
      { role: 'system', content: 'You advise a hiking club. Answer in two sentences.' },
      user('Furka or Grimsel: which pass is the easier one with children?'),
    ],
  });
  await ask({
    model: 'gpt-4o-mini',
    stream: true,
    stream_options: { include_usage: true },
    messages: [user('Write a haiku about the first snow.')],
  });
  const messages = [system, user(HUTS)];
  for (const results of [
    ['Rotondohütte: 9 beds; Albert-Heim-Hütte: 4 beds; Sidelenhütte: 12 beds'],
    ['dry until 4 pm, then thunderstorms; 0 °C at 3,400 m', 'dry all day; light wind'],
    null,
  ]) {
    const answer = await ask({ model: 'gpt-4o', tools: TOOLS, messages: [...messages] });
    const said = answer.choices[0].message;
    messages.push(said);
    results?.forEach((content, at) => {
      messages.push({ role: 'tool', tool_call_id: said.tool_calls[at].id, content });
    });
  }
  const url = `data:image/png;base64,${SIGN}`;
  const picture = { type: 'image_url', image_url: { url, detail: 'low' } };
  await ask({
    model: 'gpt-4o',
    messages: [user([{ type: 'text', text: 'What does this sign mean?' }, picture])],
  });
  await ask({
    model: 'gpt-4o',
    n: 3,
    messages: [user('Three names for a walk around a lake, please.')],
  });
  await ask({ model: 'o3', messages: [user('Plan a week from Zermatt to Chamonix.')] });
}

const cached = { cache_read_input_tokens: 412, cache_creation_input_tokens: 0 };
const wrote = { cache_read_input_tokens: 0, cache_creation_input_tokens: 412 };

export const ANSWERS = [
  message(
    [text('The Grimsel is easier: the path from the dam is short and never steep. '
      + 'On the Furka, snow can lie on the path until July.')],
    { input_tokens: 41, output_tokens: 38 },
  ),
  stream(
    ['First', ' flakes', ' in', ' the', ' pass', '\n', 1400, 'the', ' path', ' forgets', ' its', ' own',
      ' name', '\n', 'a', ' crow', ' writes', ' it', ' back'],
    { input_tokens: 16, output_tokens: 24 },
  ),
  message(
    [text('I look for huts first.'),
      use('toolu_01Hut', 'find_huts', { place: 'Andermatt', date: '2026-07-18', beds: 6 })],
    { input_tokens: 92, output_tokens: 71, ...wrote },
    'tool_use',
  ),
  message(
    [use('toolu_01Rot', 'get_forecast', { place: 'Rotondohütte', date: '2026-07-18' }),
      use('toolu_01Sid', 'get_forecast', { place: 'Sidelenhütte', date: '2026-07-18' })],
    { input_tokens: 187, output_tokens: 96, ...cached },
    'tool_use',
  ),
  message(
    [text('Take the Sidelenhütte: 12 beds are free, and it stays dry all day. The Rotondohütte '
      + 'has 9, but thunderstorms are expected after four.')],
    { input_tokens: 301, output_tokens: 44, ...cached },
  ),
  message(
    [text('A yellow sign marks a hiking trail without difficulties.')],
    { input_tokens: 118, output_tokens: 14 },
  ),
  refusal(529, 'overloaded_error', 'Overloaded'),
];
