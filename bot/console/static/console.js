// Live news: the page keeps one stream open and asks again for what has changed.

const address = document.body.dataset.live;
if (address) {
  const stream = new EventSource(address);
  // The session is over: the server has said so, and asking again would not help.
  stream.addEventListener("over", () => {
    stream.close();
    location.reload();
  });
}
