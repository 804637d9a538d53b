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
  reasonRow.querySelector("input").value = "";
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
  if (isRefreshing || document.hidden || dialog?.open || isBusy()) return;
  isRefreshing = true;
  try {
    const answer = await fetch(location.href, { headers: { "X-Pgmoat-Refresh": "1" }, redirect: "manual" });
    if (answer.type === "opaqueredirect") {
      location.reload(); // the session is over
      return;
    }
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-part]")) {
      const fresh = next.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
      if (fresh && !dialog?.open && fresh.innerHTML !== part.innerHTML) replace(part, fresh);
    }
  } catch {
    // The server is away for a moment; the next time will tell.
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
  part.replaceChildren(...fresh.childNodes);
  part.querySelectorAll(".scroll").forEach((box, index) => (box.scrollLeft = scrolls[index] ?? 0));
  if (focused) document.getElementById(focused)?.focus();
  document.dispatchEvent(new CustomEvent("pgmoat:replaced"));
}
