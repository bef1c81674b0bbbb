"""Our own drawings of the windows that a guide's steps lead through. Pure: text in, SVG text out.

`choose.drawing_for` reads a step as people read it, and draws what the step names. Labels in bold are shown word for
word, and what the user clicks is marked. A guide gets its drawings by naming what the windows show. The page's style
sheet holds `style.STYLE`; without that a drawing has no colours.
"""
