// Every view of the page, in the order of the menu: to add one, write its module and list it here.
//
// A view is {name, title, count(view), load()}; `count` is optional and says how many things there are to look at. The
// module that `load` brings has one function, `show(root, page, rest)`, called when the view is chosen; it returns
// {update(view), leave()}, both optional. `page` offers what is in app.js: view, go, act, toast, announce. `rest` are
// the parts of the address behind the view's name. The first view comes with the page, the others after it.

import * as now from "/view_now.js";
import { visible } from "/parts.js";

export const VIEWS = [
  { name: "now", title: "Now", load: async () => now },
  {
    name: "problem",
    title: "What is wrong",
    count: (view) => visible(view).filter(({ problem }) => problem.severity !== "info").length,
    load: () => import("/view_problem.js"),
  },
  { name: "setup", title: "Set-up", load: () => import("/view_setup.js") },
  { name: "data", title: "Market data", load: () => import("/view_data.js") },
  { name: "limits", title: "Limits", load: () => import("/view_limits.js") },
  { name: "explain", title: "Explain", load: () => import("/view_explain.js") },
  { name: "settings", title: "Settings", load: () => import("/view_settings.js") },
];

/** Bring the others as well, while nothing else is to be done: they are to be there when the agent is not. */
export function loadTheRest() {
  for (const one of VIEWS) one.load().catch(() => {});
}
