"use strict";
// What is typed into a form outlives a lost connection: kept in this browser, sealed with a key of the session that is
// never kept beside it, and gone when it was sent or the session ends. Without this, forms work as ever.
const PLACE = "draft";
const form = document.querySelector("form[data-draft]");
const forget = () => localStorage.removeItem(PLACE);
if (new URLSearchParams(location.search).get("done") === "open") forget();
document.querySelector("form[action='/sign-out']")?.addEventListener("submit", forget);

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const text = (found) => btoa(String.fromCharCode(...new Uint8Array(found)));
const typed = () => [...new FormData(form)].filter(([name, value]) => name !== "csrf" && typeof value === "string");

async function keep(key) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const said = new TextEncoder().encode(JSON.stringify(typed()));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, said);
  localStorage.setItem(PLACE, `${text(iv)}.${text(sealed)}`);
  form.dataset.kept = String(Number(form.dataset.kept || 0) + 1);
}

async function found(key) {
  const kept = localStorage.getItem(PLACE);
  if (!kept) return [];
  try {
    const [iv, sealed] = kept.split(".").map(bytes);
    return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, sealed)));
  } catch { forget(); return []; } // another session's
}

function fill(entries) {
  for (const field of form.elements) {
    const values = entries.filter(([name]) => name === field.name).map(([, value]) => value);
    if (field.name === "csrf" || field.type === "submit") continue;
    if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
    else if (values.length) field.value = values[0];
    if (values.length) field.closest("details")?.setAttribute("open", "");
  }
}

async function begin() {
  const key = await crypto.subtle.importKey("raw", bytes(form.dataset.draft), "AES-GCM", false, ["encrypt", "decrypt"]);
  const entries = await found(key);
  // A form that came back with what was found wrong holds what was typed already.
  if (entries.length && !document.getElementById("summary")) fill(entries);
  let saving = Promise.resolve();
  form.addEventListener("input", () => { saving = saving.then(() => keep(key)); });
  form.addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    delete form.dataset.sent;
    document.getElementById("offline").hidden = false;
    document.getElementById("offline").focus();
  });
  addEventListener("online", () => { document.getElementById("offline").hidden = true; });
  form.dataset.ready = "yes";
}
if (form && globalThis.crypto?.subtle) begin();
