// What the pages need beyond htmx and Tabler: charts from data blocks, keys, side panel, row choice.
(() => {
  "use strict";

  const drawn = new WeakMap();

  function drawCharts(root) {
    if (!window.echarts) return;
    for (const box of root.querySelectorAll("[data-chart]")) {
      if (drawn.has(box)) continue;
      const data = document.getElementById(box.dataset.chart);
      if (!data) continue;
      const font = getComputedStyle(document.body).fontFamily;
      const chart = window.echarts.init(box, null, { renderer: "canvas" });
      chart.setOption({ textStyle: { fontFamily: font }, ...JSON.parse(data.textContent) });
      drawn.set(box, chart);
      new ResizeObserver(() => chart.resize()).observe(box);
    }
  }

  function panel(id) {
    const element = document.getElementById(id);
    return element && window.tabler ? window.tabler.Offcanvas.getOrCreateInstance(element) : null;
  }

  function countPicked() {
    const picked = document.querySelectorAll("[data-pick]:checked").length;
    const bar = document.querySelector("[data-picked]");
    if (!bar) return;
    bar.hidden = picked === 0;
    bar.querySelector("[data-picked-count]").textContent = String(picked);
  }

  function typing(target) {
    return target.matches("input, textarea, select, [contenteditable]");
  }

  function moveRow(step) {
    const rows = [...document.querySelectorAll("[data-row]")];
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
    const link = next.querySelector("a.cell-link") || next.querySelector("a, button");
    if (link) link.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    if (event.key === "/") {
      const search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "?") {
      const help = document.getElementById("help");
      if (help && window.tabler) window.tabler.Modal.getOrCreateInstance(help).show();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && document.querySelector("[data-row]")) {
      event.preventDefault();
      moveRow(event.key === "ArrowDown" ? 1 : -1);
    }
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]")) {
      for (const box of document.querySelectorAll("[data-pick]")) box.checked = event.target.checked;
    }
    if (event.target.matches("[data-pick-all], [data-pick]")) countPicked();
    // a date or choice that reloads its page: <select data-reload> inside a form
    if (event.target.matches("[data-reload]")) event.target.form.requestSubmit();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-back]")) history.back();
    if (event.target.closest("[data-print]")) window.print();
    const copy = event.target.closest("[data-copy]");
    if (copy) copyText(copy);
    const fill = event.target.closest("[data-fill]");
    if (fill) {
      for (const [id, value] of Object.entries(JSON.parse(fill.dataset.fill))) {
        document.getElementById(id).value = value;
      }
    }
  });

  // the office's server is often plain http, where the browser offers no clipboard of its own
  function copyText(button) {
    const field = document.createElement("textarea");
    field.value = document.getElementById(button.dataset.copy).textContent;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    button.textContent = copied ? "已复制" : "浏览器不允许复制，请选中文字后复制";
    button.focus();
  }

  document.addEventListener("submit", (event) => {
    const question = event.target.dataset && event.target.dataset.ask;
    if (question && !window.confirm(question)) { event.preventDefault(); return; }
    if (event.target.dataset && event.target.dataset.draft) sessionStorage.removeItem(draftKey(event.target));
    // long work: say that it runs and keep a second click from starting it again
    const button = event.target.querySelector("[data-busy]");
    if (button && event.target.method === "post") {
      button.classList.add("btn-loading");
      button.setAttribute("aria-disabled", "true");
    }
  });
  window.addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll(".btn-loading")) {
      button.classList.remove("btn-loading");
      button.removeAttribute("aria-disabled");
    }
  });

  // a form with data-draft keeps what was typed for this tab until it is sent: nothing is lost by leaving
  function draftKey(form) { return `draft:${location.pathname}:${form.dataset.draft}`; }

  function keepDraft(form) {
    const kept = [...form.elements].filter((e) => e.name && !["hidden", "password", "file"].includes(e.type))
      .map((e) => [e.name, e.type === "checkbox" || e.type === "radio" ? [e.value, e.checked] : e.value]);
    sessionStorage.setItem(draftKey(form), JSON.stringify(kept));
  }

  function restoreDraft(form) {
    const text = sessionStorage.getItem(draftKey(form));
    if (!text || document.querySelector(".problems, .invalid-feedback")) return;
    for (const [name, value] of JSON.parse(text)) {
      for (const element of form.elements) {
        if (element.name !== name) continue;
        if (Array.isArray(value)) { if (element.value === value[0]) element.checked = value[1]; }
        else element.value = value;
      }
    }
    const note = document.createElement("span");
    note.className = "draft-note";
    note.setAttribute("role", "status");
    note.textContent = "已恢复上次未提交的内容";
    form.querySelector("[type=submit]").after(note);
  }

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && form.dataset.draft) keepDraft(form);
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "side-body") {
      const title = event.target.querySelector("[data-title]");
      document.getElementById("side-title").textContent = title ? title.dataset.title : "依据";
      const side = panel("side");
      if (side) side.show();
    }
    drawCharts(document);
    countPicked();
  });
  document.addEventListener("htmx:sendError", (event) => {
    const busy = document.getElementById("listing-busy");
    if (busy) busy.textContent = "网络不通，请稍后再试";
    const point = event.target.querySelector && event.target.querySelector(".point-saved");
    if (point) point.textContent = "网络不通，尚未保存；恢复后点“保存全部结果”";
  });
  window.addEventListener("beforeprint", () => {
    for (const table of document.querySelectorAll("details.chart-table")) table.open = true;
  });
  // the script is deferred: the page is read, but tabler, htmx and echarts have run only when all are loaded
  document.addEventListener("DOMContentLoaded", () => {
    drawCharts(document);
    countPicked();
    for (const form of document.querySelectorAll("form[data-draft]")) restoreDraft(form);
  });
})();
