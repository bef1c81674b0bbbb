export default { name: "explain", title: "explain", show(root) { root.append("explain"); return {}; } };
