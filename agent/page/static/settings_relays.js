// Relays in Settings: what a relay is, those that there are, a new one, and how to go back to the port of TWS.

import { confirm } from "/dialog.js";
import { h, ident } from "/dom.js";
import { post } from "/live.js";
import { href } from "/parts.js";
import { fields, row } from "/settings_fields.js";

const NAMES = "relay-targets"; // The datalist of what a relay may lead to.

/** The section; `load(name)` reads Settings again, with the relay of that name open. */
export function relays({ tables, new_relay: fresh }, page, load, state) {
  const { suggested } = fresh.find(({ name }) => name === "to");
  return h("section.connections", { "data-key": "relays", "aria-labelledby": "group-relays" },
    h("h2", { id: "group-relays" }, "Relays"),
    h("p.soft", {}, "A relay of Gatelight stands between your programs and TWS or IB Gateway, passes everything on untouched, and counts the market data lines, historical requests and messages of each program. ",
      h("a", { href: href("limits") }, "Limits"), " shows them, and Gatelight warns before IB refuses any. It can also let in programs of containers and other computers."),
    h("p.soft", {}, "Your programs must connect to its port instead of the port of TWS: what goes past it is not counted. To go back, give them the port of TWS again; that is all."),
    h("datalist", { id: NAMES }, suggested.map((name) => h("option", { value: name }))),
    tables.filter(({ name }) => name === "relays").map((table) => relay(table, page, load, state)),
    add(fresh, page, load));
}

function relay(table, page, load, state) {
  const id = ident(`group-relays-${table.entry}`);
  const value = (name) => table.keys.find((key) => key.name === name).value;
  return h("details.entry.relay-entry.card", { "data-key": `relay ${table.entry}`, open: state.relay === table.entry, ontoggle: (event) => {
    const me = event.currentTarget;
    if (me.isConnected) state.relay = me.open ? table.entry : state.relay === table.entry ? null : state.relay;
  } },
    h("summary", { id: `${id}-summary` }, h("h3", { id }, table.entry), " ", h("span.soft", {}, `port ${value("listen")} leads to ${value("to")}${value("start") === "true" ? "" : " · not started by Gatelight"}`)),
    h("div.group", { role: "region", "aria-labelledby": id },
      table.target ? h("p.note", {}, `Programs connect to port ${value("listen")} instead of ${table.instead_of} (${table.target}). To go back, give them port ${table.instead_of} again.`) : null,
      fields(table, page, load, false),
      h("div.actions", {}, h("button", { type: "button", onclick: () => remove(table, page, load) }, "Remove this relay"))));
}

function add(keys, page, load) {
  const inputs = new Map(keys.map((key) => [key.name, made(key)]));
  const save = async (event) => {
    event.preventDefault();
    refuse({});
    const wanted = Object.fromEntries([...inputs].map(([name, { input }]) => [name, input.value.trim()]));
    try {
      await post("relays/add", wanted);
    } catch (fault) {
      refuse(fault.said?.fields ?? { name: fault.message });
      return;
    }
    page.toast(`${wanted.name} is added: let programs connect to port ${wanted.listen}.`);
    for (const { input } of inputs.values()) input.value = "";
    await load(wanted.name);
    document.getElementById(ident(`group-relays-${wanted.name}-summary`))?.focus();
  };
  function refuse(sentences) {
    let first = null;
    for (const [name, { input, error }] of inputs) {
      error.textContent = sentences[name] ?? "";
      input.removeAttribute("aria-invalid");
      if (sentences[name]) { input.setAttribute("aria-invalid", "true"); first ??= input; }
    }
    first?.focus();
  }
  return h("details.entry.card.new-relay", { "data-key": "new relay" }, h("summary", { id: "new-relay" }, h("h3", {}, "New relay")),
    // What is typed stays, with what reads it, whatever is drawn anew around it.
    h("form.group", { "data-key": "new relay form", "data-same": "new", onsubmit: save }, [...inputs.values()].map(({ field }) => field),
      h("div.actions", {}, h("button.primary", { type: "submit" }, "Add the relay"))));
}

/** A field of a new relay, which is saved with the others. */
function made(key) {
  const id = ident(`new-relay.${key.name}`);
  const input = h("input", { id, type: "text", spellcheck: "false", autocomplete: "off", required: true, inputmode: key.name === "listen" ? "numeric" : null, list: key.name === "to" ? NAMES : null, placeholder: `for example ${key.example}`, "aria-describedby": `${id}-hint ${id}-error` });
  const error = h("p.error", { id: `${id}-error`, role: "alert" });
  return { input, error, field: row(`new ${key.name}`, key.label, key.help, [input, error], { id, same: "new" }) };
}

async function remove(table, page, load) {
  const back = table.instead_of ? `Let its programs connect to port ${table.instead_of} again, that of TWS or IB Gateway.` : "Let its programs connect to the port of TWS or IB Gateway again.";
  const yes = await confirm({
    title: `Remove the relay “${table.entry}”?`,
    lines: ["It takes no new connection, and ends with its last one: nothing is cut off.", back],
    yes: "Remove it",
  });
  if (!yes || !(await page.act(() => post("relays/remove", { name: table.entry }), `${table.entry} is removed.`))) return;
  await load(null);
  document.getElementById("new-relay")?.focus();
}
