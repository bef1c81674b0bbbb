// The line to the agent: the live view, and what is asked of it. Notices when nobody answers, and finds back by itself.

const SILENCE = 40_000; // The agent gives a sign of life every 15 seconds.
const AGAIN = 2_000;
const token = document.querySelector("meta[name=gatelight-token]").content;

/** Calls `onView` with every new view, and `onGone` with why when there is none ("" when it is back). */
export function listen(onView, onGone) {
  let source = null;
  let watch = 0;
  let later = 0;

  const heard = () => {
    clearTimeout(watch);
    watch = setTimeout(() => again("Gatelight does not answer"), SILENCE);
  };
  const again = (why, wait = AGAIN) => {
    source?.close();
    clearTimeout(watch);
    clearTimeout(later);
    onGone(why);
    later = setTimeout(open, wait);
  };
  const refused = async () => {
    try {
      const answer = await fetch("/events", { headers: { Accept: "application/json" } });
      if (answer.ok) {
        await answer.body.cancel();
        return again("Gatelight does not answer", 250);
      }
      const said = await answer.json();
      // A session that is not known any more does not come back: only the opener can help.
      again(answer.status === 403 ? "Gatelight has been started anew: open this page again from its icon" : said.error, 10_000);
    } catch {
      again("Gatelight does not answer");
    }
  };
  const open = () => {
    source?.close();
    source = new EventSource("/events");
    heard();
    source.onmessage = (event) => {
      heard();
      onGone("");
      onView(JSON.parse(event.data));
    };
    source.addEventListener("beat", heard);
    source.onerror = () => {
      onGone("Gatelight does not answer");
      // Where the browser has given up, somebody said no: find out who and why.
      if (source.readyState === EventSource.CLOSED) refused();
    };
  };
  open();
}

/** Ask for something that changes nothing. */
export const get = (path, query = {}) => call(`/api/${path}?${new URLSearchParams(query)}`, {});

/** Ask for something to be done. */
export const post = (path, body = {}) =>
  call(`/api/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Gatelight-Token": token },
    body: JSON.stringify(body),
  });

async function call(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("Gatelight does not answer: is it still running?");
  }
  const said = await answer.json().catch(() => ({ error: "Gatelight answered something that cannot be read." }));
  if (!answer.ok) throw Object.assign(new Error(said.error), { said, status: answer.status });
  return said;
}
