// The address of a field in Settings; the view opens what folds it away, and gives it the focus.

import { href } from "/parts.js";

/** The address of one field of one connection in Settings. */
export const fieldHref = (connection, key) => href("settings", connection, key);

/** The field that `rest`, what is behind the view’s name, leads to: of a connection of that name, else of a table. */
export const fieldOf = (rest, connections) => (connections.includes(rest[0]) ? ["connections", ...rest] : rest).join(".");
