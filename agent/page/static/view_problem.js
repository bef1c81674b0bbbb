export default { name: "problem", title: "problem", show(root) { root.append("problem"); return {}; } };
