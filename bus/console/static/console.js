// Refreshes what is marked, asks before what is grave, and listens to keys. Every page works without it.
const EVERY = 3000;
const busy = () => document.hidden || document.querySelector("dialog[open]") || document.activeElement?.closest("[data-fresh]");

async function refresh() {
  if (busy()) return;
  let text;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin", redirect: "manual" });
    if (!answer.ok) return;
    text = await answer.text();
  } catch {
    return; // the bar itself grows stale, and the next look says so
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const old of document.querySelectorAll("[data-fresh]")) {
    const fresh = page.getElementById(old.id);
    if (fresh && fresh.innerHTML !== old.innerHTML) old.replaceChildren(...fresh.childNodes);
  }
  seen = Date.now();
}

let seen = Date.now();
function mark() {
  document.getElementById("bar")?.classList.toggle("old", Date.now() - seen > 5 * EVERY);
}

setInterval(refresh, EVERY);
setInterval(mark, EVERY);

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.hasAttribute("data-ask") && !confirm(document.body.dataset.confirm)) event.preventDefault();
});

let went = 0;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  if (event.key === "g") {
    went = Date.now();
  } else if (event.key === "/") {
    event.preventDefault();
    const field = document.getElementById("search");
    if (field) field.focus();
    else location.assign("/cases");
  } else if (event.key === "?") {
    document.getElementById("keys").showModal();
  } else if (Date.now() - went < 1500) {
    document.querySelector(`nav a[data-key="${CSS.escape(event.key)}"]`)?.click();
  }
});
