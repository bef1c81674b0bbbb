// Settings: every key of the configuration, judged by the same code as `gatelight config set`; comments are kept.

import { h, ident, patch } from "/dom.js";
import { confirm } from "/dialog.js";
import { get, post } from "/live.js";
import { showField } from "/settings_link.js";

const TITLES = { checks: "Checks", notifications: "Notices", page: "This page" };

export function show(root, page, rest) {
  let left = false;
  async function load() {
    try {
      const settings = await get("settings");
      if (!left) draw(root, page, settings, load);
    } catch (fault) {
      if (!left) patch(root, h("h1", {}, "Settings"), h("p.note", { "data-kind": "error" }, fault.message));
    }
  }
  load().then(() => { if (!left) showField(root, rest); });
  return { leave() { left = true; } };
}

function draw(root, page, settings, load) {
  const connections = settings.tables.filter((table) => table.entry);
  const others = settings.tables.filter((table) => !table.entry);
  patch(root,
    h("h1", {}, "Settings"),
    h("p.lead", {}, "Everything is kept in one file, which you can edit as well: ", h("code", {}, settings.file)),
    settings.fault ? h("p.note", { "data-kind": "error" }, `The file cannot be used, and the earlier settings are in force: ${settings.fault}`) : null,
    h("section.card.group", { "aria-labelledby": "group-general" }, h("h2", { id: "group-general" }, "General"),
      settings.at_login === undefined ? null : atLogin(settings, page, load),
      h("div.field", {}, h("div.what", {}, h("h3", {}, "Test notice"), h("p.small", {}, "Sends a notice to every channel that is switched on, and says which took it.")),
        h("div.value", {}, h("button", { type: "button", onclick: () => page.act(() => post("test-notice"), (answer) => answer.said) }, "Send a test notice")))),
    connections.map((table) => group(table, `Connection “${table.entry}”`, page, load)),
    add(connections, page, load),
    others.map((table) => group(table, TITLES[table.name] ?? table.name, page, load)));
}

function atLogin(settings, page, load) {
  return h("div.field", { "data-key": "at-login", "data-same": String(settings.at_login) },
    h("div.what", {}, h("h3", { id: "at-login" }, "Start at log-in"), h("p.small", {}, "For this user, without administrator rights.")),
    h("div.value", {}, toggle("at-login", settings.at_login, (on) => page.act(() => post("at-login", { on }), on ? "Gatelight starts at log-in." : "Gatelight no longer starts at log-in.").then(async (said) => (await load(), said)))));
}

/** A switch: a check box that looks like one. */
function toggle(label, on, change, id = null) {
  const box = h("input.switch-box", { id, type: "checkbox", role: "switch", "aria-labelledby": label, onchange: async () => {
    // What was refused stays as it was, and so does the switch.
    if ((await change(box.checked)) === null) box.checked = on;
  } });
  box.checked = on;
  return box;
}

function group(table, title, page, load) {
  const id = ident(`group-${table.name}-${table.entry ?? ""}`);
  return h("section.card.group", { "data-key": id, "aria-labelledby": id }, h("h2", { id }, title),
    table.keys.map((key) => field(table, key, page, load)),
    table.entry ? h("div.actions", {}, h("button", { type: "button", onclick: () => remove(table.entry, page, load) }, "Remove this connection")) : null);
}

const keyOf = (table, key) => (table.entry ? `connections.${table.entry}.${key.name}` : `${table.name}.${key.name}`);
const plain = (key, value) => (key.list ? value.join("\n") : value);
const words = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

function field(table, key, page, load) {
  const name = keyOf(table, key);
  const id = ident(name);
  const error = h("p.error", { id: `${id}-error`, role: "alert" });
  async function save(value, input) {
    error.textContent = "";
    input?.removeAttribute("aria-invalid");
    try {
      await post("settings", { key: name, value });
      page.toast(`${words(key.name)} is saved.`);
      await load();
      (document.getElementById(id) ?? document.getElementById(ident(keyOf({ ...table, entry: value }, key))))?.focus();
      return value;
    } catch (fault) {
      error.textContent = fault.message;
      input?.setAttribute("aria-invalid", "true");
      input?.focus();
      return null;
    }
  }
  const standard = key.default === undefined ? "" : key.list ? "" : ` Without an entry: ${key.default}.`;
  // What is being typed elsewhere stays; a field whose value has changed is made anew.
  return h("div.field", { "data-key": id, "data-same": JSON.stringify(key.value) },
    h("div.what", {}, h("h3", { id: `${id}-label` }, words(key.name)),
      h("p.small", { id: `${id}-hint` }, `${key.meaning.charAt(0).toUpperCase()}${key.meaning.slice(1)}.${standard}`)),
    h("div.value", {}, control(id, key, save), error));
}

function control(id, key, save) {
  const said = { id, "aria-labelledby": `${id}-label`, "aria-describedby": `${id}-hint ${id}-error` };
  if (key.choices?.includes("true")) return toggle(`${id}-label`, key.value === "true", (on) => save(String(on)), id);
  if (key.choices) {
    const select = h("select", { ...said, onchange: () => save(select.value, select) },
      key.choices.map((choice) => h("option", { value: choice, selected: choice === key.value }, choice)));
    return select;
  }
  const typed = key.list
    ? h("textarea", { ...said, rows: Math.max(2, key.value.length + 1), spellcheck: "false", placeholder: "one on each line" })
    : h("input", { ...said, type: "text", spellcheck: "false", autocomplete: "off" });
  typed.value = plain(key, key.value);
  typed.title = `Must be ${key.allowed}`;
  const button = h("button", { type: "submit" }, "Save");
  button.disabled = true;
  typed.oninput = () => { button.disabled = typed.value === plain(key, key.value); };
  return h("form.typed", { onsubmit: (event) => { event.preventDefault(); save(key.list ? typed.value.split("\n") : typed.value, typed); } }, typed, button);
}

function add(connections, page, load) {
  const name = h("input", { type: "text", id: "new-name", autocomplete: "off", placeholder: "Paper Gateway", required: true, maxlength: 40 });
  const error = h("p.error", { role: "alert" });
  const save = async (event) => {
    event.preventDefault();
    error.textContent = "";
    try {
      await post("settings", { key: `connections.${name.value.trim()}.name`, value: name.value.trim() });
      page.toast(`${name.value.trim()} is watched from now on.`);
      load();
    } catch (fault) {
      error.textContent = fault.message;
      name.focus();
    }
  };
  return h("section.card.group", { "data-key": "new", "data-same": `new ${connections.length}`, "aria-labelledby": "group-new" }, h("h2", { id: "group-new" }, "A new connection"),
    connections.length ? null : h("p.soft", {}, "None is written down: every TWS and IB Gateway found on this computer is watched by itself."),
    h("div.field", {}, h("div.what", {}, h("h3", {}, h("label", { for: "new-name" }, "Name")), h("p.small", {}, "Shown everywhere.")),
      h("div.value", {}, h("form.typed", { onsubmit: save }, name, h("button", { type: "submit" }, "Add")), error)));
}

async function remove(name, page, load) {
  const yes = await confirm({
    title: `Remove the connection “${name}”?`,
    lines: ["Its entry is taken out of the configuration file, with the comments inside it.", "An application that runs on this computer is then watched without an entry, if no other connection is left."],
    yes: "Remove it",
  });
  if (yes && (await page.act(() => post("settings/remove", { connection: name }), `${name} is removed.`))) load();
}
