// Keys, swipes and buttons. Without this script all slides stand below each other.
const root = document.documentElement;
const pages = [...document.querySelectorAll(".page")];
const place = document.getElementById("place");
let now = 0;

function show(number) {
  now = Math.max(0, Math.min(pages.length - 1, number));
  pages.forEach((page, i) => page.classList.toggle("now", i === now));
  place.textContent = `${now + 1} / ${pages.length}`;
  history.replaceState(null, "", `#${now + 1}`);
  try { localStorage.setItem(location.pathname, now); } catch { /* not allowed here */ }
}
// Two windows of one lesson, the second with the notes, turn their pages together.
window.addEventListener("storage", (event) => {
  if (event.key === location.pathname) show(Number(event.newValue));
});

const actions = {
  on: () => show(now + 1),
  back: () => show(now - 1),
  first: () => show(0),
  last: () => show(pages.length - 1),
  notes: () => root.classList.toggle("told"),
  dark: () => root.classList.toggle("dark"),
  full: () => document.fullscreenElement
    ? document.exitFullscreen() : root.requestFullscreen(),
};
// PageUp and PageDown are what a presenter's clicker sends.
const keys = {
  ArrowRight: "on", ArrowDown: "on", PageDown: "on", " ": "on", Enter: "on",
  ArrowLeft: "back", ArrowUp: "back", PageUp: "back", Backspace: "back",
  Home: "first", End: "last", n: "notes", d: "dark", f: "full",
};

document.addEventListener("keydown", (event) => {
  const onButton = event.target.closest("button, a");
  if (onButton && (event.key === " " || event.key === "Enter")) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  actions[action]();
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (button) actions[button.dataset.do]();
});

let begun = null;
document.addEventListener("touchstart", (event) => {
  begun = event.touches.length === 1 ? event.touches[0] : null;
}, {passive: true});
document.addEventListener("touchend", (event) => {
  const moved = begun ? event.changedTouches[0].clientX - begun.clientX : 0;
  if (Math.abs(moved) > 50) actions[moved < 0 ? "on" : "back"]();
}, {passive: true});

root.classList.toggle("dark", matchMedia("(prefers-color-scheme: dark)").matches);
root.classList.add("show");
window.addEventListener("hashchange", () => show(Number(location.hash.slice(1)) - 1));
show((Number(location.hash.slice(1)) || 1) - 1);
