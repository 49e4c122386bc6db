// What the pages of the console do by themselves: follow the news, keep drafts, insert texts. Everything works without it.

import { followMessages } from "./messages.js";
import { followNews } from "./news.js";
import { helpWriting } from "./writing.js";

followMessages(document.body);
followNews(document.body);
helpWriting(document);

const print = document.getElementById("print");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
