// Every view of the page, in the order of the menu: to add one, write its module and list it here.
//
// A view is {name, title, show(root, page)}; `show` is called when it is chosen and returns {update(view), leave()},
// both optional. `page` offers what is in app.js: view, go, act, toast, announce. `rest` are the parts of the address
// behind the view's name.

import now from "/view_now.js";
import problem from "/view_problem.js";
import setup from "/view_setup.js";
import data from "/view_data.js";
import limits from "/view_limits.js";
import explain from "/view_explain.js";
import settings from "/view_settings.js";

export const VIEWS = [now, problem, setup, data, limits, explain, settings];
