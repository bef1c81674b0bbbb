// The line to the agent: the live view, and what is asked of it. Notices when nobody answers, and finds back by itself.

import { headlineOf } from "/away.js";
import { standing } from "/dom.js";
import { NotKnown, ask, follow, hasKey, leave, remember } from "/key.js";

const SILENCE = 40_000; // The agent gives a sign of life every 15 seconds.
const AT_ONCE = 200;
const AGAIN = 1_000;
const FRESH = 60_000; // Who was heard so shortly ago and is not there now has ended. Of a tab that stood still that says nothing.
const KEPT = 12 * 3600_000; // A new start looks for a page that was left so long ago (MEMORY_SECONDS in agent/app/page_host.py).
const [SILENT, ENDED, LOST, FULL] = ["silent", "ended", "lost", "full"];

/** Calls `onView` with every new view, `onGone` with why when there is none, and `onBeat` when the view is still the same.
 * Why: one of the reasons of away.js, or "" when it is back. */
export function listen(onView, onGone, onBeat) {
  let seen = false;
  let heardAt = 0;
  let end = ""; // What the agent said at its end, or what is concluded.

  /** No program listens on its port. */
  function unheard() {
    const silence = Date.now() - heardAt;
    if (!end && seen && silence < FRESH) end = ENDED;
    return silence < KEPT ? end || SILENT : SILENT;
  }

  /** Read one stream to its end. */
  async function read(stop) {
    let answer;
    try {
      answer = await ask("/events", { signal: stop.signal });
    } catch (fault) {
      if (fault instanceof NotKnown) throw fault;
      return unheard();
    }
    end = "";
    if (!answer.ok) return answer.status === 503 ? FULL : SILENT;
    let watch = 0;
    const heard = () => {
      heardAt = Date.now();
      clearTimeout(watch);
      watch = setTimeout(() => stop.abort(), SILENCE);
    };
    try {
      heard();
      for await (const { event, data } of events(answer.body)) {
        heard();
        if (event === "wait") remember(data);
        if (event === "beat" && seen) onBeat();
        if (event === "end") end = data;
        if (event !== "message") continue;
        seen = true;
        onGone("");
        onView(JSON.parse(data));
      }
    } finally {
      clearTimeout(watch);
    }
    return end || SILENT;
  }

  async function line() {
    for (;;) {
      const stop = new AbortController();
      const before = heardAt;
      let [why, wait] = [SILENT, AGAIN];
      try {
        why = await read(stop);
      } catch (fault) {
        if (fault instanceof NotKnown) {
          // Of a Gatelight that was started since, or of nobody who matters.
          if (await follow().catch(() => false)) return;
          if (!seen) return leave();
          [why, wait] = [LOST, 10_000];
        }
      }
      if (heardAt !== before) wait = AT_ONCE;
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
    throw new Error(fault instanceof NotKnown ? `${headlineOf(LOST)}.` : `${headlineOf(SILENT)}: is it still running?`);
  }
  const said = await answer.json().catch(() => ({ error: "Gatelight answered something that cannot be read." }));
  if (!answer.ok) throw Object.assign(new Error(said.error), { said, status: answer.status });
  return said;
}

const LOOKS = 20_000; // How often it is told that the user is here.

/** Some telephones are told only of what was not seen. The user has seen what is shown once something is moved, typed or
 * clicked here: a user who has locked the screen has not seen the page that was left open. */
export function tellLooks() {
  let next = 0;
  const looked = () => {
    if (document.visibilityState !== "visible" || standing() || Date.now() < next) return;
    next = Date.now() + LOOKS;
    post("looked").catch(() => { next = Date.now() + AGAIN; });
  };
  for (const kind of ["pointermove", "pointerdown", "keydown", "wheel"]) addEventListener(kind, looked, { passive: true });
}
