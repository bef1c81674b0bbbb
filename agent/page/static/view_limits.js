export default { name: "limits", title: "limits", show(root) { root.append("limits"); return {}; } };
