// One stream for the page: it asks again for what has changed, and tells as each person likes.

const WRITING_SHOWN_MS = 7000;
const SHOWN_TITLE = document.title;

/** Follow the stream that the page names. Breaks are bridged by the browser, which says what it saw last. */
export function followNews(body) {
  const address = body.dataset.live;
  if (!address) return;
  const tell = JSON.parse(body.dataset.tell || "{}");
  const stream = new EventSource(address);
  let before = null;
  stream.addEventListener("news", (event) => {
    const counts = JSON.parse(event.data);
    show(counts, tell);
    if (before) {
      window.htmx?.trigger(body, "news");
      announce(before, counts, tell);
    }
    before = counts;
  });
  stream.addEventListener("writing", showWriting);
  // The session is over: the server has said so, and asking again would not help.
  stream.addEventListener("over", () => {
    stream.close();
    location.reload();
  });
}

let writingEnds = 0;

function showWriting() {
  const place = document.getElementById("writing");
  if (!place) return;
  // The same words again would be read aloud again.
  if (!place.textContent) place.textContent = "Il cittadino sta scrivendo…";
  clearTimeout(writingEnds);
  writingEnds = setTimeout(() => (place.textContent = ""), WRITING_SHOWN_MS);
}

function show(counts, tell) {
  const open = counts.waiting + counts.mine_unanswered;
  document.title = open && tell.title !== false ? `(${open}) ${SHOWN_TITLE}` : SHOWN_TITLE;
  for (const badge of document.querySelectorAll("[data-count]")) {
    badge.textContent = counts[badge.dataset.count];
  }
}

function announce(before, counts, tell) {
  let message = "";
  if (counts.alerts > before.alerts) message = "Attenzione: in una tua conversazione si parla di pericolo.";
  else if (counts.waiting > before.waiting) message = "Un cittadino aspetta una persona.";
  else if (counts.mine_unanswered > before.mine_unanswered) message = "Un cittadino ti ha scritto.";
  if (!message) return;
  document.getElementById("annunci").textContent = message;
  if (tell.sound) ring();
  if (tell.notification && document.hidden && window.Notification?.permission === "granted") {
    new Notification("Sportello", { body: message, tag: "sportello" });
  }
}

function ring() {
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = 660;
  volume.gain.setValueAtTime(0.15, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.6);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.6);
}
