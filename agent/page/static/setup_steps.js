// The steps of the set-up: the current one open, the others a line each; and what can be done about them.

import { h } from "/dom.js";
import { chosenList, copyable, layouts, steps } from "/guide.js";
import { href } from "/parts.js";
import { shape } from "/shapes.js";

const SHAPES = { done: "connected", "to-do": "info", unknown: "unknown", "not-needed": "off", waiting: "waiting" };
/** The words for the states of a step. */
export const WORDS = { done: "Done", "to-do": "To do", unknown: "Not known", "not-needed": "Not needed", waiting: "Waits" };

/** One step: open where it is the current one, else a line that can be opened. */
export function step(one, index, current, told, on) {
  const before = told.setup.steps.filter((each) => !each.optional).findIndex((each) => each.id === one.waits_for);
  const skipped = told.setup.skipped.includes(one.id) && ["to-do", "unknown"].includes(one.state);
  const head = [
    shape(one.state === "to-do" && one.problem ? "warning" : SHAPES[one.state]),
    h("h3", { tabindex: current ? "-1" : null }, `${index + 1}. ${one.title}`),
    h("span.step-state", {}, before >= 0 ? `Waits for step ${before + 1}` : WORDS[one.state], skipped ? ", put off" : ""),
  ];
  const doing = buttons(one, told, on, current ? [checkNow(on), putOff(one, on)] : skipped ? [takeUp(on)] : []);
  // What Gatelight can do itself comes before what the user can do by hand.
  const more = one.acts.length ? [about(one), doing, how(one, told, on)] : [about(one), how(one, told, on), doing];
  return item(one, head, more, current);
}

/** One thing that is offered besides. */
export function extra(one, told, on) {
  const neutral = one.state === "to-do";
  const head = [
    shape(one.state === "done" ? SHAPES.done : "off"),
    h("h3", {}, one.title),
    h("span.step-state", {}, neutral ? "Not done" : one.state === "waiting" ? "Later" : WORDS[one.state]),
  ];
  return item(one, head, [about(one), how(one, told, on), one.id === "market-data" ? symbol(one, told, on) : buttons(one, told, on)], false);
}

function item(one, head, more, current) {
  const told = more.flat().filter(Boolean);
  return h("li", { "data-key": one.id, "data-state": one.state, "aria-current": current ? "step" : null },
    current || !told.length
      ? [h("div.step-head", { "data-key": "head" }, head), told]
      : h("details.line", { "data-key": "line" }, h("summary", {}, h("div.step-head", {}, head)), h("div.step-more", {}, told)));
}

function about(one) {
  return [
    one.text ? h("p", { "data-key": "text" }, one.text) : null,
    one.seen.length ? h("ul.seen", { "data-key": "seen" }, one.seen.map((line) => h("li", {}, line))) : null,
  ];
}

function how(one, told, on) {
  const list = one.lists.length ? chosenList(one.lists, told.kind) : null;
  return [
    one.typed ? h("dl.to-type", { "data-key": "typed" }, one.typed.map(({ label, value }) =>
      h("div", { "data-key": `${label} ${value}` }, h("dt", {}, label), h("dd", {}, copyable(value, on.page))))) : null,
    // The guide that tells how to install it has the same pages in its steps.
    one.links && one.problem !== "app-not-installed" ? h("div.buttons", { "data-key": "links" }, one.links.map((link) =>
      h("a.button", { href: link.address, target: "_blank", rel: "noreferrer noopener" }, link.label))) : null,
    list ? h("div.how", { "data-key": "how" },
      h("div.do-head", {}, layouts(one.lists, list, on.draw, `layout-${one.id}`)),
      steps(list.steps, [], on.page),
      one.problem ? h("p.small", {}, h("a", { href: href("problem", told.name, one.problem) }, "More about this")) : null) : null,
    one.typed ? h("p.small", { "data-key": "elsewhere" }, "From another computer, or from a container, use this computer’s address instead; TWS or IB Gateway then has to trust the address it comes from.") : null,
  ];
}

const button = (label, click, kind = "") => h(`button${kind}`, { type: "button", "data-key": label, onclick: click }, label);
const checkNow = (on) => button("Check now", () => on.act("look"), ".quiet");
const putOff = (one, on) => button("Later", () => on.act("skip", { step: one.id }), ".quiet");
const takeUp = (on) => button("Do it now", () => on.act("take-up"));

function buttons(one, told, on, more = []) {
  const made = [...one.acts.flatMap((wanted) => OFFERS[wanted]?.(one, told, on) ?? []), ...more];
  return made.length ? h("div.buttons", { "data-key": "buttons" }, made) : null;
}

function symbol(one, told, on) {
  if (!one.acts.length) return null;
  const typed = h("input", { type: "text", id: "symbol", spellcheck: "false", autocomplete: "off", placeholder: "AAPL", "aria-describedby": "symbol-hint" });
  typed.value = told.answers.symbol ?? "";
  const test = async (event) => {
    event.preventDefault();
    if (await on.act("answer", { step: "symbol", value: typed.value || "none" })) if (typed.value) on.act("test-data");
  };
  return h("div.symbol", { "data-key": "symbol", "data-same": `symbol ${told.answers.symbol}` },
    h("label", { for: "symbol" }, "Symbol"),
    h("form.typed", { onsubmit: test }, typed, h("button", { type: "submit" }, "Test it")),
    h("p.small", { id: "symbol-hint" }, told.symbol_question.hint));
}

const LOOKED = { program: "My program is connected", "read-only": "I have looked: it is not ticked" };

const OFFERS = {
  "send-notice": (_one, _told, on) => button("Send a test notice", () => on.act("send-notice")),
  "saw-notice": (_one, _told, on) => [button("I saw it", () => on.act("saw-notice", { value: true })), button("I did not see it", () => on.act("saw-notice", { value: false }))],
  "start-at-login": (_one, _told, on) => [button("Start at log-in", () => on.act("start-at-login", { value: true })), button("Leave it as it is", () => on.act("start-at-login", { value: false }))],
  "look-for-updates": (_one, _told, on) => [button("Look once a week", () => on.act("look-for-updates", { value: true })), button("Do not look", () => on.act("look-for-updates", { value: false }))],
  "use-port": (one, _told, on) => button(`Use port ${one.value}`, () => on.act("use-port", { value: Number(one.value) }, `Port ${one.value} is used; it is saved with the answers.`), ".primary"),
  "change-answers": (one, _told, on) => button("Change the answer", () => on.change(one.id === "mode" ? "trading_mode" : "application")),
  connect: (_one, told, on) => button(`Watch ${told.name}`, () => on.act("connect"), ".primary"),
  looked: (one, _told, on) => button(LOOKED[one.id], () => on.act("looked", { step: one.id })),
  write: (_one, told, on) => button("Save", () => on.act("write", { value: told.to_write }, "It is saved."), ".primary"),
};
