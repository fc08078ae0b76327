export const stylesheet = `
:root {
  color-scheme: light dark;
  --ground: #f4f5f3; --card: #fff; --ink: #1d2421; --quiet: #57625d; --line: #d7dcd8;
  --field: #fff; --accent: #276352; --on-accent: #fff; --bad: #a32b21; --bad-ground: #fdf0ee; --notice: #fbf3d7; --notice-ink: #59460a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #141816; --card: #1d2320; --ink: #e9eeeb; --quiet: #a3afa9; --line: #37403b;
    --field: #141816; --accent: #7fcbb3; --on-accent: #0d1f19; --bad: #ff9d92; --bad-ground: #3a201d; --notice: #39300f; --notice-ink: #f3e3a8;
  }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
.notice { background: var(--notice); color: var(--notice-ink); padding: .6rem 1rem; text-align: center; font-size: .9rem; }
.notice p { margin: 0; }
.card { width: calc(100% - 2rem); max-width: 27rem; margin: clamp(1rem, 8vh, 5rem) auto 2rem; padding: clamp(1.25rem, 5vw, 2.25rem); background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
.card.wide { max-width: 52rem; margin-top: clamp(1rem, 4vh, 3rem); }
h1 { margin: 0 0 .35rem; font-size: 1.45rem; line-height: 1.25; letter-spacing: -.01em; }
h2 { margin: 2rem 0 .5rem; font-size: 1.05rem; }
p { margin: 0 0 1rem; }
.quiet { color: var(--quiet); }
.who { overflow-wrap: anywhere; }
form { display: grid; gap: .65rem; margin-top: 1.25rem; }
label { font-weight: 600; }
input { width: 100%; padding: .7rem .8rem; font: inherit; color: inherit; background: var(--field); border: 1px solid var(--quiet); border-radius: 9px; }
input[aria-invalid=true] { border-color: var(--bad); }
button, .button { display: block; width: 100%; min-height: 2.9rem; padding: .6rem 1rem; font: inherit; font-weight: 600; text-align: center; cursor: pointer; color: var(--ink); background: transparent; border: 1px solid var(--quiet); border-radius: 9px; }
button.main { color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
button.bad { color: var(--bad); border-color: var(--bad); }
button:hover { filter: brightness(1.08); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
[role=alert] { margin: 1rem 0; padding: .7rem .85rem; color: var(--bad); background: var(--bad-ground); border-radius: 9px; }
.number { font-size: 1.2rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .45rem 1.25rem; margin: 0; padding: 1rem; border: 1px solid var(--line); border-radius: 10px; }
dl + dl { margin-top: .75rem; }
dt { color: var(--quiet); }
dd { margin: 0; min-width: 0; }
code { font: .92em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; user-select: all; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .5rem .5rem .5rem 0; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--quiet); font-weight: 500; }
@media (max-width: 34rem) {
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .6rem; }
}
`;
