// Looks now and then whether the store has changed, and brings what has. Without this script a reload does the same.
"use strict";

const EVERY_MS = 3000;

async function bring(address) {
  try {
    const reply = await fetch(address, { cache: "no-store" });
    return reply.ok ? new DOMParser().parseFromString(await reply.text(), "text/html") : null;
  } catch {
    return null; // the server has ended: the page stays as it is
  }
}

async function look() {
  const now = document.getElementById("now");
  const there = document.hidden ? null : (await bring("/now"))?.getElementById("now");
  if (now && there) {
    const changed = there.dataset.state !== now.dataset.state;
    now.replaceWith(document.adoptNode(there));
    if (changed) await renew();
  }
  setTimeout(look, EVERY_MS);
}

async function renew() {
  const news = document.getElementById("news");
  if (news) { // somebody is reading here: what they read stays where it is
    news.hidden = false;
    return;
  }
  const page = await bring(location.href);
  if (!page) return;
  const open = new Set([...document.querySelectorAll("details[open] > summary")].map((one) => one.textContent));
  for (const name of ["header", "nav#contents", "main"]) {
    const [old, fresh] = [document.querySelector(name), page.querySelector(name)];
    if (old && fresh) old.replaceWith(document.adoptNode(fresh));
  }
  for (const one of document.querySelectorAll("details > summary")) {
    if (open.has(one.textContent)) one.parentElement.open = true;
  }
}

setTimeout(look, EVERY_MS);
