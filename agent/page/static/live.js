// The line to the agent: the live view, and what is asked of it. Notices when nobody answers, and finds back by itself.

import { NotKnown, ask, follow, hasKey, leave, remember } from "/key.js";

const SILENCE = 40_000; // The agent gives a sign of life every 15 seconds.
const AGAIN = 1_000;
const GONE = "Gatelight does not answer";
const ANEW = "Gatelight has been started anew: open this page again from its icon";

/** Calls `onView` with every new view, `onGone` with why when there is none ("" when it is back), and `onBeat` when the
 * view is still the same. */
export function listen(onView, onGone, onBeat) {
  let seen = false;

  /** Read one stream to its end. */
  async function read(stop) {
    const answer = await ask("/events", { signal: stop.signal });
    if (!answer.ok) return (await answer.json()).error;
    let watch = 0;
    const heard = () => {
      clearTimeout(watch);
      watch = setTimeout(() => stop.abort(), SILENCE);
    };
    try {
      heard();
      for await (const { event, data } of events(answer.body)) {
        heard();
        if (event === "wait") remember(data);
        if (event === "beat" && seen) onBeat();
        if (event !== "message") continue;
        seen = true;
        onGone("");
        onView(JSON.parse(data));
      }
    } finally {
      clearTimeout(watch);
    }
    return GONE;
  }

  async function line() {
    for (;;) {
      const stop = new AbortController();
      let [why, wait] = [GONE, AGAIN];
      try {
        why = await read(stop);
      } catch (fault) {
        if (fault instanceof NotKnown) {
          // Of a Gatelight that was started since, or of nobody who matters.
          if (await follow().catch(() => false)) return;
          if (!seen) return leave();
          [why, wait] = [ANEW, 10_000];
        }
      }
      stop.abort();
      onGone(why);
      await new Promise((resume) => setTimeout(resume, wait));
    }
  }

  if (hasKey) line();
}

/** The events of a stream, as they come. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trimStart()]));
      yield { event: fields.get("event") ?? "message", data: fields.get("data") ?? "" };
    }
  }
}

/** Ask for something that changes nothing. */
export const get = (path, query = {}) => call(`/api/${path}?${new URLSearchParams(query)}`, {});

/** Ask for something to be done. */
export const post = (path, body = {}) => call(`/api/${path}`, { method: "POST", body: JSON.stringify(body) });

async function call(path, options) {
  let answer;
  try {
    answer = await ask(path, options);
  } catch (fault) {
    throw new Error(fault instanceof NotKnown ? `${ANEW}.` : `${GONE}: is it still running?`);
  }
  const said = await answer.json().catch(() => ({ error: "Gatelight answered something that cannot be read." }));
  if (!answer.ok) throw Object.assign(new Error(said.error), { said, status: answer.status });
  return said;
}
