// The messages of a conversation: the newest is in view, unless somebody has scrolled up to read an older one.

const NEAR_PX = 48;

/** Begin at the end, and stay there when the list is fetched again. */
export function followMessages(body) {
  const log = () => body.querySelector("#messaggi .log");
  let readingAt = null;
  toEnd(log());
  body.addEventListener("htmx:beforeSwap", () => {
    const shown = log();
    const isAtEnd = !shown || shown.scrollHeight - shown.scrollTop - shown.clientHeight < NEAR_PX;
    readingAt = isAtEnd ? null : shown.scrollTop;
  });
  body.addEventListener("htmx:afterSwap", () => {
    const shown = log();
    if (readingAt === null) toEnd(shown);
    else if (shown) shown.scrollTop = readingAt;
  });
}

function toEnd(shown) {
  if (shown) shown.scrollTop = shown.scrollHeight;
}
