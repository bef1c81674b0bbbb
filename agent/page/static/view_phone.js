// Phone and mail: where the user is told who is away from this computer. Each service is tested before it is saved.

import { confirm } from "/dialog.js";
import { clock, h, inline, patch, standing } from "/dom.js";
import { get, post } from "/live.js";
import { href } from "/parts.js";
import { outcome, phoneForm } from "/phone_form.js";

const AGAIN = 2_000; // Milliseconds between two readings, however often the view changes.

export function show(root, page) {
  let left = false;
  let told = null;
  let readAt = 0;
  let readings = 0;
  let tried = null; // {name, said, taken}: the last test of a target in the list.
  const head = h("div", {});
  const list = h("div", {});
  const place = h("div", {}); // What is being set up or changed.

  async function load() {
    readAt = performance.now();
    const mine = ++readings;
    try {
      const fresh = await get("targets");
      if (left || mine !== readings) return;
      const first = told === null;
      told = fresh;
      draw();
      if (first) choose();
    } catch (fault) {
      if (!left && told === null) patch(head, h("p.note", { "data-kind": "error" }, fault.message));
    }
  }

  function draw() {
    patch(head,
      told.missing ? h("p.note", { "data-kind": "error" }, inline(`${told.missing}.`)) : null,
      told.fault ? h("p.note", { "data-kind": "error" }, `The file of settings cannot be used, and the earlier ones are in force: ${told.fault}`) : null);
    patch(list, h("section", { "aria-labelledby": "targets" },
      h("h2", { id: "targets" }, "Where notices go"),
      told.targets.length
        ? h("ul.targets", {}, told.targets.map((one) => target(one)))
        : h("p.soft", {}, told.fault ? "What is set up cannot be read from that file." : told.missing ? "Nothing is set up." : "Nothing is set up yet: choose a service below.")));
  }

  const target = (one) => h("li.card.target", { "data-key": one.name },
    h("div", {},
      h("h3", {}, one.name),
      h("p.soft", {}, one.service),
      h("p", {}, manners(one)),
      lately(page.view?.targets?.find(({ name }) => name === one.name))),
    h("div.buttons", {},
      told.missing ? null : h("button", { type: "button", "data-key": "test", "aria-label": `Test ${one.name}`, onclick: () => test(one.name) }, "Test"),
      one.own ? [
        h("button", { type: "button", "data-key": "change", "aria-label": `Change ${one.name}`, onclick: () => change(one) }, "Change"),
        h("button", { type: "button", "data-key": "remove", "aria-label": `Remove ${one.name}`, onclick: () => remove(one.name) }, "Remove")]
        : h("a.button", { href: href("settings", "notifications", "remote"), "aria-label": `Change ${one.name} in Settings` }, "Change in Settings")),
    h("div.tried", { role: "status" }, tried?.name === one.name ? outcome(tried) : null));

  /** When a target is told, in a line. */
  function manners(one) {
    const severity = told.severities.find(({ value }) => value === one.minimum_severity).words;
    const quiet = one.quiet_hours.map((span) => span.replace("-", " to ")).join(" and ");
    return [severity, quiet ? `quiet from ${quiet}` : null, one.after === "0s" ? null : `only if unseen for ${told.delays.find(({ value }) => value === one.after).words}`].filter(Boolean).join(" · ");
  }

  /** How it went lately; nothing while that is not known now. */
  function lately(state) {
    if (!state || state.taken === undefined || standing()) return null;
    if (!state.failing_since) return h("p.small", {}, `Told last at ${clock(state.answered)}.`);
    const waiting = state.waiting ? ` ${state.waiting} ${state.waiting === 1 ? "notice waits" : "notices wait"}.` : "";
    return h("p.error", {}, `Could not be told since ${clock(state.failing_since)}: ${state.answer}.${waiting}`);
  }

  async function test(name) {
    tried = { name, said: "A test is on its way …" };
    draw();
    try {
      tried = { name, ...(await post("targets/test", { name })) };
    } catch (fault) {
      tried = { name, taken: false, said: fault.message };
    }
    if (!left) draw();
  }

  async function remove(name) {
    const yes = await confirm({ title: `Remove “${name}”?`, lines: ["Nothing is sent there any more.", "What Gatelight keeps of its address, in the file or in the key store, is removed, too."], yes: "Remove it" });
    if (!yes || !(await page.act(() => post("targets/remove", { name }), `${name} is removed.`))) return;
    choose();
    await load();
    place.querySelector("button")?.focus();
  }

  /** The services, to set one up. */
  function choose() {
    if (told.missing) return place.replaceChildren();
    place.replaceChildren(h("section.card.choose", { "aria-labelledby": "choose" },
      h("h2", { id: "choose" }, told.targets.length ? "Set up another one" : "Set one up"),
      h("ul.services", {}, told.services.map((service) => h("li", {},
        h("button.service", { type: "button", onclick: () => setUp(service) }, h("strong", {}, service.title), h("span.small", {}, service.about)))))));
  }

  const setUp = (service) => open(phoneForm({ told, service, page, back, saved }));
  const change = (one) => open(phoneForm({ told, service: told.services.find(({ kind }) => kind === one.kind), before: one, page, back, saved }));

  function open(form) {
    place.replaceChildren(form);
    form.querySelector("h2").focus();
    form.scrollIntoView({ block: "start" });
  }

  function back() {
    choose();
    place.querySelector("button")?.focus();
  }

  async function saved(name) {
    page.toast(`${name} is saved.`);
    tried = null;
    await load();
    choose();
    list.querySelector(`[data-key="${CSS.escape(name)}"] button`)?.focus();
  }

  patch(root, h("h1", {}, "Phone and mail"),
    h("p.lead", {}, "While you are away from this computer, Gatelight can tell you on the telephone, by mail or in a chat. What it sends says what is wrong and what to do; account numbers and names are masked."));
  root.append(head, list, place);
  load();
  return {
    update() {
      if (told) draw();
      if (!standing() && performance.now() - readAt > AGAIN) load();
    },
    leave() { left = true; },
  };
}
