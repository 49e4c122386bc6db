// @ts-check
/** Every interface text of the widget, in Italian and English. What the assistant says comes from the server. */

const IT = {
  heading: "Assistente dell'URP",
  open: "Apri la chat: {heading}",
  resume: "Continua la chat: {heading}",
  unread: "Nuovi messaggi: {count}",
  close: "Chiudi la chat",
  options: "Opzioni",
  back: "Torna alla chat",
  cancel: "Annulla",
  send: "Invia",
  newTab: "si apre in un'altra scheda",

  you: "Tu",
  assistant: "Assistente",
  staff: "{name}, URP",
  staffUnnamed: "Una persona dell'URP",
  system: "Avviso",
  log: "Conversazione",
  earlier: "Mostra i messaggi precedenti",
  gap: "Alcuni messaggi precedenti non ci sono più.",

  question: "La tua domanda",
  answer: "La tua risposta",
  help: "Non scrivere dati personali, se non te li chiedo.",
  empty: "Scrivi prima la tua domanda.",
  tooLong: "Il messaggio è troppo lungo: {count} caratteri, al massimo {max}.",
  left: "Puoi scrivere ancora {count} caratteri.",
  wrongEmail: "Controlla l'e-mail: deve somigliare a nome@esempio.it.",

  sending: "In invio…",
  held: "Parte quando torna la connessione",
  sent: "Inviato",
  failed: "Non inviato",
  retry: "Riprova",
  writing: "Sto preparando la risposta…",
  staffWriting: "Una persona dell'URP sta scrivendo…",

  connecting: "Mi collego…",
  offline: "Non c'è connessione. Puoi scrivere: i messaggi partono appena torna.",
  unreachable: "Ora la chat non risponde. Puoi riprovare o contattare l'ufficio in un altro modo.",
  needConnection: "Per questo serve la connessione. Riprova fra poco.",
  newMessage: "È arrivato un nuovo messaggio.",

  noticeTitle: "Prima di iniziare: i tuoi dati",
  noticeLink: "Leggi tutta l'informativa",
  accept: "Ho capito, inizia",
  refuse: "Non ora",
  expired: "La conversazione di prima è scaduta. Puoi cominciarne una nuova.",
  endedTitle: "Conversazione chiusa",
  leftBehind: "Su questo computer non resta niente della conversazione.",
  startNew: "Nuova conversazione",

  days: "Scegli il giorno",
  soonerDays: "Giorni precedenti",
  laterDays: "Giorni successivi",
  hours: "Orari liberi: {day}",
  pickerUsed: "Questi orari non si possono più scegliere qui: guarda il messaggio più recente.",
  download: "Scarica {name}",
  wrong: "Questa informazione è sbagliata?",
  wrongTitle: "Segnala un'informazione sbagliata",
  wrongHelp: "Che cosa non va? Puoi anche lasciare vuoto. Non scrivere dati personali.",
  wrongSend: "Segnala",
  wrongThanks: "Grazie. L'ufficio controllerà questa informazione.",

  person: "Parla con una persona",
  personMessage: "Vorrei parlare con una persona",
  leave: "Esci e cancella da questo computer",

  conversation: "Conversazione",
  restart: "Ricomincia da capo",
  restarted: "Hai iniziato una nuova conversazione.",
  saveTranscript: "Scarica la conversazione",
  transcriptName: "conversazione-urp.txt",
  rate: "Dai un voto",
  appearance: "Aspetto",
  textSize: "Dimensione del testo",
  percent: "{size} %",
  contrast: "Contrasto alto",
  theme: "Colori",
  themeAuto: "Come il dispositivo",
  themeLight: "Chiari",
  themeDark: "Scuri",
  language: "Lingua dei comandi",
  yourData: "I tuoi dati",
  exportData: "Scarica i tuoi dati",
  exportName: "dati-urp.json",
  eraseData: "Cancella i tuoi dati",
  eraseTitle: "Vuoi cancellare i tuoi dati?",
  eraseHelp: "Cancelliamo i messaggi di questa conversazione e i dati che hai lasciato qui. Non si può annullare.",
  eraseConfirm: "Sì, cancella",

  rateTitle: "Come è andata?",
  rateHelp: "Da 1 (male) a 5 (bene)",
  rateMissing: "Scegli prima un voto da 1 a 5.",
  rateComment: "Vuoi aggiungere qualcosa? Non scrivere dati personali.",
  rateThanks: "Grazie per il tuo voto.",
};

/** @typedef {{[K in keyof typeof IT]: string}} Texts */

/** @type {Texts} */
const EN = {
  heading: "Public office assistant",
  open: "Open the chat: {heading}",
  resume: "Continue the chat: {heading}",
  unread: "New messages: {count}",
  close: "Close the chat",
  options: "Options",
  back: "Back to the chat",
  cancel: "Cancel",
  send: "Send",
  newTab: "opens in another tab",

  you: "You",
  assistant: "Assistant",
  staff: "{name}, public office",
  staffUnnamed: "A person of the office",
  system: "Notice",
  log: "Conversation",
  earlier: "Show earlier messages",
  gap: "Some earlier messages are no longer there.",

  question: "Your question (the assistant speaks Italian)",
  answer: "Your answer",
  help: "Do not write personal data unless asked.",
  empty: "Write your question first.",
  tooLong: "The message is too long: {count} characters, {max} at most.",
  left: "You can write {count} more characters.",
  wrongEmail: "Check the e-mail: it should look like name@example.com.",

  sending: "Sending…",
  held: "Leaves when you are connected again",
  sent: "Sent",
  failed: "Not sent",
  retry: "Try again",
  writing: "Preparing the answer…",
  staffWriting: "A person of the office is writing…",

  connecting: "Connecting…",
  offline: "There is no connection. You can write: messages leave when it is back.",
  unreachable: "The chat does not respond now. You can try again or contact the office in another way.",
  needConnection: "This needs a connection. Try again soon.",
  newMessage: "There is a new message.",

  noticeTitle: "Before you start: your data",
  noticeLink: "Read the whole notice",
  accept: "I understand, start",
  refuse: "Not now",
  expired: "The earlier conversation has expired. You can start a new one.",
  endedTitle: "Conversation closed",
  leftBehind: "Nothing of the conversation is left on this computer.",
  startNew: "New conversation",

  days: "Choose the day",
  soonerDays: "Earlier days",
  laterDays: "Later days",
  hours: "Free times: {day}",
  pickerUsed: "These times can no longer be chosen here: see the latest message.",
  download: "Download {name}",
  wrong: "Is this information wrong?",
  wrongTitle: "Report wrong information",
  wrongHelp: "What is wrong? You can leave this empty. Do not write personal data.",
  wrongSend: "Report",
  wrongThanks: "Thank you. The office will check this information.",

  person: "Talk to a person",
  personMessage: "Vorrei parlare con una persona",
  leave: "Leave and erase from this computer",

  conversation: "Conversation",
  restart: "Start over",
  restarted: "You have started a new conversation.",
  saveTranscript: "Download the conversation",
  transcriptName: "conversation-urp.txt",
  rate: "Rate the chat",
  appearance: "Appearance",
  textSize: "Text size",
  percent: "{size} %",
  contrast: "High contrast",
  theme: "Colours",
  themeAuto: "Like the device",
  themeLight: "Light",
  themeDark: "Dark",
  language: "Language of the controls",
  yourData: "Your data",
  exportData: "Download your data",
  exportName: "data-urp.json",
  eraseData: "Erase your data",
  eraseTitle: "Erase your data?",
  eraseHelp: "We erase the messages of this conversation and the data you left here. This cannot be undone.",
  eraseConfirm: "Yes, erase",

  rateTitle: "How did it go?",
  rateHelp: "From 1 (badly) to 5 (well)",
  rateMissing: "Choose a rating from 1 to 5 first.",
  rateComment: "Anything to add? Do not write personal data.",
  rateThanks: "Thank you for your rating.",
};

/** The languages by the name that their speakers read. */
export const LANGUAGES = /** @type {const} */ ({ it: "Italiano", en: "English" });

/**
 * @param {Language} language
 * @returns {Texts}
 */
export function textsIn(language) {
  return language === "en" ? EN : IT;
}

/**
 * @param {string} text with places like {count}
 * @param {Record<string, string | number>} values
 * @returns {string}
 */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}
