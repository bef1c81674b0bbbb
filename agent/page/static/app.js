// The page: header, menu, the view that is chosen, and what all views need.

import { away } from "/away.js";
import { clock, h, patch, standStill, takeCounting } from "/dom.js";
import { listen, post, tellLooks } from "/live.js";
import { href, menu } from "/parts.js";
import { doubt, shape, tabIcon } from "/shapes.js";
import { tabs } from "/tabs.js";
import { NotLoaded, VIEWS, keep, loadTheRest } from "/views.js";

const at = (id) => document.getElementById(id);
let main = at("main");
const HOUR = 3600;
const REFRESH = 15; // Seconds.

let view = null; // What the agent said last.
let lastKnown = null; // The same, while the agent does not answer.
let heardAt = null; // When it last gave a sign of life: until then the view was so.
let gone = "";
let chosen = null; // {name, rest, shown, missing}; missing: what would load it, and has not.
let rest = false; // Whether the other views are here, or on their way.

const page = {
  get view() { return lastKnown ?? view; },
  /** Go to a view: `go("problem", "Paper Gateway", "api-disabled")`. */
  go: (...parts) => { location.hash = href(...parts).slice(1); },
  /** Ask for something and say what came of it; answers what was said, or null. */
  async act(doing, done = "") {
    try {
      const said = await doing();
      if (done) page.toast(typeof done === "function" ? done(said) : done);
      return said;
    } catch (fault) {
      page.toast(fault.message, "error");
      return null;
    }
  },
  toast(text, kind = "") {
    const made = h("p.toast", { "data-kind": kind }, text, h("button.quiet", { type: "button", "data-here": true, "aria-label": "Close this message", onclick: () => made.remove() }, "✕"));
    at("toasts").append(made);
    setTimeout(() => made.remove(), kind === "error" ? 20_000 : 6_000);
  },
  announce(text) { at("announcer").textContent = text; },
  command: (command, more = {}) => post("do", { command, ...more }),
};

// ── header and menu ──

const resumed = (answer) => (answer.quiet_hours ? "Notices are on again as soon as the quiet hours are over." : "Notices are on again.");

function header() {
  const overall = gone ? "unknown" : view?.overall ?? "unknown";
  const words = gone ? "not known" : view?.summary;
  const paused = view?.paused_until;
  return [
    h("a.brand", { href: href("now"), "aria-label": `Gatelight: ${words ?? "no view yet"}` },
      shape(overall, "small"), h("span.name", {}, "Gatelight")),
    view || gone ? h("p.overall", { "data-state": overall }, words) : null,
    view ? h("div.tools", {},
      h("button.quiet", { type: "button", "data-key": "look", onclick: () => page.act(() => page.command("look"), "Checking again.") }, "Check now"),
      paused
        ? h("button.quiet", { type: "button", "data-key": "resume", onclick: () => page.act(() => page.command("resume"), resumed) },
            paused === "resume" ? "Resume notices" : `Resume notices (paused until ${clock(paused)})`)
        : menu("Pause notices", [["For 1 hour", HOUR], ["For 1 day", 24 * HOUR], ["Until I resume", null]].map(([label, seconds]) =>
            [label, () => page.act(() => page.command("pause", { seconds }), "Notices are paused.")]))) : null,
  ];
}

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.menu[open]")) if (!open.contains(event.target)) open.open = false;
});

function frame() {
  patch(at("bar"), header());
  tabs(VIEWS, chosen?.name, gone ? null : view);
  patch(at("stale"), gone ? away(gone, view?.start, heardAt) : null);
  document.body.classList.toggle("is-stale", Boolean(gone));
  const title = VIEWS.find((one) => one.name === chosen?.name)?.title ?? "";
  document.title = `${gone ? "not known" : view?.words ?? "…"} · ${title} · Gatelight`;
  const icon = gone ? "unknown" : view?.overall ?? "unknown";
  const link = document.querySelector("link[rel=icon]");
  if (link.dataset.state !== icon) {
    link.dataset.state = icon;
    link.href = tabIcon(icon);
  }
}

// ── the view that is chosen ──

/** The parts of the address; one that was typed may be written in no way at all. */
const asked = () => location.hash.replace(/^#\/?/, "").split("/").map((part) => {
  try { return decodeURIComponent(part); } catch { return part; }
});

async function route() {
  const parts = asked();
  const one = VIEWS.find((known) => known.name === parts[0]) ?? VIEWS[0];
  const first = chosen === null;
  if (chosen && chosen.name === one.name && chosen.rest.join("/") === parts.slice(1).join("/")) return;
  chosen?.shown?.leave?.();
  // A view has a place of its own: what comes for it after it was left is drawn nowhere.
  const place = main.cloneNode(false);
  place.dataset.view = one.name;
  at("main").replaceWith(place);
  main = place;
  const mine = chosen = { name: one.name, rest: parts.slice(1), shown: null, missing: null };
  frame();
  patch(main, h("p.empty", {}, "…"));
  if ((await bring(mine)) && !first) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

/** Load a view and show it; answers whether it is still the one that is chosen. */
async function bring(mine) {
  const one = VIEWS.find(({ name }) => name === mine.name);
  mine.missing = null;
  try {
    const { show } = await one.load();
    if (chosen !== mine) return false;
    main.replaceChildren();
    mine.shown = show(main, page, mine.rest) ?? {};
    if (view) mine.shown.update?.(page.view);
  } catch (fault) {
    if (chosen !== mine) return false;
    cannot(mine, one, fault);
  }
  return true;
}

/** Say why a view is not shown; what was not loaded is loaded as soon as the agent tells something, or by a click. */
function cannot(mine, one, fault) {
  console.error(fault);
  mine.shown?.leave?.();
  const tried = mine.tried ?? 0;
  const again = () => (tried > 1 ? location.reload() : bringAgain());
  Object.assign(mine, { shown: null, missing: fault instanceof NotLoaded, tried: tried + 1 });
  patch(main, h("h1", {}, one.title), !mine.missing
    ? h("p.note", { "data-kind": "error" }, "This view cannot be shown: open this page again from Gatelight’s icon.")
    : fault.away
      ? h("p.note", {}, "This view was not loaded before Gatelight went away. It comes when Gatelight answers again.")
      : [h("p.note", { "data-kind": "error" }, "This view could not be loaded. If it does not come, open this page again from Gatelight’s icon."),
         h("div.buttons", {}, h("button.primary", { type: "button", onclick: again }, "Try again"))]);
}

async function bringAgain() {
  const [mine, focused] = [chosen, main.contains(document.activeElement)];
  if (!mine?.missing) return;
  if ((await bring(mine)) && focused) main.focus({ preventScroll: true });
}

const MOST_LISTED = 5; // Of a group that is folded (MOST_LISTED_ILL in agent/core/shown/groups.py).
let said = null; // The headlines that were told last, by connection.

/** What was told last, by an agent that does not answer now: each connection is as it was then, and not known now. */
function asLastKnown(told) {
  const unknown = ({ title }) => ({ state: "unknown", title, words: "not known now" });
  const groups = told.groups?.map((one) => ({ ...one, overall: "unknown", words: "not known now", crowded: one.connections.length > MOST_LISTED }));
  const connections = told.connections.map((one) => ({
    ...one,
    overall: "unknown",
    headline: "not known now",
    last_known: `At ${clock(heardAt)}: ${one.headline}`,
    phase: "unknown",
    server_link: "unknown",
    latency_s: undefined,
    programs: undefined,
    path: Object.fromEntries(Object.entries(one.path).map(([part, its]) => [part, unknown(its)])),
  }));
  return { ...told, overall: "unknown", words: "not known now", connections, groups };
}

/** Buttons that were drawn before: none of them asks anything of an agent that does not answer. */
function holdButtons() {
  if (gone) for (const one of main.querySelectorAll("button:not([data-here]):enabled")) Object.assign(one, { disabled: true }).dataset.held = "";
  else for (const one of main.querySelectorAll("button[data-held]")) { one.disabled = false; delete one.dataset.held; }
}

/** `counts`: only a second has passed, for which a view that asks the agent at each word of it does not ask. */
function refresh(counts = false) {
  try {
    if (view) chosen?.shown?.update?.(page.view, counts);
  } catch (fault) {
    // A fault of ours in a view is none of the line to the agent.
    cannot(chosen, VIEWS.find(({ name }) => name === chosen.name), fault);
  }
}

function take(fresh) {
  // Idle or not, within a second: a tab in the background has no idle moments.
  const others = async () => { rest = await loadTheRest(); };
  if (!rest) (window.requestIdleCallback ?? setTimeout)(others, window.requestIdleCallback ? { timeout: 1_000 } : 500);
  rest = true;
  view = fresh;
  heardAt = Date.now();
  frame();
  refresh();
  bringAgain();
  const news = view.connections.filter((one) => said && said.get(one.name) !== one.headline);
  if (news.length) page.announce(news.map((one) => `${one.name}: ${one.headline}`).join(". "));
  said = new Map(view.connections.map((one) => [one.name, one.headline]));
}

at("skip").onclick = () => main.focus();
addEventListener("hashchange", route);
route();
tellLooks();
listen(take, (why) => {
  if (why === gone) return;
  gone = why;
  keep(Boolean(gone));
  doubt(Boolean(gone));
  standStill(gone ? heardAt : null);
  lastKnown = gone && view ? asLastKnown(view) : null;
  frame();
  if (gone) refresh();
  holdButtons();
}, () => { heardAt = Date.now(); });
// "3 minutes ago" grows while nothing else changes, and "12 s ago" every second; all is right as soon as it is seen again.
let untold = 0; // Seconds since all was drawn anew.
setInterval(() => {
  const counts = ++untold < REFRESH;
  if (document.hidden || (counts && !takeCounting())) return;
  if (!counts) untold = 0;
  refresh(counts);
}, 1_000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
