/** The viewer's style, which follows that of charts and pictures in page/figures.css, and the script that refreshes its pages. */

export const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #667; --accent: #0b6e99; --panel: #8882; }
@media (prefers-color-scheme: dark) { :root { --soft: #99a; --accent: #5cc8ef; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
a { color: var(--accent); }
.facts, .note, .progress, figcaption { color: var(--soft); font-size: .9rem; }
.problem { color: #c02626; font-size: .9rem; white-space: pre-wrap; }
@media (prefers-color-scheme: dark) { .problem { color: #ff8a80; } }
.runs { list-style: none; margin: 0; padding: 0; }
.runs a { border: 1px solid var(--line); border-radius: .5rem; color: inherit; display: block; margin: .75rem 0; padding: .75rem 1rem; text-decoration: none; }
.runs a:hover, .runs a:focus-visible { border-color: var(--accent); }
.runs a > span { display: block; }
.figures span { display: inline-block; margin-right: 1.25rem; }
.badge { border: 1px solid; border-radius: 1rem; font-size: .75rem; font-weight: normal; padding: .1rem .55rem; white-space: nowrap; }
.badge.complete { color: #1a7f37; } .badge.running { color: var(--accent); }
.badge.stopped { color: var(--soft); } .badge.damaged { color: #c02626; }
progress { height: .6rem; max-width: 100%; vertical-align: middle; width: 12rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .5rem; text-align: right; }
th:first-child { text-align: left; }
tbody th { font-weight: normal; overflow-wrap: break-word; }
tfoot td { font-weight: bold; }
td, thead th { white-space: nowrap; }
.doing { text-align: left; white-space: normal; }
.doing span { display: block; }
#offline { background: #ffd866; border-radius: .5rem; color: #222; padding: .5rem 1rem; }
`;

/** Requests the page every 1.5 seconds and replaces its content. The server replies 304 if nothing has changed. */
export const script = `
const offline = document.getElementById("offline");
let tag = "";
async function refresh() {
  try {
    const answer = await fetch(location.href, { headers: { "If-None-Match": tag }, cache: "no-store" });
    offline.hidden = true;
    if (answer.status === 304) return;
    tag = answer.headers.get("ETag") ?? "";
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector("main").replaceChildren(...page.querySelector("main").childNodes);
    document.title = page.title;
  } catch {
    offline.hidden = false;
  }
}
setInterval(refresh, 1500);
`;
