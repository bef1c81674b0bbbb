export default { name: "settings", title: "settings", show(root) { root.append("settings"); return {}; } };
