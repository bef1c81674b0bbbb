// The fields of Settings: what each lets the user enter, saving it, and what is said when it cannot be used.

import { h, ident } from "/dom.js";
import { post } from "/live.js";

/** Where the agent finds a field: "connections.Paper Gateway.port". */
const addressOf = (table, key) => (table.entry ? `${table.name}.${table.entry}.${key.name}` : `${table.name}.${key.name}`);

/** The element that takes the focus for a field. */
export const inputAt = (address) => document.getElementById(ident(address));

/** A row with a label, what is said about it, and what stands on its right; `same` changes when the row must be made anew. */
export function row(name, label, help, value, { id, same = null, grouped = false } = {}) {
  const head = grouped ? h("span.label", { id: `${id}-label` }, label) : h("label.label", { id: `${id}-label`, for: id }, label);
  return h("div.field", { "data-key": name, "data-field": id, "data-same": same },
    h("div.what", {}, head, h("p.small", { id: `${id}-hint` }, help)),
    h("div.value", {}, value));
}

/** A switch: a check box that looks like one. */
export function toggle(id, on, change) {
  const box = h("input.switch-box", { id, type: "checkbox", role: "switch", "aria-describedby": `${id}-hint ${id}-error`, onchange: async () => {
    // What was refused stays as it was, and so does the switch.
    if (!(await change(box.checked))) box.checked = on;
  } });
  box.checked = on;
  return box;
}

/** One key of a table; `saved(name)` is called after it was changed, with the new name where that is what it is. */
export function field(table, key, page, saved) {
  const address = addressOf(table, key);
  const id = ident(address);
  const error = h("p.error", { id: `${id}-error`, role: "alert" });
  async function save(value, input) {
    error.textContent = "";
    input.removeAttribute("aria-invalid");
    try {
      await post("settings", { key: address, value });
    } catch (fault) {
      error.textContent = fault.message;
      input.setAttribute("aria-invalid", "true");
      input.focus();
      return false;
    }
    page.toast(`${key.label}: saved.`);
    delete document.querySelector(`.field[data-field="${id}"]`)?.dataset.typing;
    const renamed = table.entry && key.name === "name";
    await saved(renamed ? value.trim() : table.entry);
    // The field was made anew, and has lost the focus, unless the user went on meanwhile.
    if (document.activeElement === document.body) inputAt(renamed ? addressOf({ ...table, entry: value.trim() }, key) : address)?.focus();
    return true;
  }
  const made = (CONTROLS[key.control] ?? text)({ ...key, id }, save);
  const grouped = key.control === "times";
  return row(key.name, key.label, key.help, [made, error], { id, grouped, same: JSON.stringify([key.value, table.entry]) });
}

/** The fields of the keys of a table that are folded away, or of those that are not. */
export const fields = (table, page, saved, folded) => table.keys.filter((key) => key.advanced === folded).map((key) => field(table, key, page, saved));

const CONTROLS = { switch: onOff, choice, lines, times };
const described = (id) => `${id}-hint ${id}-error`;

function onOff({ id, value }, save) {
  const box = toggle(id, value === "true", (on) => save(String(on), box));
  return box;
}

function choice({ id, value, choices, usual }, save) {
  const select = h("select", { id, "aria-describedby": described(id), onchange: async () => {
    if (!(await save(select.value, select))) select.value = value;
  } },
    choices.map((one) => h("option", { value: one.value, selected: one.value === value }, one.words, one.value === usual ? " (usual)" : "")));
  return select;
}

/** What is typed has a button that saves it, which is there once something was typed. */
function typed(input, before, value, save) {
  const button = h("button.primary", { type: "submit", hidden: true }, "Save");
  input.oninput = () => {
    const typing = input.value !== before;
    button.hidden = !typing;
    mark(input, typing);
  };
  return h("form.typed", { onsubmit: (event) => { event.preventDefault(); if (!button.hidden) save(value(), input); } }, input, button);
}

/** What is being typed stays as it is, whatever changes elsewhere. */
function mark(input, typing) {
  const its = input.closest(".field");
  if (typing) its.dataset.typing = "";
  else delete its.dataset.typing;
}

function text({ id, value, example, empty, suggested }, save) {
  const before = value === empty ? "" : value;
  const input = h("input", { id, type: "text", list: suggested ? "relay-targets" : null, spellcheck: "false", autocomplete: "off", placeholder: example ? `for example ${example}` : null, "aria-describedby": described(id) });
  input.value = before;
  return typed(input, before, () => (input.value.trim() === "" && empty ? empty : input.value), save);
}

function lines({ id, value, example }, save) {
  const before = value.join("\n");
  const input = h("textarea", { id, rows: Math.max(2, value.length + 1, example.split("\n").length), spellcheck: "false", placeholder: example, "aria-describedby": described(id) });
  input.value = before;
  return typed(input, before, () => input.value.split("\n"), save);
}

const TIME = /^([01]?\d|2[0-4]):[0-5]\d$/;

function times({ id, value, label }, save) {
  const button = h("button.primary", { type: "submit", hidden: true }, "Save");
  const spans = timeSpans({ id, value, label }, () => { button.hidden = false; mark(spans.rows, true); });
  const submit = (event) => {
    event.preventDefault();
    save(spans.all(), spans.wrong());
  };
  return h("form.times-form", { "aria-labelledby": `${id}-label`, onsubmit: submit }, spans.rows, h("div.buttons", {}, spans.more, button));
}

/** Pairs of times. A field of the browser's own would show them in its language’s way, unlike all else on the page.
 * `all()` are the pairs as the agent takes them; `wrong()` is the input to go to where it does not. */
export function timeSpans({ id, value, label }, changed) {
  const rows = h("div.times", {});
  const more = h("button", { type: "button", onclick: () => { add("", "").focus(); changed(); } }, value.length ? "Add another time" : "Add quiet hours");
  if (!value.length) more.id = id;

  function add(from, to) {
    const made = [["from", from, "22:00"], ["to", to, "07:00"]].map(([which, time, example]) => {
      const input = h("input", { type: "text", inputmode: "numeric", maxlength: 5, autocomplete: "off", placeholder: example, "aria-label": `${label}: ${which}`, "aria-describedby": described(id), oninput: changed });
      input.value = time;
      return input;
    });
    const remove = h("button.quiet", { type: "button", "aria-label": from ? `Remove ${from} to ${to}` : "Remove this time", onclick: () => { one.remove(); changed(); more.focus(); } }, "✕");
    const one = h("div.span", {}, made[0], h("span", {}, "to"), made[1], remove);
    if (from && !rows.childElementCount) made[0].id = id;
    rows.append(one);
    return made[0];
  }

  for (const one of value) add(...one.split("-"));
  const inputs = (of) => [...of.querySelectorAll("input")];
  const all = () => [...rows.children].map((one) => inputs(one).map((input) => input.value.trim()).join("-"));
  const wrong = () => {
    for (const input of inputs(rows)) input.removeAttribute("aria-invalid");
    return inputs(rows).find((input) => !TIME.test(input.value.trim())) ?? inputs(rows)[0] ?? more;
  };
  return { rows, more, all, wrong };
}
