// @ts-check
/**
 * The looks, in the spirit of Bootstrap Italia. Pairs used for text reach 4.5:1, borders of controls 3:1, in every theme.
 *
 * A constructed style sheet: the host page's policy needs no `unsafe-inline` for it, and the page's own styles cannot reach in.
 * `--sportello-…` are the site's; `--u` is the size of the text, so that the visitor's choice scales everything.
 */

const CSS = `
:host { all: initial; display: block; }
:host([hidden]) { display: none; }
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }

.frame {
  --u: 1rem;
  --primary: var(--sportello-primary, #0066cc);
  --primary-strong: var(--sportello-primary-strong, #004d99);
  --on-primary: var(--sportello-on-primary, #ffffff);
  --link: var(--sportello-link, var(--primary));
  --surface: var(--sportello-surface, #ffffff);
  --ink: var(--sportello-text, #17324d);
  --ink-soft: #435a70;
  --line: #c5d2de;
  --control: #5c6f82;
  --theirs: #e8f1fb;
  --mine: var(--primary);
  --on-mine: var(--on-primary);
  --staff: #fff3d6;
  --bad: #b3203a;
  --bad-fill: #fdf0f2;
  --focus: #17324d;
  --focus-gap: #ffffff;
  --radius: var(--sportello-radius, 8px);
  color: var(--ink);
  font: 400 var(--u) / 1.5 var(--sportello-font, "Titillium Web", "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif);
  text-align: start;
}
.frame[data-size="125"] { --u: 1.25rem; }
.frame[data-size="150"] { --u: 1.5rem; }
.frame[data-size="200"] { --u: 2rem; }
.frame[data-theme="dark"] {
  --primary: var(--sportello-primary-dark, #8ec5ff);
  --primary-strong: #b9dbff;
  --on-primary: var(--sportello-on-primary-dark, #0b1722);
  --link: var(--primary);
  --surface: #12222f;
  --ink: #e8eef4;
  --ink-soft: #b4c3d1;
  --line: #31475a;
  --control: #8499ac;
  --theirs: #1d3345;
  --mine: #1d4f85;
  --on-mine: #ffffff;
  --staff: #40360f;
  --bad: #ff9dac;
  --bad-fill: #331a22;
  --focus: #ffffff;
  --focus-gap: #12222f;
  color-scheme: dark;
}
.frame[data-contrast="high"] {
  --primary: #003366; --primary-strong: #000000; --on-primary: #ffffff; --link: #00268a; --surface: #ffffff; --ink: #000000;
  --ink-soft: #000000; --line: #000000; --control: #000000; --theirs: #ffffff; --mine: #000000; --on-mine: #ffffff; --staff: #ffffff;
  --bad: #8a0018; --bad-fill: #ffffff; --focus: #000000; --focus-gap: #ffffff;
}
.frame[data-contrast="high"][data-theme="dark"] {
  --primary: #ffe066; --primary-strong: #ffffff; --on-primary: #000000; --link: #ffe066; --surface: #000000; --ink: #ffffff;
  --ink-soft: #ffffff; --line: #ffffff; --control: #ffffff; --theirs: #000000; --mine: #ffffff; --on-mine: #000000; --staff: #000000;
  --bad: #ffb3c0; --bad-fill: #000000; --focus: #ffe066; --focus-gap: #000000;
}

h2, h3, h4, p, ul, fieldset, legend { margin: 0; padding: 0; border: 0; min-width: 0; }
a { color: var(--link); overflow-wrap: anywhere; }
button, input, select, textarea { font: inherit; color: inherit; margin: 0; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; box-shadow: 0 0 0 2px var(--focus-gap); }
h3:focus-visible { outline-offset: 4px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.icon { width: 1.5em; height: 1.5em; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; display: block; }

button, .file {
  min-height: 2.75rem; padding: .375rem .875rem; border: 2px solid var(--primary); border-radius: calc(var(--radius) / 2);
  background: var(--surface); color: var(--link); font-weight: 600; line-height: 1.25; overflow-wrap: anywhere; cursor: pointer; text-align: start;
}
button:hover { border-color: var(--primary-strong); color: var(--primary-strong); }
button.main { background: var(--primary); color: var(--on-primary); }
button.main:hover { background: var(--primary-strong); }
button.plain { border-color: transparent; background: none; padding: .25rem .5rem; min-height: 2.25rem; text-decoration: underline; }
button.plain:hover { border-color: currentColor; }
button.choice { border-width: 1px; border-radius: 1.375rem; padding-inline: 1rem; }
.file { display: inline-flex; align-items: center; text-decoration: none; }

.launcher {
  position: fixed; z-index: var(--sportello-z-index, 1000); inset-block-end: var(--sportello-bottom, 1rem); inset-inline-end: var(--sportello-side, 1rem);
  display: flex; align-items: center; gap: .5rem; min-height: calc(var(--u) * 3.5); padding: .25rem 1.25rem .25rem 1rem; border: 2px solid var(--on-primary);
  border-radius: calc(var(--u) * 1.75); background: var(--primary); color: var(--on-primary); box-shadow: 0 4px 16px rgb(0 0 0 / 35%);
}
.launcher:hover { background: var(--primary-strong); color: var(--on-primary); border-color: var(--on-primary); }
.launcher .icon { width: 1.75em; height: 1.75em; flex: none; }
.badge {
  position: absolute; inset-block-start: -.25rem; inset-inline-end: -.25rem; min-width: 1.5rem; padding-inline: .3rem; border-radius: .75rem;
  border: 2px solid var(--surface); background: var(--bad); color: var(--surface); font-size: .875rem; line-height: 1.375; text-align: center;
}

.panel { display: flex; flex-direction: column; background: var(--surface); overflow: hidden auto; overscroll-behavior: contain; }
.panel:not(.page) {
  position: fixed; z-index: var(--sportello-z-index, 1000); inset-block-end: var(--sportello-bottom, 1rem); inset-inline-end: var(--sportello-side, 1rem);
  width: min(calc(var(--u) * 26), 100vw - 2rem); height: min(calc(var(--u) * 44), 100vh - 2rem); height: min(calc(var(--u) * 44), 100dvh - 2rem);
  border: 1px solid var(--control); border-radius: var(--radius); box-shadow: 0 8px 32px rgb(0 0 0 / 30%);
}
.panel.page { height: var(--sportello-page-height, min(calc(var(--u) * 48), 85vh)); min-height: 22rem; border: 1px solid var(--line); border-radius: var(--radius); }

.bar { display: flex; align-items: center; gap: .25rem; padding: .5rem .5rem .5rem 1rem; background: var(--primary); color: var(--on-primary); flex: none; }
.bar h2 { flex: 1; font-size: calc(var(--u) * 1.125); font-weight: 600; line-height: 1.25; overflow-wrap: anywhere; }
.icon-button { display: grid; place-items: center; flex: none; width: 2.75rem; padding: 0; border-color: transparent; background: none; color: inherit; }
.icon-button:hover { color: inherit; border-color: currentColor; }
.bar :focus-visible { outline-color: var(--on-primary); box-shadow: none; outline-offset: -3px; }
.banner, .toast { padding: .5rem 1rem; border-block-end: 1px solid var(--line); background: var(--theirs); flex: none; font-size: calc(var(--u) * .9375); }
.banner:empty, .toast:empty, .problem:empty, .writing:empty { display: none; }
.toast { font-weight: 600; }

.conversation { display: flex; flex-direction: column; flex: 1; min-height: 0; }
.log { position: relative; flex: 1 1 0; min-height: 8rem; overflow: hidden auto; padding: .75rem 1rem; overscroll-behavior: contain; }
.log:focus-visible { outline-offset: -3px; }
.list { display: flex; flex-direction: column; gap: .75rem; }
.message { max-width: 100%; min-width: 0; display: flex; flex-direction: column; align-items: flex-start; gap: .375rem; }
.message.citizen { align-items: flex-end; }
.who { font-size: calc(var(--u) * .8125); font-weight: 600; color: var(--ink-soft); }
.text { max-width: 100%; white-space: pre-line; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.message > .text { padding: .5rem .75rem; border-radius: var(--radius); background: var(--theirs); border: 1px solid transparent; }
.assistant > .text { border-start-start-radius: 0; }
.citizen > .text { background: var(--mine); color: var(--on-mine); border-start-end-radius: 0; max-width: 88%; }
.citizen > .text a { color: inherit; }
.staff > .text { background: var(--staff); border-inline-start: 4px solid var(--control); }
.system > .text { background: none; border: 1px dashed var(--control); }
[data-contrast="high"] .message > .text { border: 1px solid var(--line); }
.source, .progress, .hint { font-size: calc(var(--u) * .875); color: var(--ink-soft); overflow-wrap: anywhere; }
.progress.failed { color: var(--bad); font-weight: 600; }
.problem { color: var(--bad); font-weight: 600; font-size: calc(var(--u) * .9375); }
button.wrong { font-size: calc(var(--u) * .875); font-weight: 400; padding-inline: 0; }
.choices, .hours, .scores, .turn { display: flex; flex-wrap: wrap; gap: .5rem; }
.days { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(7.5em, 100%), 1fr)); gap: .5rem; }
.turn { justify-content: space-between; }
.card { width: 100%; padding: .75rem; border: 1px solid var(--line); border-inline-start: 4px solid var(--primary); border-radius: calc(var(--radius) / 2); display: grid; gap: .375rem; }
.card-title { font-weight: 600; overflow-wrap: anywhere; }
.picker { width: 100%; display: grid; gap: .75rem; padding: .75rem; border: 1px solid var(--line); border-radius: var(--radius); }
.picker legend, .scores legend { font-weight: 600; padding: 0 .25rem; }
.scores legend { padding: 0 0 .5rem; }
.day { position: relative; display: grid; }
.day input { position: absolute; inset: 0; width: 100%; height: 100%; opacity: 0; cursor: pointer; }
.day span { display: grid; place-items: center; text-align: center; line-height: 1.25; min-width: 2.75rem; min-height: 2.75rem; padding: .25rem .5rem; border: 1px solid var(--control); border-radius: calc(var(--radius) / 2); }
.day input:checked + span { background: var(--primary); color: var(--on-primary); border-color: var(--primary); font-weight: 600; }
.day input:focus-visible + span { outline: 3px solid var(--focus); outline-offset: 2px; }
.hour { min-width: 4.5rem; text-align: center; }
.writing { display: flex; align-items: center; gap: .5rem; padding-block: .75rem 0; font-size: calc(var(--u) * .875); color: var(--ink-soft); }
.dots { display: inline-flex; gap: .25rem; }
.dots span { width: .5rem; height: .5rem; border-radius: 50%; background: var(--control); animation: pulse 1.2s infinite ease-in-out; }
.dots span:nth-child(2) { animation-delay: .2s; }
.dots span:nth-child(3) { animation-delay: .4s; }
@keyframes pulse { 50% { opacity: .25; } }

.composer { padding: .5rem 1rem 0; border-block-start: 1px solid var(--line); flex: none; display: grid; gap: .25rem; }
.composer label { font-weight: 600; font-size: calc(var(--u) * .9375); }
.row { display: flex; gap: .5rem; align-items: flex-end; }
textarea, .row input, select { width: 100%; min-height: 2.75rem; padding: .5rem .625rem; border: 1px solid var(--control); border-radius: calc(var(--radius) / 2); background: var(--surface); }
textarea { resize: vertical; max-height: 10rem; field-sizing: content; }
[aria-invalid="true"] { border: 2px solid var(--bad); }
.send { display: grid; place-items: center; flex: none; width: 3rem; padding: 0; }
.shortcuts { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 .25rem; padding: 0 .625rem .25rem; flex: none; }
.shortcuts button { font-size: calc(var(--u) * .8125); font-weight: 400; padding-inline: .25rem; }

.sheets { flex: 1; min-height: 0; overflow: hidden auto; padding: 1rem; }
.sheet, .sheet form { display: grid; gap: .75rem; justify-items: start; }
.sheet form { width: 100%; }
.sheet h3 { font-size: calc(var(--u) * 1.25); line-height: 1.25; }
.sheet > .plain { margin-inline-start: -.625rem; }
.sheet h4 { font-size: var(--u); padding-block-start: .5rem; }
.sheet ul { padding-inline-start: 1.25rem; display: grid; gap: .375rem; }
.sheet section { width: 100%; display: grid; gap: .5rem; justify-items: start; border-block-start: 1px solid var(--line); padding-block-start: .25rem; }
.sheet label { font-weight: 600; }
.sheet textarea { min-height: 5rem; }
.remark { padding: .5rem .75rem; background: var(--theirs); border-radius: calc(var(--radius) / 2); }
.actions { display: flex; flex-wrap: wrap; gap: .5rem; }
.actions .plain { min-height: 2.75rem; }
.item { width: 100%; border-width: 1px; border-color: var(--line); }
.setting { width: 100%; display: grid; gap: .25rem; }
.check { display: flex; align-items: center; gap: .625rem; min-height: 2.75rem; }
.check input { width: 1.5rem; height: 1.5rem; accent-color: var(--primary); }

@media (max-width: 30rem), (max-height: 26rem) {
  .launcher { padding-inline: .875rem; }
  .launcher .label { display: none; }
  .panel:not(.page) { inset: 0; inset-block-start: var(--free-top, 0); width: auto; height: var(--free-height, 100dvh); border: 0; border-radius: 0; }
}
/* The on-screen keyboard is open: what is said matters more than hints, which are still read aloud. */
@media (max-height: 34rem) {
  .composer .hint { display: none; }
  .shortcuts button { min-height: 1.75rem; }
}
/* So low (a phone on its side, 400 % zoom) that fixed parts would leave nothing to read: all scrolls together. */
@media (max-height: 26rem) {
  .panel { display: block; }
  .panel.page { height: auto; min-height: 0; }
  .conversation { display: block; }
  .log, .sheets { overflow: visible; min-height: 0; }
}
@media (prefers-reduced-motion: reduce) { .dots span { animation: none; } }
@media (forced-colors: active) {
  .message > .text, .launcher, .card { border: 1px solid CanvasText; }
  .day input:checked + span { outline: 3px solid Highlight; }
  :focus-visible { outline-color: Highlight; }
}
`;

/** @returns {CSSStyleSheet} */
export function styleSheet() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  return sheet;
}
