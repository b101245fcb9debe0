// Keys of the inbox: j and k move, x selects, Enter opens (it is a focused link), / searches. Off when the person switched them off
// (WCAG 2.1.4): then the server leaves the data-island attribute out.
const table = document.querySelector("[data-island=inbox]");
if (table) {
  const rows = () => [...table.querySelectorAll("tbody tr")];
  let at = -1;
  const go = (next) => {
    const all = rows();
    if (!all.length) return;
    at = Math.max(0, Math.min(all.length - 1, next));
    all[at].querySelector("a")?.focus();
    all[at].scrollIntoView({ block: "nearest" });
  };
  const count = () => {
    const ticked = table.querySelectorAll("tbody .tick:checked").length;
    for (const row of rows()) row.classList.toggle("selected", !!row.querySelector(".tick")?.checked);
    const shown = document.querySelector("[data-selected-count]");
    if (shown) shown.textContent = String(ticked);
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input:not([type=checkbox]), select, textarea")) return;
    if (event.key === "j") go(at + 1);
    else if (event.key === "k") go(at - 1);
    else if (event.key === "x") rows()[at]?.querySelector(".tick")?.click();
    else if (event.key === "/") {
      const search = document.querySelector("input[type=search]");
      if (search?.offsetParent) {
        event.preventDefault();
        search.focus();
      }
    }
  });
  table.addEventListener("change", (event) => {
    if (event.target.matches("thead .tick")) {
      for (const tick of table.querySelectorAll("tbody .tick")) tick.checked = event.target.checked;
    }
    count();
  });
  count();
}
