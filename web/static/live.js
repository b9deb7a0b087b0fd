"use strict";
// The board works by reloading it. With this it is kept up to date, except under the hands of who is at work on it.
const board = document.querySelector("[data-live]");
const news = document.querySelector("[data-news]");
async function show() {
  if (board.contains(document.activeElement)) { news.hidden = false; return; }
  const answer = await fetch(board.dataset.rows, { redirect: "error" }).catch(() => null);
  if (!answer || !answer.ok || board.contains(document.activeElement)) { news.hidden = false; return; }
  board.innerHTML = await answer.text();
  news.hidden = true;
}
if (board && news && "EventSource" in window) {
  const source = new EventSource(board.dataset.live);
  source.addEventListener("changed", show);
  source.addEventListener("ended", () => { source.close(); location.replace("/sign-in"); });
  addEventListener("pagehide", () => source.close());
}
