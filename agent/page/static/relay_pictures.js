// What a relay counts, as pictures: market data lines, historical requests, messages a second; each with what to do.

import { took } from "/card.js";
import { ago, clock, counted, h, lasting, now } from "/dom.js";
import { shape } from "/shapes.js";

const NEAR = 0.9; // NEAR in agent/tws/limits.py.
const SHADES = 6; // Of the parts of a bar, in page_limits.css.
const AT_FIRST = 8; // Programs whose messages are drawn; the table has all.
const REFUSALS_AT_FIRST = 3;
const RATE_HIGH = 20;

/** The card of the relays to one application, or of one that does not tell. */
export function relayCard(one) {
  if (one.unknown) {
    const [title, they] = one.name ? [`Relay “${one.name}”`, "it counts"] : ["Relays", "they count"];
    return h("article.card", { "data-key": `relay ${one.name}`, "aria-label": title.replace(/[“”]/g, "") }, h("h2", {}, title),
      h("p.soft", {}, `What ${they} is not known: ${one.unknown}.`));
  }
  const { relays } = one;
  const alone = relays.length === 1;
  const title = `${alone ? "Relay" : "Relays"} ${listed(relays.map((relay) => `“${relay.name}”`))}`;
  const ports = listed(relays.map((relay) => String(relay.port)));
  return h("article.card.relay", { "data-key": `relay ${relays.map((relay) => relay.port).join(" ")}`, "aria-label": title.replace(/[“”]/g, "") },
    h("header.uptime", {}, h("h2", {}, title),
      h("p.small", {}, `${alone ? `Port ${ports} leads` : `Ports ${ports} lead`} to ${one.to}${alone ? "" : ", whose limits they share"}. Counted ${ago(one.as_of)}.`),
      h("p.small", {}, past(one))),
    refusals(one), lines(one), history(one), rates(one), clients(one), answers(one));
}

const listed = (names) => (names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0]);

/** What uses the same limits and is not counted. */
function past({ past: names, looked, beside }) {
  const relays = beside ? `${beside} ` : "";
  if (names?.length) return `${relays}Not counted: ${listed(names)}, not through a relay; and TWS itself.`;
  return relays + (names ? `No other program was seen to use TWS without a relay ${ago(looked)}. TWS itself is not counted.` : "Programs that use TWS without a relay, and TWS itself, are not counted.");
}

const level = (used, of) => (used >= of ? "full" : used >= of * NEAR ? "near" : "well");
const section = (key, title, ...parts) => h("section.pictured", { "data-key": key }, h("h3", {}, title), parts);

/** What to do, with a sign where it matters. */
const toDo = (text, how) => h("p.to-do", {}, how === "well" ? null : shape(how === "full" ? "problem" : "warning"), h("span", {}, text));

/** The numbers of a picture as a table. */
function behind(caption, heads, rows) {
  return h("details.behind", { "data-key": caption }, h("summary", {}, `${caption}, as a table`),
    h("table.told", {}, h("caption.unseen", {}, caption),
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, n) => h(n ? "td" : "th", { scope: n ? null : "row", "data-head": heads[n] }, cell)))))));
}

// ── market data lines ──

/** A number, with what may come to it. */
const number = ({ used, in_doubt, of }) => h("p", {}, h("span.big.number", {}, String(used)), ` of ${of}${in_doubt ? `, and up to ${in_doubt} more` : ""}`);

/** A program by name, with its relay where there are several. */
const named = (one) => (one.relay ? `${one.name} through “${one.relay}”` : one.name);

function lines({ lines: told, programs }) {
  const { used, of, to_do } = told;
  const holders = programs.filter((one) => one.lines || one.lines_in_doubt);
  const whole = Math.max(used, of, 1);
  let at = 0;
  return section("lines", "Market data lines",
    number(told),
    h("svg.parts", { viewBox: `0 0 ${whole} 10`, preserveAspectRatio: "none", role: "img", "aria-label": `${used} of ${of} market data lines: ${holders.length ? holders.map((one) => `${named(one)} ${one.lines}`).join(", ") : "none"}` },
      h("rect.all", { width: whole, height: 10 }),
      holders.map((one, n) => {
        at += one.lines;
        return h("g", { "data-shade": n % SHADES }, h("title", {}, `${named(one)}: ${one.lines}`), h("rect", { x: at - one.lines, width: one.lines, height: 10 }),
          at < whole ? h("line", { x1: at, x2: at, y1: 0, y2: 10 }) : null);
      })),
    toDo(to_do, level(used, of)),
    holders.length ? h("ul.holders", {}, holders.map((one, n) => h("li", {},
      h("svg.swatch", { viewBox: "0 0 10 10", "aria-hidden": "true", "data-shade": n % SHADES }, h("rect", { width: 10, height: 10 })),
      h("span", {}, `${named(one)}: `, h("strong", {}, String(one.lines)), ` (${one.kinds.join(", ")}${one.lines_in_doubt ? `; up to ${one.lines_in_doubt} more may be in use` : ""})`)))) : null,
    holders.length ? behind("Market data by program", ["Program", "Lines", "Open", "Instruments"],
      holders.map((one) => [named(one), String(one.lines), one.kinds.join(", "), one.instruments.join("; ") + (one.left_out ? ` and ${one.left_out} more` : "")])) : null);
}

// ── historical requests ──

const waiting = (time) => (new Date(time) - now()) / 1000;

/** "now", "in 12 seconds", or with the time where it is longer. */
function from(time) {
  const seconds = waiting(time);
  return seconds <= 0 ? "now" : seconds < 120 ? `in ${lasting(Math.max(1, seconds))}` : `at ${clock(time)}, in ${lasting(seconds)}`;
}

function history({ history: told, programs, step }) {
  const { used, of, curve, to_do, left } = told;
  const senders = programs.filter((one) => one.history);
  const rows = [...senders.map((one) => [named(one), String(one.history)]), ...(left ? [["Programs that have left", String(left)]] : [])];
  return section("history", "Historical requests in ten minutes",
    number(told),
    filling(curve, of, step, `${used} of ${of} historical requests in ten minutes; one more is safe ${from(told.safe_at)}`),
    h("p", {}, h("strong", {}, "The next is safe "), `${from(told.safe_at)}.`),
    toDo(to_do, level(used, of)),
    h("ul.plain.small", {},
      h("li", {}, "The dashed line across is what IB allows, the dotted one how the count runs out if nothing more is asked for."),
      h("li", {}, `For one contract within two seconds: ${told.contract} of ${told.contract_of}${waiting(told.contract_safe_at) > 0 ? `; one more ${from(told.contract_safe_at)}` : ""}.`),
      h("li", {}, told.identical && waiting(told.identical_safe_at) > 0 ? `Requests that must not be sent again yet: ${told.identical}, the last of them until ${from(told.identical_safe_at).replace(/^in /, "")} from now.` : "No request was sent that must not be sent again yet.")),
    rows.length ? behind("Historical requests by program", ["Program", "In the last ten minutes"], rows) : null,
    behind("Minute by minute", ["When", "Historical requests counted"], minutes(curve, step)));
}

/** The window as it filled, and as it empties if nothing more is asked for. */
function filling(curve, of, step, label) {
  const most = Math.max(of, ...curve) * 1.08;
  const y = (value) => (40 - (value / most) * 40).toFixed(2);
  const half = (curve.length - 1) / 2;
  const line = (values, at) => values.map((value, n) => `${n ? "L" : "M"}${at + n} ${y(value)}`).join("");
  const past = line(curve.slice(0, half + 1), 0);
  return h("div.plot", {},
    h("svg", { viewBox: `0 0 ${curve.length - 1} 40`, preserveAspectRatio: "none", role: "img", "aria-label": label },
      h("path.under", { d: `${past}V40H0Z` }), h("path.was", { d: past }), h("path.will", { d: line(curve.slice(half), half) }),
      h("line.limit", { x1: 0, x2: curve.length - 1, y1: y(of), y2: y(of) }), h("line.now", { x1: half, x2: half, y1: 0, y2: 40 })),
    h("p.axis", { "aria-hidden": "true" }, h("span", {}, `${lasting(half * step)} ago`), h("span", {}, "now"), h("span", {}, `in ${lasting(half * step)}`)));
}

function minutes(curve, step) {
  const half = (curve.length - 1) / 2;
  const every = Math.max(1, Math.round(60 / step));
  const rows = [];
  // Whole minutes, since the middle is now.
  for (let n = half % every; n < curve.length; n += every) {
    const away = (n - half) * step;
    const far = `${Math.abs(away) / 60} min`;
    rows.push([away ? (away < 0 ? `${far} ago` : `In ${far}`) : "Now", String(curve[n])]);
  }
  return rows;
}

// ── messages a second ──

function rates({ programs, rate_to_do, step }) {
  const known = programs.filter((one) => !one.uncounted).sort((a, b) => b.most - a.most);
  const high = known.reduce((worst, one) => (level(one.most, one.rate_allowed) === "well" ? worst : "near"), "well");
  return section("rates", "Messages a second, in the last ten minutes", toDo(rate_to_do, high),
    known.slice(0, AT_FIRST).map((one) => h("div.rate", {},
      h("p", {}, named(one), h("span.soft", {}, `: ${one.rate} now, ${one.most} at most, ${one.rate_allowed} allowed`)),
      h("svg", { viewBox: `0 0 60 ${RATE_HIGH}`, preserveAspectRatio: "none", role: "img", "aria-label": `${named(one)}: ${counted(one.most, "message")} in its busiest second of the last ten minutes, ${one.rate_allowed} allowed` },
        one.peaks.map((peak, n) => {
          const tall = Math.min(RATE_HIGH, (peak / one.rate_allowed) * (RATE_HIGH - 3));
          const away = (one.peaks.length - 1 - n) * step;
          return peak ? h("g", { "data-level": level(peak, one.rate_allowed) }, h("title", {}, `${peak} in one second${away ? `, ${lasting(away)} ago` : ""}`),
            h("rect", { x: 60 - one.peaks.length + n + 0.1, width: 0.8, y: RATE_HIGH - tall, height: tall })) : null;
        }),
        h("line.limit", { x1: 0, x2: 60, y1: 3, y2: 3 })))),
    known.length ? h("p.axis", { "aria-hidden": "true" }, h("span", {}, "10 minutes ago"), h("span", {}, "now")) : null,
    known.length ? h("p.small", {}, "Each bar is the busiest second of ten; the dashed line is what IB allows each program.") : null,
    programs.length ? behind("Messages a second by program", ["Program", "Now", "Busiest second of ten minutes", "Allowed", "Orders"],
      [...known, ...programs.filter((one) => one.uncounted)].map((one) => (one.uncounted ? [named(one), `Not counted: ${one.uncounted}`, "–", "–", "–"] : [named(one), String(one.rate), String(one.most), String(one.rate_allowed), String(one.orders)]))) : null,
    programs.some((one) => one.uncounted) ? h("ul.plain.small", {}, programs.filter((one) => one.uncounted).map((one) => h("li", {}, `${named(one)} is not counted: ${one.uncounted}.`))) : null);
}

// ── the rest ──

function clients({ clients: used, clients_allowed: of, relays }) {
  return section("clients", relays.length > 1 ? "Clients through the relays" : "Clients through the relay", h("p", {}, h("span.big.number", {}, String(used)), ` of ${of}`),
    toDo(used < of ? `${of - used} more ${of - used === 1 ? "fits" : "fit"}, less those that use no relay.` : "No further program can connect: end one that is not needed.", level(used, of)));
}

function refusals({ refusals: found, refusals_to_do }) {
  if (!found.length) return null;
  const earlier = found.slice(REFUSALS_AT_FIRST);
  return section("refusals", "Refused by TWS in the last quarter of an hour", refusals_to_do ? toDo(refusals_to_do, "near") : null,
    h("ul.plain", {}, found.slice(0, REFUSALS_AT_FIRST).map((one) => h("li", {},
      h("strong", {}, one.program), one.request ? `: ${one.request}; ` : ": ", `too many ${one.limit} (notice ${one.code}), ${ago(one.at)}`))),
    earlier.length ? behind(`${earlier.length} earlier`, ["Program", "Asked for", "Too many", "Notice", "When"],
      earlier.map((one) => [one.program, one.request ?? "–", one.limit, String(one.code), ago(one.at)])) : null);
}

function answers({ answers: found, answers_to_do }) {
  if (!found.length) return null;
  const time = (seconds) => (seconds === undefined ? "–" : took(seconds * 1000));
  const slowest = found[0];
  return section("answers", "How fast TWS answers",
    answers_to_do ? toDo(answers_to_do, "near") : slowest.usual === undefined ? null
      : h("p", {}, `Slowest are the answers about ${slowest.kind} to ${slowest.program}: half of them in ${time(slowest.usual)}, the longest took ${time(slowest.longest)}.`),
    behind("Answers of TWS by program and kind", ["Program", "About", "Half of them in", "Longest", "Not answered yet"],
      found.map((one) => [one.program, one.kind, time(one.usual), time(one.longest), String(one.waiting)])));
}
