// @ts-check
/**
 * The chat of the demonstration page: one module, no dependency, nothing from another site.
 *
 * Texts from outside reach the page only through `textContent`, and nothing is sent before the privacy notice has been
 * accepted. Every message carries its own id and keeps it when it is sent again, so that a retry can never be answered
 * twice (POST /webhooks/rest/webhook returns the stored answer of an id it knows).
 */

/** Everything that citizens read and that is not in index.html. */
const TEXTS = {
  user: "Tu",
  assistant: "Assistente",
  greeting: "Ciao! Sono un programma e posso sbagliare.\nScrivi con parole tue oppure scegli una domanda:",
  suggestions: [
    "Quali sono gli orari dell'URP?",
    "In che zona è Rho?",
    "Chi controlla la caldaia?",
    "Cerco lavoro come barista a Rho",
  ],
  waiting: "Sto preparando la risposta…",
  stillWaiting: "Aspetta la risposta prima di mandare un'altra domanda.",
  empty: "Scrivi prima la tua domanda.",
  full: "Hai raggiunto 2.000 caratteri: il resto non entra.",
  restarted: "Hai iniziato una nuova conversazione.",
  unreachable:
    "Il messaggio non è partito o la risposta non è arrivata. Controlla la connessione e riprova. " +
    "Se hai fretta, chiama il numero verde 800.88.33.11.",
  late:
    "La risposta sta tardando. Riprova fra poco: la domanda non viene contata due volte. " +
    "Se hai fretta, chiama il numero verde 800.88.33.11.",
  fault:
    "Qualcosa non ha funzionato da parte nostra: scusaci. Riprova fra qualche minuto. " +
    "Se hai fretta, chiama il numero verde 800.88.33.11.",
};

const ENDPOINT = "/webhooks/rest/webhook";
const SOURCE_PREFIX = "Fonte:";
const SENDER_KEY = "sportello.sender";
const NOTICE_KEY = "sportello.notice";

/** A stored message is answered sooner or later and can be asked for again, so waiting longer gains nothing. */
const REQUEST_TIMEOUT_MS = 20_000;

/** Most answers come sooner; an indicator that flashes, and is read aloud, would only disturb. */
const INDICATOR_DELAY_MS = 300;

/**
 * @typedef {{title: string, payload: string}} Choice
 * @typedef {{text: string, choices: Choice[]}} Answer
 * @typedef {{id: string, text: string}} Outgoing
 */

/** An error whose message is a sentence for the citizen. */
class CitizenError extends Error {}

const page = {
  chatOff: find("chat-off", HTMLElement),
  notice: find("notice", HTMLElement),
  accept: find("accept", HTMLButtonElement),
  conversation: find("conversation", HTMLElement),
  restart: find("restart", HTMLButtonElement),
  log: find("log", HTMLElement),
  dots: find("dots", HTMLElement),
  status: find("status", HTMLElement),
  error: find("error", HTMLElement),
  errorText: find("error-text", HTMLElement),
  retry: find("retry", HTMLButtonElement),
  composer: find("composer", HTMLFormElement),
  question: find("question", HTMLTextAreaElement),
  send: find("send", HTMLButtonElement),
};

/** Stands in for sessionStorage where the browser forbids it: the chat works, and forgets on reload. */
const memory = /** @type {Map<string, string>} */ (new Map());

const state = {
  /** @type {AbortController | null} */
  request: null,
  /** @type {Outgoing | null} */
  failed: null,
  indicatorTimer: 0,
};

start();

/**
 * Show the notice, or the conversation if the notice was accepted in this tab.
 * @returns {void}
 */
function start() {
  page.accept.addEventListener("click", acceptNotice);
  page.restart.addEventListener("click", restart);
  page.retry.addEventListener("click", retry);
  page.composer.addEventListener("submit", submit);
  page.question.addEventListener("keydown", sendOnEnter);
  page.question.addEventListener("input", warnWhenFull);
  page.chatOff.hidden = true;
  if (isNoticeAccepted()) {
    openConversation();
  } else {
    page.notice.hidden = false;
  }
}

/** @returns {void} */
function acceptNotice() {
  remember(NOTICE_KEY, "yes");
  openConversation();
  focusForNext();
}

/** @returns {boolean} */
function isNoticeAccepted() {
  return recall(NOTICE_KEY) === "yes";
}

/** @returns {void} */
function openConversation() {
  page.notice.hidden = true;
  page.conversation.hidden = false;
  page.restart.hidden = false;
  greet();
}

/** @returns {void} */
function greet() {
  const choices = TEXTS.suggestions.map((text) => ({ title: text, payload: text }));
  showAnswers([{ text: TEXTS.greeting, choices }]);
}

/**
 * Forget this conversation: the next message belongs to a new, unrelated sender.
 * @returns {void}
 */
function restart() {
  const request = state.request;
  stopWaiting();
  request?.abort();
  clearError();
  remember(SENDER_KEY, newSender());
  page.log.replaceChildren();
  page.question.value = "";
  greet();
  page.status.textContent = TEXTS.restarted;
  focusForNext();
}

/**
 * @param {SubmitEvent} event
 * @returns {void}
 */
function submit(event) {
  event.preventDefault();
  const text = page.question.value.trim();
  if (!text) {
    page.status.textContent = TEXTS.empty;
  } else if (ask(text, text)) {
    page.question.value = "";
  }
  page.question.focus();
}

/**
 * @param {KeyboardEvent} event
 * @returns {void}
 */
function sendOnEnter(event) {
  // While an input method is composing, Enter picks a word.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) {
    return;
  }
  event.preventDefault();
  page.composer.requestSubmit();
}

/** @returns {void} */
function warnWhenFull() {
  // A browser cuts a pasted text at maxlength without a word.
  const isFull = page.question.value.length >= page.question.maxLength;
  if (!state.request) {
    page.status.textContent = isFull ? TEXTS.full : "";
  }
}

/**
 * Send a new message, unless the answer to the one before is still awaited.
 * @param {string} shown what the conversation shows
 * @param {string} text what is sent
 * @returns {boolean} whether it was sent
 */
function ask(shown, text) {
  if (state.request) {
    page.status.textContent = TEXTS.stillWaiting;
    return false;
  }
  showQuestion(shown);
  void deliver({ id: newId(), text });
  return true;
}

/** @returns {void} */
function retry() {
  if (state.failed) {
    void deliver(state.failed);
    focusForNext();
  }
}

/**
 * Send a message and show what comes of it.
 * @param {Outgoing} message
 * @returns {Promise<void>}
 */
async function deliver(message) {
  clearError();
  const request = startWaiting();
  try {
    const answers = await post(message, request.signal);
    if (state.request === request) {
      stopWaiting();
      showAnswers(answers);
    }
  } catch (error) {
    // After «Ricomincia» the request is no longer ours: its failure concerns nobody.
    if (state.request === request) {
      stopWaiting();
      showError(message, error);
    }
  }
}

/**
 * @param {Outgoing} message
 * @param {AbortSignal} signal
 * @returns {Promise<Answer[]>}
 */
async function post(message, signal) {
  const response = await fetch(ENDPOINT, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ sender: sender(), message: message.text, metadata: { message_id: message.id } }),
    signal,
  });
  const body = await readJSON(response);
  if (!response.ok) {
    throw new CitizenError(textField(body, "message") || TEXTS.fault);
  }
  const answers = readAnswers(body);
  if (answers.length === 0) {
    throw new CitizenError(TEXTS.fault);
  }
  return answers;
}

/**
 * @param {Response} response
 * @returns {Promise<unknown>} null if it is not JSON: a proxy may answer in our server's place, with HTML
 */
async function readJSON(response) {
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof SyntaxError) {
      return null;
    }
    throw error;
  }
}

/**
 * @param {unknown} body
 * @returns {Answer[]}
 */
function readAnswers(body) {
  const items = Array.isArray(body) ? body : [];
  return items
    .map((item) => ({ text: textField(item, "text"), choices: readChoices(item) }))
    .filter((answer) => answer.text || answer.choices.length > 0);
}

/**
 * @param {unknown} item
 * @returns {Choice[]}
 */
function readChoices(item) {
  const buttons = field(item, "buttons");
  const choices = Array.isArray(buttons) ? buttons : [];
  return choices
    .map((button) => ({ title: textField(button, "title"), payload: textField(button, "payload") }))
    .filter((choice) => choice.title && choice.payload);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {unknown}
 */
function field(value, name) {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string} empty if there is no such text
 */
function textField(value, name) {
  const found = field(value, name);
  return typeof found === "string" ? found : "";
}

/**
 * @param {string} shown
 * @returns {void}
 */
function showQuestion(shown) {
  const message = messageElement("user", TEXTS.user, shown, "");
  page.log.append(message);
  scrollLogTo(message);
}

/**
 * @param {Answer[]} answers
 * @returns {void}
 */
function showAnswers(answers) {
  // One insertion of finished elements: screen readers announce each answer once and whole.
  const fragment = document.createDocumentFragment();
  for (const answer of answers) {
    const [body, source] = splitSource(answer.text);
    if (answer.text) {
      fragment.append(messageElement("assistant", TEXTS.assistant, body, source));
    }
    if (answer.choices.length > 0) {
      fragment.append(choicesElement(answer.choices));
    }
  }
  page.log.append(fragment);
  const questions = page.log.querySelectorAll(".message-user");
  scrollLogTo(questions[questions.length - 1]);
}

/**
 * @param {string} answer
 * @returns {[string, string]} the answer without its source, and the source
 */
function splitSource(answer) {
  const lines = answer.trimEnd().split("\n");
  const last = lines[lines.length - 1];
  return lines.length > 1 && last.startsWith(SOURCE_PREFIX)
    ? [lines.slice(0, -1).join("\n").trimEnd(), last]
    : [answer, ""];
}

/**
 * @param {"user" | "assistant"} kind
 * @param {string} who
 * @param {string} body
 * @param {string} source
 * @returns {HTMLElement}
 */
function messageElement(kind, who, body, source) {
  const message = document.createElement("div");
  message.className = `message message-${kind}`;
  message.append(paragraph("who", who), paragraph("text", body));
  if (source) {
    message.append(paragraph("source", source));
  }
  return message;
}

/**
 * @param {string} className
 * @param {string} content
 * @returns {HTMLElement}
 */
function paragraph(className, content) {
  const element = document.createElement("p");
  element.className = className;
  element.dir = "auto";
  element.textContent = content;
  return element;
}

/**
 * @param {Choice[]} choices
 * @returns {HTMLElement}
 */
function choicesElement(choices) {
  const element = document.createElement("div");
  element.className = "choices";
  element.append(...choices.map(choiceButton));
  return element;
}

/**
 * @param {Choice} choice
 * @returns {HTMLButtonElement}
 */
function choiceButton(choice) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-plain choice";
  button.dir = "auto";
  button.textContent = choice.title;
  button.addEventListener("click", (event) => {
    // Whoever double-clicks «Ho capito» hits the question that appears under the pointer: that was not a choice.
    if (event.detail <= 1) {
      ask(choice.title, choice.payload);
      focusForNext();
    }
  });
  return button;
}

/**
 * Bring a message to the top of the log, so that a long answer is read from its question on.
 * @param {Element | undefined} message
 * @returns {void}
 */
function scrollLogTo(message) {
  page.log.scrollTop = message instanceof HTMLElement ? message.offsetTop - 8 : 0;
}

/** @returns {AbortController} the request that is now awaited */
function startWaiting() {
  const request = new AbortController();
  state.request = request;
  page.status.textContent = "";
  // Not `disabled`: that would throw the focus away.
  page.send.setAttribute("aria-disabled", "true");
  state.indicatorTimer = window.setTimeout(showIndicator, INDICATOR_DELAY_MS);
  window.setTimeout(() => request.abort(), REQUEST_TIMEOUT_MS);
  return request;
}

/** @returns {void} */
function showIndicator() {
  page.dots.hidden = false;
  page.status.textContent = TEXTS.waiting;
}

/** @returns {void} */
function stopWaiting() {
  window.clearTimeout(state.indicatorTimer);
  state.request = null;
  page.send.removeAttribute("aria-disabled");
  page.dots.hidden = true;
  page.status.textContent = "";
}

/**
 * @param {Outgoing} message
 * @param {unknown} error
 * @returns {void}
 */
function showError(message, error) {
  state.failed = message;
  page.errorText.textContent = errorSentence(error);
  page.error.classList.add("error-shown");
  page.retry.hidden = false;
  // On a phone it would open below the edge of the screen.
  page.error.scrollIntoView({ block: "nearest" });
}

/**
 * @param {unknown} error
 * @returns {string}
 */
function errorSentence(error) {
  if (error instanceof CitizenError) {
    return error.message;
  }
  return error instanceof DOMException && error.name === "AbortError" ? TEXTS.late : TEXTS.unreachable;
}

/** @returns {void} */
function clearError() {
  state.failed = null;
  page.errorText.textContent = "";
  page.error.classList.remove("error-shown");
  page.retry.hidden = true;
}

/**
 * Put the focus where the conversation goes on, after a button that is not part of the form.
 * @returns {void}
 */
function focusForNext() {
  // On a touch screen the textarea would open the keyboard over the answer that was just asked for.
  const hasTouchKeyboard = window.matchMedia("(pointer: coarse)").matches;
  const next = hasTouchKeyboard ? page.log : page.question;
  next.focus({ preventScroll: hasTouchKeyboard });
}

/** @returns {string} who this tab is, to the server */
function sender() {
  const known = recall(SENDER_KEY);
  if (known) {
    return known;
  }
  const created = newSender();
  remember(SENDER_KEY, created);
  return created;
}

/** @returns {string} */
function newSender() {
  return `sito-${newId()}`;
}

/** @returns {string} a random id that nobody can guess */
function newId() {
  if (typeof crypto.randomUUID === "function") {
    return crypto.randomUUID();
  }
  // Browsers offer randomUUID on https and localhost only; an office may try the page on plain http.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {string} key
 * @returns {string | null}
 */
function recall(key) {
  try {
    return sessionStorage.getItem(key) ?? memory.get(key) ?? null;
  } catch {
    return memory.get(key) ?? null;
  }
}

/**
 * @param {string} key
 * @param {string} value
 * @returns {void}
 */
function remember(key, value) {
  memory.set(key, value);
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // `memory` has it.
  }
}

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
function find(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) {
    throw new Error(`index.html has no ${type.name} with the id ${id}`);
  }
  return element;
}
