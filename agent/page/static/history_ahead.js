// The week that comes, of one connection: on the strip behind what was, and as a list.

import { capital, h, lasting } from "/dom.js";
import { between, epoch, stamp } from "/history_pictures.js";
import { FORMS, HIGH, WIDE } from "/strip.js";

/** The forms of what comes, and their words. */
export const COMING = {
  ahead: "expected outage, still to come",
  login: "IB ends all log-ins",
};
const AT_FIRST = 8; // Entries that are listed before the user asks for more.

const formOf = (one) => (one.kind === "log-in" ? "login" : "ahead");
/** The forms that occur. */
export const formsAhead = (told) => Object.keys(COMING).filter((form) => told.connections.some((one) => one.ahead?.coming.some((coming) => formOf(coming) === form)));

/** Epoch seconds up to which the pictures go: of today alone, tomorrow is enough. */
export function endOf(told, days) {
  const until = epoch(told.until);
  if (!told.connections.some((one) => one.ahead)) return until;
  if (days > 1) return epoch(told.ahead_until);
  const tomorrow = new Date(until * 1000);
  tomorrow.setHours(0, 0, 0, 0);
  return tomorrow.setDate(tomorrow.getDate() + 2) / 1000;
}

/** What comes as parts of a strip whose columns hold `wide` seconds each, behind the `past` ones, and the line between. */
export function drawnAhead(one, { since, until, end }, past, wide) {
  const column = (at) => Math.max(past, Math.floor((at - since) / wide));
  const drawn = one.ahead.coming.filter((coming) => epoch(coming.begins) < end).map((coming) => {
    const [form, from] = [formOf(coming), column(epoch(coming.begins))];
    const to = form === "login" || !coming.ends ? from + 1 : Math.max(from, column(Math.min(end, epoch(coming.ends)) - 1)) + 1;
    return h("g", { "data-was": form }, h("title", {}, `${timesOf(coming)}: ${coming.title}`),
      h("rect.room", { x: from * WIDE, y: 0, width: (to - from) * WIDE, height: HIGH }), h("path", { d: FORMS[form](from * WIDE, to - from) }));
  });
  return [drawn, h("line.now", { x1: past * WIDE, x2: past * WIDE, y1: 0, y2: HIGH }, h("title", {}, `Now: ${stamp(until)}`))];
}

const timesOf = ({ begins, ends }) => (ends ? between(epoch(begins), epoch(ends)) : stamp(epoch(begins)));

/** The list, and how it is known. */
export function comingList(one, told, view, table) {
  const { ahead } = one;
  if (!ahead) return null;
  const key = `coming of ${one.name}`;
  const now = epoch(told.until);
  const listed = view.opened.has(key) ? ahead.coming : ahead.coming.slice(0, AT_FIRST);
  const asOf = ahead.as_of ? h("p.small", {}, `As last known on ${stamp(epoch(ahead.as_of))}.`) : null;
  return h("section", { "data-key": "coming" }, h("h3", {}, "What comes"), asOf,
    table(`What comes for ${one.name}`, ["When", "In", "What"],
      listed.map((coming) => [timesOf(coming), epoch(coming.begins) <= now ? "now" : lasting(epoch(coming.begins) - now), capital(coming.title)])),
    listed.length < ahead.coming.length ? h("button.quiet", { type: "button", "data-here": true, "data-key": "more", onclick: () => view.whole(key) }, `Show all ${ahead.coming.length}`) : null,
    h("div.known", {}, ahead.notes.map((note) => h("p.small", {}, note))));
}
