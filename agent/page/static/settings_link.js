// The address of a field in Settings; the view opens what folds it away, and gives it the focus.

import { href } from "/parts.js";

/** A link to a field of a connection: `toConnection("Paper Gateway", "port")`; without a field, to the connection. */
export const toConnection = (connection, field = "name") => href("settings", "connections", connection, field);

/** A link to any other field: `toSetting("notifications", "quiet_hours")`. */
export const toSetting = (table, field) => href("settings", table, field);

/** The address of the field that such a link leads to, as the agent knows it: of `rest`, what is behind the view's name. */
export const fieldOf = (rest) => rest.join(".");
