// Elements without markup in strings: what people typed can never become code.
const PLAIN = new Set(["checked", "disabled", "hidden", "value", "selected", "required", "multiple", "open"]);

/** h("p", {class: "x", onclick: f}, "text", element, [more]) */
export function h(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (PLAIN.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

let sprite = "";
export function useSprite(address) {
  sprite = address;
}

/** An icon of the shared sprite. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

export const badge = (words, tone = "secondary") => h("span", { class: `badge state bg-${tone}-lt` }, words);

let counter = 0;
/** A labelled field: field("说明", h("input", …)). */
export function field(label, control, hint = "") {
  control.id ||= `f${(counter += 1)}`;
  return h("div", { class: "mb-3" }, h("label", { class: "form-label", for: control.id }, label), control, hint && h("div", { class: "form-hint" }, hint));
}

export const input = (name, given = {}) => h("input", { class: "form-control", name, ...given });
export const area = (name, value = "", rows = 3) => h("textarea", { class: "form-control", name, rows, value });
export function select(name, choices, value = "") {
  return h("select", { class: "form-select", name }, choices.map(([key, label]) => h("option", { value: key, selected: key === value }, label)));
}

/** A form whose button works once at a time and whose errors stand in it. */
export function form(label, rows, work, given = {}) {
  const wrong = h("div", { class: "alert alert-danger", role: "alert", hidden: true });
  const button = h("button", { class: `btn btn-primary ${given.wide ? "w-100" : ""}`, type: "submit" }, label);
  const element = h("form", { class: given.class || "" }, rows, wrong, button);
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    wrong.hidden = true;
    try {
      await work(Object.fromEntries(new FormData(element)), element);
    } catch (error) {
      wrong.replaceChildren(error.message || String(error));
      wrong.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
  return element;
}

let shown;
/** One line at the foot of the page, said aloud too. */
export function say(words, tone = "dark") {
  const bar = document.getElementById("said");
  clearTimeout(shown);
  bar.replaceChildren(h("div", { class: `toast show text-bg-${tone}` }, h("div", { class: "toast-body" }, words)));
  shown = setTimeout(() => bar.replaceChildren(), tone === "success" ? 3000 : 7000);
}
