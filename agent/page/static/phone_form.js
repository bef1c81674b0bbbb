// The form of one service: steps, fields, a test with the service's own answer, and when it is told.

import { h, ident, inline, patch } from "/dom.js";
import { get, post } from "/live.js";
import { timeSpans } from "/settings_fields.js";

/** `before`: the target that is changed, whose address stays unless another one is typed. */
export function phoneForm({ told, service, before = null, page, back, saved }) {
  const inputs = new Map(); // By the name of the field: {input, error}.
  const result = h("div.tried", { role: "status" });
  const failure = h("div.tried", { role: "alert" });
  const stale = h("div.tried", { role: "alert" });
  const subscribe = h("div", {});
  const send = h("button.primary", { type: "button", onclick: test }, "Send a test");
  const keep = h("button", { type: "submit" }, "Save");
  const manners = mannersOf(told, service, before);
  let address = before === null; // Whether the address is typed here.

  /** A field, with its sentence when it cannot be used. */
  function field(one) {
    const id = ident(`phone-${one.name}`);
    const error = h("p.error", { id: `${id}-error`, role: "alert" });
    const described = { id, "aria-describedby": `${id}-hint ${id}-error` };
    const input = one.choices
      ? h("select", described, one.choices.map(({ value, words }) => h("option", { value, selected: value === one.usual }, words)))
      : h("input", { ...described, type: one.secret ? "password" : "text", autocomplete: "off", spellcheck: "false", placeholder: one.example ? `for example ${one.example}` : null });
    if (one.usual && !one.choices) input.value = one.usual;
    input.oninput = () => { untested(); if (service.kind === "ntfy") showLinks(); };
    inputs.set(one.name, { input, error });
    return h("div.field", {},
      h("div.what", {}, h("label.label", { for: id }, one.label, one.needed ? null : h("span.soft", {}, " (optional)")), h("p.small", { id: `${id}-hint` }, one.help)),
      h("div.value", {}, one.secret ? h("div.typed", {}, input, reveal(input, one.label)) : input, error));
  }

  const typed = () => (address ? Object.fromEntries([...inputs].map(([name, { input }]) => [name, input.value])) : null);

  function untested() {
    patch(result, null);
    send.className = "primary";
    keep.className = "";
  }

  /** Say what is wrong at each field; answers whether the fault was one of fields. */
  function refuse(fault) {
    const sentences = fault?.said?.fields ?? {};
    const all = new Map([...(address ? inputs : []), ...manners.inputs]);
    let first = null;
    for (const [name, { input, error }] of all) {
      error.textContent = sentences[name] ?? "";
      input.toggleAttribute("aria-invalid", Boolean(sentences[name]));
      if (sentences[name]) { input.setAttribute("aria-invalid", "true"); first ??= input; }
    }
    first?.focus();
    return Boolean(first);
  }

  async function test() {
    refuse(null);
    send.disabled = true;
    patch(result, outcome({ said: "A test is on its way …" }));
    try {
      const tried = address ? await post("targets/try", { service: service.kind, fields: typed() }) : await post("targets/test", { name: before.name });
      patch(result, outcome(tried));
      [send.className, keep.className] = tried.taken ? ["", "primary"] : ["primary", ""];
    } catch (fault) {
      patch(result, refuse(fault) ? null : outcome({ taken: false, said: fault.message }));
    }
    send.disabled = false;
  }

  async function save(event) {
    event.preventDefault();
    refuse(null);
    patch(failure, null);
    keep.disabled = true;
    const wanted = manners.read();
    try {
      await post("targets/save", { ...wanted, service: service.kind, fields: typed(), before: before?.name ?? "" });
      await saved(wanted.name.trim());
    } catch (fault) {
      patch(failure, refuse(fault) ? null : outcome({ taken: false, said: fault.message }));
    }
    keep.disabled = false;
  }

  let asked = 0;
  /** The links and the code that subscribe to a topic of ntfy. */
  async function showLinks() {
    const mine = ++asked;
    const { topic, server } = typed();
    const links = await post("targets/subscribe", { topic, server }).catch(() => null);
    if (mine !== asked) return;
    patch(subscribe, links ? h("div.subscribe", { "data-same": links.app },
      links.code ? code(links.code) : null,
      h("div", {},
        h("p", {}, "Subscribe to ", h("code", {}, topic.trim()), server.trim() === service.fields.find(({ name }) => name === "server").usual ? null : [" on ", h("code", {}, server.trim())]),
        h("p.small", {}, "The code opens ", h("code", {}, links.app), ". In a browser: ", h("a", { href: links.web, target: "_blank", rel: "noreferrer noopener" }, "open the topic")))) : null);
  }

  function fresh() {
    return [
      h("ol.phone-steps", {}, service.steps.map((step) => h("li", {}, h("div", {}, inline(step))))),
      subscribe,
      service.fields.map(field)];
  }

  const typing = h("div", {}, address ? fresh() : h("div.field", {},
    h("div.what", {}, h("span.label", {}, "Address"), h("p.small", {}, "It is kept and not shown.")),
    h("div.value", {}, h("button", { type: "button", onclick: another }, "Type another address"))));

  function another() {
    address = true;
    untested();
    typing.replaceChildren(h("div", {}, ...fresh().flat()));
    manners.another();
    start();
    inputs.values().next().value.input.focus();
  }

  /** Tell before anything is typed that this page may not send it, and ask for a topic that cannot be guessed. */
  async function start() {
    if (!address) return;
    post("targets/begin").catch((fault) => patch(stale, h("p.note", { "data-kind": "error" }, inline(fault.message))));
    if (service.kind !== "ntfy") return;
    const made = await page.act(() => get("targets/topic"));
    const { input } = inputs.get("topic");
    if (made && !input.value) input.value = made.topic;
    await showLinks();
  }

  start();
  return h("section.card.phone-form", { "aria-labelledby": "phone-title" },
    h("h2", { id: "phone-title", tabindex: -1 }, before ? `Change “${before.name}”` : service.title),
    before ? h("p.soft", {}, before.service) : h("p.soft", {}, service.about),
    h("form", { novalidate: true, onsubmit: save, autocomplete: "off" },
      stale,
      typing,
      h("div.buttons", {}, send),
      result,
      h("h3.when", {}, "When it is told"),
      h("div", {}, manners.fields),
      failure,
      h("div.buttons", {}, keep, h("button.quiet", { type: "button", onclick: back }, "Cancel"))));
}

/** Name, least severity, quiet hours, how long unseen, and where the address is kept. */
function mannersOf(told, service, before) {
  const inputs = new Map();
  const row = (name, made, focus = made, { label, help } = told.labels[name]) => {
    const error = h("p.error", { id: `phone-${name}-error`, role: "alert" });
    inputs.set(name, { input: focus, error });
    return h("div.field", { "data-row": name },
      h("div.what", {}, focus === made ? h("label.label", { for: `phone-${name}` }, label) : h("span.label", { id: `phone-${name}-label` }, label), h("p.small", { id: `phone-${name}-hint` }, help)),
      h("div.value", {}, made, error));
  };
  const described = (name) => ({ id: `phone-${name}`, "aria-describedby": `phone-${name}-hint phone-${name}-error` });
  const select = (name, choices, value) => h("select", described(name), choices.map((one) => h("option", { value: one.value, selected: one.value === value }, one.words)));
  const name = h("input", { ...described("name"), type: "text", autocomplete: "off", spellcheck: "false", placeholder: "for example My phone" });
  name.value = before?.name ?? free(service.suggested, told.targets);
  const severity = select("minimum_severity", told.severities, before?.minimum_severity ?? "warning");
  const spans = timeSpans({ id: "phone-quiet_hours", value: before?.quiet_hours ?? [], label: "Quiet hours" }, () => {});
  const after = select("after", told.delays, before?.after ?? "0s");
  const stored = h("input.switch-box", { ...described("key_store"), type: "checkbox", role: "switch" });
  const store = h("div", {});
  /** Offer the key store, where there is one and an address is typed. */
  async function offer() {
    const { key_store: name } = await get("targets/key-store").catch(() => ({}));
    if (name) patch(store, row("key_store", stored, stored, { label: "Keep the address in the key store", help: `In ${name}, instead of the file of settings: it holds what others must not know.` }));
  }
  if (!before) offer();
  return {
    inputs,
    fields: [
      row("name", name),
      row("minimum_severity", severity),
      row("quiet_hours", h("div.times-form", { role: "group", "aria-labelledby": "phone-quiet_hours-label" }, spans.rows, h("div.buttons", {}, spans.more)), spans.more),
      row("after", after),
      store],
    another: offer,
    read: () => ({ name: name.value, minimum_severity: severity.value, quiet_hours: spans.all(), after: after.value, key_store: stored.checked }),
  };
}

/** A name that no other target has. */
function free(suggested, targets) {
  const taken = new Set(targets.map(({ name }) => name.toLowerCase()));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? suggested : `${suggested} ${number}`;
    if (!taken.has(name.toLowerCase())) return name;
  }
}

function reveal(input, label) {
  const button = h("button", { type: "button", "data-here": true, "aria-pressed": "false", "aria-label": `Show what is typed as ${label}`, onclick: () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.textContent = shown ? "Hide" : "Show";
  } }, "Show");
  return button;
}

/** A QR code as the agent drew it: the path of its dark squares, with a margin of four light ones. */
const code = ({ path, size }) => h("svg.qr", { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": "QR code that subscribes to the topic" },
  h("rect", { width: size, height: size, fill: "#fff" }), h("path", { d: path, stroke: "#000", "stroke-width": 1 }));

/** What came of a test, with the service's own words. */
export const outcome = ({ taken, said, answer }) => [
  h("p.note", { "data-kind": taken === undefined ? null : taken ? "good" : "error" }, inline(said),
    answer ? [" ", h("span.answered-with", {}, "Answer: ", h("q", {}, answer))] : null)];
