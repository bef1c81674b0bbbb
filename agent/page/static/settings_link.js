// The way from a step to the very field in Settings that it is about.

import { ident } from "/dom.js";
import { href } from "/parts.js";

/** The address of one field of one connection in Settings. */
export const fieldHref = (connection, key) => href("settings", connection, key);

/** Show the field that the address names, open whatever holds it, and put the focus on it; nothing where none is named. */
export function showField(root, [connection, key]) {
  if (!key) return;
  const field = root.querySelector(`#${CSS.escape(ident(`connections.${connection}.${key}`))}`);
  if (!field) return;
  for (let holder = field.parentElement; holder && holder !== root; holder = holder.parentElement) if (holder.nodeName === "DETAILS") holder.open = true;
  field.scrollIntoView({ block: "center" });
  field.focus();
}
