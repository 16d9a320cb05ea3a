/** The look of the page: no font, picture or script of anybody's, in light and dark, on screens and on paper. */
export const STYLE = `
:root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--soft:#59636e;--line:#d1d9e0;--panel:#f6f8fa;
--hole:#b3001b;--hole-back:#ffd9dd;--weak:#7a4d00;--weak-back:#ffefc7;--good:#0b5d2a;--good-back:#dcf5e3;--own:#0a4a8f;--own-back:#dcebfb;--odd:#5b2a86;--odd-back:#efe2fb}
@media (prefers-color-scheme:dark){:root{--back:#0d1117;--text:#e6edf3;--soft:#9198a1;--line:#3d444d;--panel:#151b23;
--hole:#ff9aa5;--hole-back:#5c0a16;--weak:#ffd37a;--weak-back:#4a3200;--good:#7ee2a0;--good-back:#0c3a1e;--own:#9accff;--own-back:#0c2f55;--odd:#d9b8ff;--odd-back:#3a1d57}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:110rem;padding:1.5rem;background:var(--back);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
h1{margin:0;font-size:1.5rem}h2{margin:2rem 0 .75rem;font-size:1.2rem}h3{margin:0;font-size:1rem;font-family:ui-monospace,monospace}
small,.soft{color:var(--soft);font-weight:400}
.verdict{display:flex;align-items:center;gap:.75rem;margin:1rem 0;padding:.75rem 1rem;border:2px solid;border-radius:.5rem;font-size:1.2rem;font-weight:600}
.verdict.fatal{color:var(--hole);background:var(--hole-back)}.verdict.warning{color:var(--weak);background:var(--weak-back)}.verdict.good{color:var(--good);background:var(--good-back)}
.tiles{display:flex;flex-wrap:wrap;gap:.75rem;margin:0;padding:0;list-style:none}
.tiles li{min-width:7rem;padding:.5rem .9rem;border:1px solid var(--line);border-radius:.5rem;background:var(--panel)}
.tiles b{display:block;font-size:1.4rem}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;margin:0 0 1rem;padding:0;list-style:none;font-size:.9rem}
.legend .cell{display:inline-block;width:1.6rem;text-align:center;border-radius:.2rem}
.scroll{max-width:100%;max-height:85vh;overflow:auto;border:1px solid var(--line);border-radius:.5rem;margin-bottom:1rem}
.matrix{border-collapse:separate;border-spacing:0}
.matrix caption{padding:.4rem .75rem;text-align:left;font-weight:600}
.matrix th{font-weight:600;text-align:left;background:var(--panel)}
.matrix thead th{position:sticky;top:0;z-index:2;vertical-align:bottom;border-bottom:1px solid var(--line);padding:.4rem .2rem}
.matrix thead th span{writing-mode:vertical-rl;transform:rotate(180deg);max-height:14rem;overflow:hidden;font-family:ui-monospace,monospace;font-size:.85rem;font-weight:400}
.matrix th:first-child{position:sticky;left:0;z-index:1;padding:.15rem .75rem;border-right:1px solid var(--line);white-space:nowrap}
.matrix thead th:first-child{z-index:3}
.matrix td{min-width:2.1rem;padding:.1rem;text-align:center;border-right:1px solid var(--back);border-bottom:1px solid var(--back)}
.word{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.cell.hole{color:var(--hole);background:var(--hole-back);font-weight:900;outline:2px solid var(--hole);outline-offset:-2px}
.cell.weak{color:var(--weak);background:var(--weak-back);font-weight:700}.cell.unknown{color:var(--odd);background:var(--odd-back);font-weight:700}
.cell.policy{color:var(--good);background:var(--good-back)}.cell.schema,.cell.database{color:var(--own);background:var(--own-back)}
.cell.common,.cell.closed,.cell.none{color:var(--soft)}
details{margin:1rem 0}summary{cursor:pointer;font-weight:600;padding:.4rem 0}
.finding{margin:0 0 1rem;padding:.75rem 1rem;border:1px solid var(--line);border-left:.4rem solid;border-radius:.5rem}
.finding.fatal{border-left-color:var(--hole)}.finding.warning{border-left-color:var(--weak)}.finding p{margin:.4rem 0}
.badge{padding:.1rem .5rem;border-radius:1rem;font-family:system-ui,sans-serif;font-size:.85rem}
.badge.fatal{color:var(--hole);background:var(--hole-back)}.badge.warning{color:var(--weak);background:var(--weak-back)}
.object{overflow-wrap:anywhere}
pre{margin:.25rem 0 .75rem;padding:.6rem .8rem;overflow-x:auto;background:var(--panel);border:1px solid var(--line);border-radius:.4rem;font:.85rem/1.45 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
:focus-visible{outline:3px solid var(--own);outline-offset:2px}
@media print{body{padding:0;font-size:9pt}.scroll{max-height:none;overflow:visible;border:0}.matrix thead th,.matrix th:first-child{position:static}
.cell,.verdict,.badge,.finding{print-color-adjust:exact;-webkit-print-color-adjust:exact}.finding,tr{break-inside:avoid}details::details-content{content-visibility:visible;block-size:auto}}
`
