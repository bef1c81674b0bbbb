"""Our own drawings of the windows that a guide's steps lead through: text in, SVG text out, nothing read or kept.

`choose.drawing_for` reads a step as it is written for people, and draws what it names: labels in bold are shown word
for word, and what the user clicks is marked. A guide gets its drawings by saying what the windows say. The page's own
style sheet holds `style.STYLE`; without it a drawing has no colours.
"""
