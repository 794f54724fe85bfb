// Keys for the annotation page. Without this script the buttons do the same.
"use strict";

const READ_FIRST_MS = 200; // a key meant for the page before must not vote on this one
const opened = performance.now();
const choices = { 1: "1", ArrowLeft: "1", 2: "2", ArrowRight: "2", 3: "neither" };
const vote = document.getElementById("vote");
const undo = document.getElementById("undo");
const comment = document.getElementById("comment");
let sent = false;

for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
}
// A page that the browser kept, shown again by the back button, is out of date.
window.addEventListener("pageshow", (event) => { if (event.persisted) location.replace("/"); });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.target === comment && event.key === "Escape") {
    document.querySelector("h1").focus();
    return;
  }
  const typing = event.target.closest("input, textarea, select");
  if (typing || event.repeat || sent || performance.now() - opened < READ_FIRST_MS) return;
  if (vote && event.key in choices) {
    event.preventDefault();
    vote.requestSubmit(vote.querySelector(`[value="${choices[event.key]}"]`));
  } else if (undo && event.key === "u") {
    event.preventDefault();
    undo.requestSubmit();
  } else if (comment && event.key === "c") {
    event.preventDefault();
    comment.closest("details").open = true;
    comment.focus();
  }
});

// Screen readers start at the new prompt, and speak of a status that changes after it was loaded.
const status = document.getElementById("said");
if (status) {
  const said = status.textContent;
  document.querySelector("h1").focus({ preventScroll: true });
  if (said) {
    status.textContent = "";
    setTimeout(() => { status.textContent = said; }, 50);
    history.replaceState(null, "", "/");
  }
}
