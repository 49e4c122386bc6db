// Help while a reply is written: drafts are kept, texts are inserted, a shortcut becomes a saved reply.

const PAUSE_MS = 600;
const TYPING_EVERY_MS = 4000;

/** Wire the reply form, if the page has one, and the buttons that ask for permission. */
export function helpWriting(page) {
  page.getElementById("allow-notifications")?.addEventListener("click", () => Notification.requestPermission());
  const form = page.getElementById("reply-form");
  if (!form) return;
  const field = form.elements.namedItem("text");
  keepDrafts(form, field);
  tellTyping(form, field);
  page.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (button) insert(field, button.dataset.insert);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.ctrlKey) form.requestSubmit();
  });
  field.addEventListener("input", () => {
    const typed = /(^|\s)\/([a-z0-9-]{2,32})\s$/.exec(field.value.slice(0, field.selectionStart));
    const saved = typed && page.querySelector(`[data-shortcut="${typed[2]}"]`);
    if (!saved) return;
    const end = field.selectionStart;
    field.setRangeText(saved.dataset.insert, end - typed[2].length - 2, end, "end");
  });
}

/** The citizen sees that somebody is writing: told every few seconds while keys are pressed. */
function tellTyping(form, field) {
  let told = -TYPING_EVERY_MS;
  field.addEventListener("input", () => {
    if (!field.value || performance.now() - told < TYPING_EVERY_MS) return;
    told = performance.now();
    const body = new URLSearchParams({ csrf: form.elements.namedItem("csrf").value });
    fetch(form.dataset.typing, { method: "POST", body }).catch(() => {});
  });
}

function insert(field, text) {
  const gap = field.value && !field.value.endsWith("\n") ? "\n" : "";
  field.value += gap + text;
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function keepDrafts(form, field) {
  const state = document.getElementById("draft-state");
  let timer = 0;
  let sent = false;
  const save = () => {
    clearTimeout(timer);
    if (sent) return;
    const body = new URLSearchParams({ csrf: form.elements.namedItem("csrf").value, text: field.value });
    fetch(form.dataset.draft, { method: "POST", body, keepalive: true }).then(
      (answer) => (state.textContent = answer.ok ? "Bozza salvata." : "Bozza non salvata."),
      () => (state.textContent = "Bozza non salvata: manca il collegamento."),
    );
  };
  field.addEventListener("input", () => {
    state.textContent = "";
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE_MS);
  });
  form.addEventListener("submit", () => {
    sent = true;
    clearTimeout(timer);
  });
  addEventListener("pagehide", () => state.textContent === "" && save());
}
