// Comfort only: every page works without this.
"use strict";

const typing = (element) => element && (/^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));

// A second click sends nothing more; back from another page, the buttons work again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

const follow = (selector) => {
  const link = document.querySelector(selector);
  if (link) link.click();
};

// Whoever dictates or hits keys by accident turns the single ones off (WCAG 2.1.4).
const keys = {
  get off() { return localStorage.getItem("keys") === "off"; },
  set off(off) { localStorage.setItem("keys", off ? "off" : "on"); },
};

for (const button of document.querySelectorAll("[data-keys]")) {
  const say = () => { button.textContent = keys.off ? "Bật phím một chữ" : "Tắt phím một chữ"; };
  say();
  button.hidden = false;
  button.addEventListener("click", () => {
    keys.off = !keys.off;
    say();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape" && typing(document.activeElement)) {
    document.activeElement.blur();
    return;
  }
  if (keys.off || typing(event.target)) return;
  switch (event.key) {
    case "?": follow("footer a[href='/phim-tat']"); break;
    case "h": follow("header a[href='/ho-so']"); break;
    case "n": follow(document.querySelector("a[data-next]") ? "a[data-next]" : "header a[href='/ho-so/tiep-nhan']"); break;
    case "p": follow("[data-print]"); break;
    case "/": {
      const search = document.querySelector("[type=search]");
      if (search) {
        event.preventDefault();
        search.focus();
      }
      break;
    }
  }
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
