// What each page has: the theme switch, questions before acts, and parts that come again by themselves.
const root = document.documentElement;

// --- theme
const themeButton = document.getElementById("theme");
themeButton?.addEventListener("click", () => {
  const isDark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  try {
    localStorage.setItem("pgmoat-theme", root.dataset.theme);
  } catch {
    // Storage may be switched off: the theme lasts until the next page.
  }
  document.dispatchEvent(new CustomEvent("pgmoat:theme"));
});

// --- acts: the same question that the server would ask on a page of its own, in a dialog
const dialog = document.getElementById("question");
let asking = null;
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!dialog || !form.dataset.question || form.elements.confirmed) return;
  event.preventDefault();
  asking = { form, button: event.submitter };
  dialog.querySelector("h2").textContent = form.dataset.title;
  dialog.querySelector("[data-text]").textContent = form.dataset.question;
  const reasonRow = dialog.querySelector("[data-reason]");
  reasonRow.hidden = !("reason" in form.dataset);
  reasonRow.querySelector("label").textContent = form.dataset.reason ?? "";
  reasonRow.querySelector("input").value = "";
  reasonRow.querySelector("input").required = "needsReason" in form.dataset;
  const yes = dialog.querySelector("[data-yes]");
  yes.textContent = event.submitter.dataset.verb ?? event.submitter.textContent;
  yes.classList.toggle("danger", event.submitter.classList.contains("danger"));
  dialog.returnValue = "";
  dialog.showModal();
});
dialog?.querySelector("[data-no]").addEventListener("click", () => dialog.close("no"));
dialog?.addEventListener("close", () => {
  const { form, button } = asking ?? {};
  asking = null;
  if (!form) return;
  if (dialog.returnValue !== "yes") {
    button?.focus();
    return;
  }
  addField(form, "confirmed", "1");
  if ("reason" in form.dataset) addField(form, "reason", dialog.querySelector("[data-reason] input").value);
  form.submit();
});

function addField(form, name, value) {
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = name;
  field.value = value;
  form.append(field);
}

// --- parts that come again: the same page, of which only these are taken
const every = Number(document.body.dataset.refresh ?? 0) * 1000;
if (every) setInterval(refresh, every);

let isRefreshing = false;
async function refresh() {
  if (isRefreshing || pulseTrouble || document.hidden || dialog?.open || isBusy()) return;
  isRefreshing = true;
  try {
    const answer = await fetch(location.href, { headers: { "X-Pgmoat-Refresh": "1" }, redirect: "manual" });
    if (answer.type === "opaqueredirect") {
      location.reload(); // the session is over
      return;
    }
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    pageTrouble = answer.ok ? "" : (next.querySelector(".problem h1")?.textContent ?? "This page cannot be read");
    showTrouble();
    if (!answer.ok) return;
    for (const part of document.querySelectorAll("[data-part]")) {
      const fresh = next.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
      if (fresh && !dialog?.open && fresh.innerHTML !== part.innerHTML) replace(part, fresh);
    }
  } catch {
    pulse();
  } finally {
    isRefreshing = false;
  }
}

function isBusy() {
  return String(getSelection()) !== "" || document.activeElement?.matches("input, select, textarea");
}

function replace(part, fresh) {
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  const scrolls = [...part.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
  const opened = [...part.querySelectorAll("details[open][id]")].map((details) => details.id);
  part.replaceChildren(...fresh.childNodes);
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  part.querySelectorAll(".scroll").forEach((box, index) => (box.scrollLeft = scrolls[index] ?? 0));
  if (focused) document.getElementById(focused)?.focus();
  document.dispatchEvent(new CustomEvent("pgmoat:replaced"));
}

// --- the database may be away: what stands on the page is old then, and says so
const PULSE_MS = 3000;
const PATIENCE_MS = 8000;
let pulseTrouble = "";
let pageTrouble = "";
let isAsking = false;
if (every) {
  setInterval(pulse, PULSE_MS);
  document.addEventListener("visibilitychange", pulse);
  document.addEventListener("pgmoat:away", pulse);
}

async function pulse() {
  if (isAsking || document.hidden) return;
  isAsking = true;
  const before = pulseTrouble;
  try {
    const answer = await fetch("/readyz", { signal: AbortSignal.timeout(PATIENCE_MS) });
    pulseTrouble = answer.ok ? "" : "The database is away";
  } catch (error) {
    pulseTrouble = error.name === "TimeoutError" ? "The database does not answer" : "The dashboard does not answer";
  } finally {
    isAsking = false;
  }
  if (before && !pulseTrouble) {
    pageTrouble = "";
    refresh();
  }
  showTrouble();
}

function showTrouble() {
  const trouble = pulseTrouble || pageTrouble;
  document.body.classList.toggle("is-away", Boolean(trouble));
  const banner = document.getElementById("away");
  const asOf = document.querySelector('[data-part="as-of"]')?.textContent;
  const text = trouble ? `${trouble}; what you see is from ${asOf} UTC.` : "";
  banner.hidden = !trouble;
  if (banner.textContent !== text) banner.textContent = text;
}
