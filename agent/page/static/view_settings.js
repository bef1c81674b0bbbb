// Settings: one connection open at a time, what few users change folded away; judged as `gatelight config set` judges.

import { h, ident, patch, standing } from "/dom.js";
import { confirm } from "/dialog.js";
import { get, post } from "/live.js";
import { href } from "/parts.js";
import { fields, inputAt, row, toggle } from "/settings_fields.js";
import { fieldOf } from "/settings_link.js";
import { relays } from "/settings_relays.js";

const AGAIN = 2_000; // Milliseconds between two readings, however often the view changes.

export function show(root, page, rest) {
  const state = { left: false, open: null, relay: null, wanted: null, first: true };
  let readAt = 0;
  let readings = 0;
  async function load(open = state.open, relay = state.relay) {
    state.open = open;
    state.relay = relay;
    readAt = performance.now();
    const mine = ++readings;
    try {
      const settings = await get("settings");
      // An answer that was overtaken tells how things were before.
      if (!state.left && mine === readings) draw(root, page, settings, state, load, rest);
    } catch (fault) {
      // What is shown, and being typed, stays: the page says by itself that the agent is away.
      if (!state.left && state.first) patch(root, h("h1", {}, "Settings"), h("p.note", { "data-kind": "error" }, fault.message));
    }
  }
  load();
  return {
    update() { if (!standing() && performance.now() - readAt > AGAIN) load(); },
    leave() { state.left = true; },
  };
}

function draw(root, page, settings, state, load, rest) {
  const connections = settings.tables.filter((table) => table.name === "connections");
  // Notices first: they are what users come for.
  const others = settings.tables.filter((table) => !table.entry).sort((a, b) => (b.name === "notifications") - (a.name === "notifications"));
  if (state.first) {
    state.wanted = rest.length ? fieldOf(rest, connections.map(({ entry }) => entry)) : null;
    state.open = opened(connections, state.wanted);
    state.relay = settings.tables.find(({ name, entry }) => name === "relays" && state.wanted?.startsWith(`relays.${entry}.`))?.entry ?? null;
  }
  const wanted = h("div", {},
    h("h1", {}, "Settings"),
    settings.fault ? h("p.note", { "data-kind": "error" }, `The file of settings cannot be used, and the earlier ones are in force: ${settings.fault}`) : null,
    settings.at_login === undefined ? null : section("general", "General", atLogin(settings, page, load)),
    h("section.connections", { "data-key": "connections", "aria-labelledby": "group-connections" },
      h("h2", { id: "group-connections" }, connections.length ? "Connections" : "Connection"),
      connections.length ? null : h("p.soft", {}, "None is written down: every TWS and IB Gateway found on this computer is watched by itself."),
      connections.map((table) => connection(table, page, state, load)),
      add(page, load)),
    relays(settings, page, loadRelay(state, load), state),
    others.map((table) => plain(table, page, load)),
    advanced("everything", others.map((table) => fields(table, page, load, true)), h("p.small", {}, "All settings are kept in ", h("code", {}, settings.file), ".")));
  keepWhatIsTyped(root, wanted);
  patch(root, [...wanted.childNodes]);
  if (state.first) {
    state.first = false;
    arrive(state);
  }
}

/** Reads again after a relay was changed: its name, where that has changed, is the one that is open. */
const loadRelay = (state, load) => (name = state.relay) => load(state.open, name);

/** The connection that is open at first: the one that was asked for, or the only one. */
function opened(connections, wanted) {
  const asked = connections.find(({ entry }) => wanted?.startsWith(`connections.${entry}.`));
  return asked?.entry ?? (connections.length === 1 && !wanted ? connections[0].entry : null);
}

/** What is being typed stays, whatever has changed elsewhere; a field whose value has changed is made anew. */
function keepWhatIsTyped(root, wanted) {
  for (const typing of root.querySelectorAll(".field[data-typing]")) {
    const fresh = wanted.querySelector(`[data-field="${typing.dataset.field}"]`);
    if (fresh) fresh.dataset.same = typing.dataset.same;
  }
}

/** Open what folds the wanted field away, and give it the focus. */
function arrive(state) {
  const input = state.wanted && inputAt(state.wanted);
  if (!input) return;
  for (let fold = input.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  input.focus();
  input.closest(".field").scrollIntoView({ block: "center" });
}

const section = (name, title, ...content) => h("section.card.group", { "data-key": name, "aria-labelledby": `group-${name}` }, h("h2", { id: `group-${name}` }, title), content);

function atLogin({ at_login: on }, page, load) {
  const change = async (wanted) => {
    const said = await page.act(() => post("at-login", { on: wanted }), wanted ? "Gatelight starts at log-in." : "Gatelight no longer starts at log-in.");
    await load();
    return said !== null;
  };
  return row("at-login", "Start at log-in", "For this user, without administrator rights.", toggle("at-login", on, change), { id: "at-login", same: String(on) });
}

/** The keys of a table that are not advanced. */
function plain(table, page, load) {
  const its = fields(table, page, load, false);
  const note = table.note ? h("p.soft", {}, table.note) : null;
  return its.length || note ? section(table.name, table.label, note, its, table.name === "notifications" ? [elsewhere(), testNotice(page)] : null) : null;
}

const elsewhere = () => row("phone", "Phone and mail", "Where notices go while you are away from this computer.",
  h("a.button", { href: href("phone"), id: "to-phone", "aria-describedby": "to-phone-hint" }, "Set up phone and mail"), { id: "to-phone", grouped: true });

function testNotice(page) {
  const send = h("button", { type: "button", id: "test-notice", "aria-describedby": "test-notice-hint", onclick: () => page.act(() => post("test-notice"), (answer) => answer.said) }, "Send a test notice");
  return row("test-notice", "Test notice", "Goes every way that is switched on, and says which of them took it.", send, { id: "test-notice", grouped: true });
}

function advanced(name, ...content) {
  return h("details.advanced", { "data-key": `advanced ${name}`, class: name === "everything" ? "advanced card" : "advanced" }, h("summary", {}, "Advanced"), content);
}

function connection(table, page, state, load) {
  const id = ident(`group-connections-${table.entry}`);
  const open = (event) => {
    const me = event.currentTarget;
    // What is drawn anew is compared with what is shown, and opens as well, unseen.
    if (!me.isConnected) return;
    if (me.open) {
      state.open = table.entry;
      for (const other of document.querySelectorAll("details.connection[open]")) if (other !== me) other.open = false;
    } else if (state.open === table.entry) state.open = null;
  };
  return h("details.entry.connection.card", { "data-key": `connection ${table.entry}`, open: state.open === table.entry, ontoggle: open },
    h("summary", { id: `${id}-summary` }, h("h3", { id }, table.entry), " ", h("span.soft", {}, inShort(table))),
    h("div.group", { role: "region", "aria-labelledby": id },
      fields(table, page, load, false),
      advanced(table.entry, fields(table, page, load, true)),
      h("div.actions", {}, h("button", { type: "button", onclick: () => remove(table.entry, page, load) }, "Remove this connection"))));
}

/** A connection in a line: what was chosen for it, and nothing where any will do. */
function inShort(table) {
  const key = (name) => table.keys.find((one) => one.name === name);
  const words = (name) => (key(name).value === "any" ? null : key(name).choices.find((one) => one.value === key(name).value)?.words);
  const port = key("port").value === key("port").empty ? null : `port ${key("port").value}`;
  const host = key("host").value === "127.0.0.1" ? null : `on ${key("host").value}`;
  return [words("application"), words("trading_mode"), [port, host].filter(Boolean).join(" ")].filter(Boolean).join(" · ");
}

function add(page, load) {
  const id = "new-name";
  const name = h("input", { type: "text", id, autocomplete: "off", spellcheck: "false", placeholder: "for example Paper Gateway", required: true, "aria-describedby": `${id}-hint ${id}-error` });
  const error = h("p.error", { id: `${id}-error`, role: "alert" });
  const save = async (event) => {
    event.preventDefault();
    error.textContent = "";
    name.removeAttribute("aria-invalid");
    const wanted = name.value.trim();
    try {
      await post("settings/add", { connection: wanted });
    } catch (fault) {
      error.textContent = fault.message;
      name.setAttribute("aria-invalid", "true");
      name.focus();
      return;
    }
    page.toast(`${wanted} is added.`);
    name.value = "";
    await load(wanted);
    document.getElementById(ident(`group-connections-${wanted}-summary`))?.focus();
  };
  const form = h("form.typed", { onsubmit: save }, name, h("button", { type: "submit" }, "Add"));
  return h("div.card.group", { "data-key": "new" },
    row("new", "New connection", "Its name. Everything else has a usual value, which you can change then.", [form, error], { id, same: "new" }));
}

async function remove(name, page, load) {
  const yes = await confirm({
    title: `Remove the connection “${name}”?`,
    lines: ["Gatelight forgets what was set for it.", "If no other connection is left, every TWS and IB Gateway found on this computer is watched by itself."],
    yes: "Remove it",
  });
  if (!yes || !(await page.act(() => post("settings/remove", { connection: name }), `${name} is removed.`))) return;
  await load(null);
  document.getElementById("new-name")?.focus();
}
