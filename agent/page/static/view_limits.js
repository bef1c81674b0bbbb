// Limits: what IB allows, what is in use as far as it can be seen, and which rule was broken.

import { ago, capital, clock, counted, h, now, patch, standing } from "/dom.js";
import { someCards } from "/finder.js";
import { get } from "/live.js";
import { href } from "/parts.js";
import { relayCard } from "/relay_pictures.js";
import { shape } from "/shapes.js";

const EVERY = 2_000;
const SELDOM = 5;

export function show(root) {
  let left = false;
  let asking = false;
  let relayed = false;
  let turn = 0;
  let told = null;
  let toldAt = null; // When that was so.
  let fault = "";
  const seeking = { sought: "", all: false };
  const drawn = () => { if (told && !left) patch(root, draw(told, seeking, drawn, fault && !standing() ? unread(fault, toldAt) : null)); };
  async function ask() {
    if (asking) return;
    asking = true;
    try {
      told = await get("limits");
      [toldAt, fault] = [Date.now(), ""];
      relayed = told.relays.length > 0;
    } catch (refused) {
      fault = refused.message;
      if (!left && !told) patch(root, h("h1", {}, "Limits"), h("p.note", { "data-kind": "error" }, fault));
    } finally {
      drawn();
      asking = false;
    }
  }
  // What relays count changes without anything else that the page is told; without one, one may be started.
  const askingAgain = setInterval(() => {
    turn += 1;
    if (!document.hidden && !standing() && (relayed || turn % SELDOM === 0)) ask();
  }, EVERY);
  // Nothing is asked of an agent that does not answer: what was told is drawn as what it was then.
  return { update(_view, counts) { if ((counts || standing()) && told) drawn(); else ask(); }, leave() { left = true; clearInterval(askingAgain); } };
}

const unread = (fault, at) => h("p.note", { "data-kind": "error", role: "alert", "data-key": "fault" }, `${fault} What you see is from ${clock(at)}.`);

function draw({ connections, relays }, seeking, again, fault) {
  const rules = connections[0]?.rules ?? [];
  return [
    h("h1", {}, "Limits"),
    h("p.lead", {}, "What Interactive Brokers allows, and what is in use as far as another program can see it."),
    fault,
    relays.length ? h("div.cards.relays", { "data-key": "relays" }, relays.map(relayCard)) : noRelay(),
    someCards(connections, (one) => one.connection, connectionCard, seeking, MOST_USED, again),
    rules.length ? h("section.rules", {}, h("h2", {}, "What IB allows besides"),
      h("p.soft", {}, relays.length ? "Of these, a relay counts what goes through it; the rest cannot be seen by another program." : "How much of these is in use cannot be seen by another program."),
      h("ul.rule-list", {}, rules.map((rule) =>
        h("li", {}, h("span", {}, capital(rule.what)), h("strong", {}, rule.allowed), rule.note ? h("span.small", {}, rule.note) : null)))) : null,
  ];
}

const MOST_USED = {
  by: (one, other) => other.notices.length - one.notices.length || (other.clients.in_use ?? 0) - (one.clients.in_use ?? 0),
  words: "those with notices or most clients",
};

const connectionCard = (one) => h("article.card", { "data-key": one.connection, "aria-label": one.connection },
  h("h2", {}, one.connection),
  h("div.gauges", {}, clients(one.clients), messages(one.messages)),
  notices(one));

/** How to see what every program uses. */
function noRelay() {
  return h("details.card.no-relay", { "data-key": "no relay" }, h("summary", {}, "See what each program uses"),
    h("p", {}, "TWS tells no program how much of a limit is in use. Gatelight’s relay stands between programs and TWS, passes everything on untouched, and counts: market data lines, historical requests, messages a second, each with the program that uses it, before TWS refuses anything."),
    h("p", {}, "Gatelight starts it, and lets it go on when Gatelight itself ends. Your programs connect to its port then; to go back, give them the port of TWS again."),
    h("p", {}, h("a.button", { href: href("settings", "new-relay", "name") }, "Set up a relay")));
}

function clients({ allowed, in_use, ours, left, others, unknown }) {
  return h("section.gauge", {}, h("h3", {}, "API clients"),
    in_use === undefined
      ? h("p.soft", {}, `Not known: ${unknown}.`)
      : [h("p", {}, h("span.big.number", {}, String(in_use)), ` of ${allowed}`),
         meter(in_use, allowed, `${in_use} of ${allowed} API clients`),
         h("p.small", {}, `${ours ? `${ours} ${ours === 1 ? "is" : "are"} Gatelight’s own. ` : ""}${left} more ${left === 1 ? "fits" : "fit"}. ${others.length ? `Others: ${others.join("; ")}.` : ""}${unknown ? ` ${capital(unknown)}.` : ""}`)]);
}

function messages({ last_minute, allowed_per_second, rejects }) {
  return h("section.gauge", {}, h("h3", {}, "Gatelight’s own messages"),
    last_minute === undefined
      ? h("p.soft", {}, "Not counted yet: there was no session.")
      : [h("p", {}, h("span.big.number", {}, String(last_minute)), " in the last minute"),
         meter(last_minute, allowed_per_second * 60, `${counted(last_minute, "message")} of at least ${allowed_per_second * 60} a minute`)],
    h("p.small", {}, `At most ${allowed_per_second} a second from each client with the usual market data lines. `,
      rejects === undefined ? "" : rejects ? "What is too fast is rejected, as the application is set." : "What is too fast is slowed down."));
}

/** A bar with its words beside it. */
function meter(used, allowed, label) {
  const part = Math.min(1, used / allowed);
  const level = part >= 0.9 ? "high" : part >= 0.7 ? "raised" : "low";
  return h("svg.meter", { viewBox: "0 0 100 4", preserveAspectRatio: "none", role: "img", "aria-label": label, "data-level": level },
    h("rect.all", { width: 100, height: 4 }), h("rect.used", { width: Math.max(part * 100, used ? 1.5 : 0), height: 4 }));
}

function notices(one) {
  const heard = one.notices.map((notice) =>
    h("li", { "data-key": `${notice.code} ${notice.text}` }, shape(notice.safe ? "connected" : notice.is_limit ? "warning" : "info"),
      h("div", {}, h("h3", {}, `Notice ${notice.code}: ${notice.title}`),
        h("p", {}, h("strong", {}, "The rule: "), notice.rule),
        h("p", {}, h("strong", {}, "What to do: "), notice.what_to_do),
        safety(notice),
        h("p.small", {}, `“${notice.text}”, ${notice.count > 1 ? `${notice.count} times, the last ` : ""}${ago(notice.last)}`))));
  return h("section", {}, h("h3", {}, "Notices about limits in the last hour"),
    heard.length ? h("ul.problems", {}, heard) : h("p.soft", {}, one.unheard ? `Not known: ${one.unheard}.` : `None${sinceLessThanAnHour(one)}.`));
}

/** A session hears only what comes while it stands. */
function sinceLessThanAnHour({ heard_since: since }) {
  return since && now() - new Date(since) < 3_600_000 ? ` since ${clock(since)}, when this session began` : "";
}

function safety({ safe, safe_at, fresh_at }) {
  if (safe === undefined) return null;
  const fresh = fresh_at && new Date(fresh_at) > now() ? `; the whole allowance is there again at ${clock(fresh_at)}` : "";
  return h("p", {}, h("strong", {}, "Safe to go on: "), (safe ? "now" : `at ${clock(safe_at)}`) + fresh + ".");
}
