"""The drawings' stylesheet, for the page's own CSS file: colours for light, dark, forced colours and paper.

A page that has colours of its own sets the `--draw-` properties; otherwise these fallbacks hold.
"""

STYLE = """\
.drawing {
  --d-ink: var(--draw-ink, #1a1d22); --d-soft: var(--draw-soft, #59636f); --d-paper: var(--draw-paper, #ffffff);
  --d-line: var(--draw-line, #7f8a96); --d-bar: var(--draw-bar, #dde2e8);
  --d-accent: var(--draw-accent, #0b57d0); --d-glow: var(--draw-glow, #e3edfd); --d-on: var(--draw-on-accent, #ffffff);
  display: block; width: 100%; max-width: 30rem; height: auto; color: var(--d-ink);
}
@media (prefers-color-scheme: dark) {
  .drawing {
    --d-ink: var(--draw-ink, #e8eaee); --d-soft: var(--draw-soft, #a8b2be); --d-paper: var(--draw-paper, #1d2025);
    --d-line: var(--draw-line, #737d89); --d-bar: var(--draw-bar, #3a4049);
    --d-accent: var(--draw-accent, #8ab4f8); --d-glow: var(--draw-glow, #24344f);
    --d-on: var(--draw-on-accent, #10141a);
  }
}
.drawing text { font-family: system-ui, "Segoe UI", Roboto, sans-serif; fill: currentColor; }
.drawing .d-t { font-size: 14px; }
.drawing .d-b { font-size: 15px; font-weight: 700; }
.drawing .d-k { font-size: 14px; font-weight: 700; }
.drawing .d-w { font-size: 13px; font-weight: 600; }
.drawing .d-s { font-size: 13px; fill: var(--d-soft); }
.drawing .d-v { font-size: 14px; }
.drawing .d-n { font-size: 13px; font-weight: 700; fill: var(--d-on); }
.drawing .d-c { font-size: 14px; font-family: ui-monospace, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; }
.drawing .d-h { font-size: 20px; font-weight: 600; }
.drawing .d-m { text-anchor: middle; }
.drawing .d-e { text-anchor: end; }
.drawing .d-frame, .drawing .d-field { fill: var(--d-paper); stroke: var(--d-line); stroke-width: 1.5; }
.drawing .d-line { fill: none; stroke: var(--d-line); stroke-width: 1.5; }
.drawing .d-bar { fill: var(--d-bar); }
.drawing .d-thumb { fill: var(--d-line); }
.drawing .d-on { fill: var(--d-paper); stroke: var(--d-accent); stroke-width: 2; }
.drawing .d-ring { fill: none; stroke: currentColor; stroke-width: 1.5; }
.drawing .d-dot { fill: currentColor; }
.drawing .d-a { fill: var(--d-glow); stroke: var(--d-accent); stroke-width: 2.5; }
.drawing .d-af { fill: var(--d-accent); }
.drawing .d-seen { fill: none; stroke: var(--d-on); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.drawing .d-tick, .drawing .d-arrow { fill: none; stroke-width: 2.5; stroke-linecap: round; stroke-linejoin: round; }
.drawing .d-tick { stroke: currentColor; }
.drawing .d-arrow { stroke: var(--d-accent); }
.drawing .d-hand { fill: var(--d-accent); stroke: var(--d-paper); stroke-width: 1.5; stroke-linejoin: round; }
@media (forced-colors: active) {
  .drawing {
    --d-ink: CanvasText; --d-soft: CanvasText; --d-paper: Canvas; --d-line: CanvasText; --d-bar: GrayText;
    --d-accent: Highlight; --d-glow: Canvas; --d-on: HighlightText; forced-color-adjust: none;
  }
}
@media print {
  .drawing { break-inside: avoid; print-color-adjust: exact; }
}
"""
