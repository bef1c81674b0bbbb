// What is said while the agent does not answer: why, of when the page is, and how to go on.

import { clock, h } from "/dom.js";

const GOES_ON = "This page goes on by itself then.";

/** Each reason that live.js gives: a headline, and what to do. */
const SAID = {
  silent: ["Gatelight does not answer", (start) => ["If it is not running, start it with ", command(start), `. ${GOES_ON}`]],
  ended: ["Gatelight is not running", (start) => [
    "To start it again, use ", command(start), `. ${start?.at_login ? "It also starts when you log in to this computer. " : ""}${GOES_ON}`]],
  off: ["This page is switched off", () => "Gatelight goes on without it, as the settings now want it."],
  full: ["Too many Gatelight pages are open", () => "Close one of them. This page goes on by itself then."],
  lost: ["This page has lost Gatelight", () => ["To see how things are, open this page again from its icon, or with ", h("code", {}, "gatelight"), "."]],
};

const command = (start) => h("code", {}, start?.command ?? "gatelight run");

/** The headline alone. */
export const headlineOf = (why) => SAID[why][0];

/** `start`: how the agent is started, as it said; `heardAt`: when it last gave a sign of life. */
export function away(why, start, heardAt) {
  const [headline, how] = SAID[why];
  return [
    h("p.headline", {}, headline),
    heardAt ? h("p", {}, `What you see is from ${clock(heardAt)}; how things are now is not known.`) : null,
    h("p", {}, how(start))];
}
