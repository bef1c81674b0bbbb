// Every view of the page, in the order of the menu: to add one, write its module and list it here.
//
// A view is {name, title, count(view), load()}; `count` is optional and says how many things there are to look at. The
// module that `load` brings has one function, `show(root, page, rest)`, called when the view is chosen; it returns
// {update(view), leave()}, both optional. `page` offers what is in app.js: view, go, act, toast, announce. `rest` are
// the parts of the address behind the view's name. The first view comes with the page, the others after it.

import * as now from "/view_now.js";
import { visible } from "/parts.js";

const AGAIN = [500, 1_000, 2_000]; // Milliseconds before each further attempt.

let away = false;

/** While Gatelight is away another program may have its port: nothing is loaded from there. */
export function keep(gone) { away = gone; }

/** A module that was not loaded; `away`: because Gatelight is away, and not because the browser has dropped it. */
export class NotLoaded extends Error {
  constructor(cause) { super(cause ? String(cause) : "Gatelight is away, and this view was not loaded before."); this.away = !cause; }
}

/** What brings a module: again where a network that changes, as with a VPN, makes the browser drop it. */
function later(bring) {
  let here = null;
  return async () => {
    for (let n = 0; !here; n++) {
      if (away) throw new NotLoaded(null);
      try {
        here = await bring();
      } catch (fault) {
        if (n === AGAIN.length) throw new NotLoaded(fault);
        await new Promise((resume) => setTimeout(resume, AGAIN[n]));
      }
    }
    return here;
  };
}

export const VIEWS = [
  { name: "now", title: "Now", load: async () => now },
  {
    name: "problem",
    title: "What is wrong",
    count: (view) => visible(view).filter(({ problem }) => problem.severity !== "info").length,
    load: later(() => import("/view_problem.js")),
  },
  { name: "setup", title: "Set-up", load: later(() => import("/view_setup.js")) },
  { name: "data", title: "Market data", load: later(() => import("/view_data.js")) },
  { name: "history", title: "History", load: later(() => import("/view_history.js")) },
  { name: "limits", title: "Limits", load: later(() => import("/view_limits.js")) },
  { name: "explain", title: "Explain", load: later(() => import("/view_explain.js")) },
  { name: "phone", title: "Phone and mail", load: later(() => import("/view_phone.js")) },
  { name: "settings", title: "Settings", load: later(() => import("/view_settings.js")) },
  { name: "about", title: "About", load: later(() => import("/view_about.js")) },
];

/** Bring the others as well, while nothing else is to be done: they are to be there when the agent is not.
 * Answers whether all are there. */
export async function loadTheRest() {
  const brought = await Promise.allSettled(VIEWS.map((one) => one.load()));
  return brought.every(({ status }) => status === "fulfilled");
}
