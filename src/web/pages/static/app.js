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
  if (event.key === "Escape") {
    // What was opened closes, and one is where one opened it; else one leaves the field.
    const opened = document.activeElement.closest("details[open]");
    if (opened) {
      opened.open = false;
      opened.querySelector("summary").focus();
    } else if (typing(document.activeElement)) {
      document.activeElement.blur();
    }
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

// All of a page, or none again.
for (const link of document.querySelectorAll("[data-tick-all]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const boxes = [...link.closest("form").querySelectorAll("input[name=dossier]")];
    const all = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !all;
  });
}

// A text comes to what was typed at once.
for (const button of document.querySelectorAll("button[data-into]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const into = document.getElementById(button.dataset.into);
    const choice = document.getElementById(button.dataset.from);
    const text = choice.selectedOptions[0].dataset.text;
    if (!text) {
      choice.focus();
      return;
    }
    const said = into.value.trimEnd();
    into.value = said ? said + "\n" + text : text;
    into.dispatchEvent(new Event("input", { bubbles: true }));
    choice.value = "";
    into.focus();
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Everything that the checklist asks for was handed in.
const papers = document.querySelectorAll("[data-asked]");
const allPapers = () => {
  for (const paper of papers) paper.value = paper.dataset.asked;
  if (papers.length) papers[0].dispatchEvent(new Event("input", { bubbles: true }));
};
for (const button of document.querySelectorAll("[data-all-papers]")) {
  button.hidden = false;
  button.addEventListener("click", allPapers);
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "F8" || !papers.length) return;
  event.preventDefault();
  allPapers();
});

// What is typed is kept: on the server after two seconds of quiet, and in this browser while the server cannot be
// reached. It is never sent by itself.
const QUIET = 2000, AGAIN = 15000, PATIENCE = 10000;
const me = document.body.dataset.user;
const here = {
  name: (key) => `nhap ${me} ${key}`,
  all: () => Object.keys(localStorage).filter((name) => name.startsWith("nhap ")),
  keys() {
    const mine = this.name("");
    return this.all().filter((name) => name.startsWith(mine)).map((name) => name.slice(mine.length));
  },
  get(key) { return localStorage.getItem(this.name(key)); },
  put(key, text) {
    try { localStorage.setItem(this.name(key), text); } catch { /* No room, or not allowed: the server has it soon. */ }
  },
  // Unless something newer was left meanwhile.
  drop(key, text) { if (this.get(key) === text) localStorage.removeItem(this.name(key)); },
  clear() { for (const name of this.all()) localStorage.removeItem(name); },
};

// What the server says of a draft; null where it cannot be reached.
const keep = async (text) => {
  try {
    const answer = await fetch("/nhap", {
      method: "POST",
      body: text,
      headers: { "Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded" },
      signal: AbortSignal.timeout(PATIENCE),
    });
    return await answer.json();
  } catch {
    return null;
  }
};

const forms = [];
let leaving = false;

class Kept {
  constructor(form) {
    this.form = form;
    this.key = form.elements.khoa.value;
    this.said = form.querySelector("[data-said]");
    const left = here.get(this.key);
    // What the server has just made of the form is newer than what was left here.
    if (left && !("unsaved" in form.dataset)) this.fill(new URLSearchParams(left));
    this.saved = left || "unsaved" in form.dataset ? null : this.text();
    form.addEventListener("input", () => this.typed());
    form.addEventListener("change", () => this.typed());
    form.addEventListener("submit", (event) => {
      // Until the server has answered, this is all there is.
      clearTimeout(this.timer);
      this.sent = !event.submitter?.hasAttribute("formaction");
      here.put(this.key, this.text());
    });
    if (this.saved === null) this.typed();
  }

  text() {
    const typed = new URLSearchParams(new FormData(this.form));
    for (const field of this.form.querySelectorAll("[type=password]")) typed.delete(field.name);
    return typed.toString();
  }

  fill(typed) {
    for (const field of this.form.elements) {
      if (!field.name || ["khoa", "noi-gui"].includes(field.name) || field.type === "password") continue;
      if (field.type === "checkbox") field.checked = typed.getAll(field.name).includes(field.value);
      else if (field.type !== "submit" && typed.has(field.name)) field.value = typed.get(field.name);
    }
  }

  typed() {
    this.sent = false;
    // Read anew, the page shows what was kept; of another form beside this one too.
    const kept = new URL(this.form.dataset.kept, location);
    for (const [name, value] of new URL(location).searchParams) {
      if (name.startsWith("nhap") && !kept.searchParams.has(name)) kept.searchParams.append(name, value);
    }
    if (kept.href !== location.href) history.replaceState(null, "", kept);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), QUIET);
  }

  say(text) {
    if (this.said && this.said.textContent !== text) this.said.textContent = text;
  }

  // Whether all that was typed is on the server.
  async save() {
    clearTimeout(this.timer);
    const text = this.text();
    if (text === this.saved || this.sent) return true;
    const answer = await keep(text);
    if (this.sent) return true;
    switch (answer?.state) {
      case "saved":
        this.say(`Đã lưu nháp lúc ${answer.at}.`);
        break;
      case "sent":
        this.say("Biểu mẫu này đã gửi.");
        break;
      case "ended":
        if (!answer.kept) return this.keepHere("Phiên làm việc đã hết; đang giữ trên máy này. Đăng nhập lại để gửi.");
        this.say("Phiên làm việc đã hết; những gì đã nhập được giữ lại. Đăng nhập lại để gửi.");
        break;
      case "refused":
        return this.keepHere(`Chưa lưu được lên máy chủ: ${answer.detail}. Đang giữ trên máy này.`);
      default:
        return this.keepHere("Chưa lưu được lên máy chủ; đang giữ trên máy này.");
    }
    this.saved = text;
    const left = here.get(this.key);
    if (left && this.text() === text) here.drop(this.key, left);
    return true;
  }

  keepHere(text) {
    here.put(this.key, this.text());
    this.say(text);
    return false;
  }
}

if (me) {
  // Another person's, who had this machine before.
  const mine = here.keys();
  for (const name of here.all()) {
    if (!mine.some((key) => here.name(key) === name)) localStorage.removeItem(name);
  }
  for (const form of document.querySelectorAll("form[data-kept]")) forms.push(new Kept(form));
  // What was left here goes to the server as soon as that is there again.
  const sendLeft = async () => {
    let all = true;
    for (const key of here.keys()) {
      const form = forms.find((form) => form.key === key);
      const left = here.get(key);
      const answer = form ? null : await keep(left);
      if (form) all = await form.save() && all;
      else if (["saved", "sent"].includes(answer?.state) || answer?.kept) here.drop(key, left);
      else all = false;
    }
    return all;
  };
  sendLeft();
  window.addEventListener("online", sendLeft);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) sendLeft(); });
  setInterval(() => { if (here.keys().length) sendLeft(); }, AGAIN);
  window.addEventListener("pagehide", () => {
    if (leaving) return;
    for (const form of forms) {
      if (!form.sent && form.text() !== form.saved) here.put(form.key, form.text());
    }
  });
  // Whoever leaves takes everything along: the next person at this machine finds nothing.
  const leave = document.querySelector("form[action='/dang-xuat']");
  leave?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const saved = await Promise.all(forms.map((form) => form.save()));
    const all = await sendLeft() && saved.every(Boolean);
    if (!all && !confirm("Còn nội dung chưa lưu được lên máy chủ. Vẫn đăng xuất và bỏ nội dung đó?")) {
      delete leave.dataset.sent;
      return;
    }
    leaving = true;
    here.clear();
    leave.submit();
  });
}
