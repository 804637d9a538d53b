// Runs before the page is drawn: the theme that was chosen, so that nothing flashes.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("pgmoat-theme");
  } catch {
    // Storage may be switched off.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  document.documentElement.classList.add("has-script");
})();
