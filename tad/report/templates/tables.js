"use strict";

// Every table can be sorted by a click on a heading, unless its page sorts it, and copied as CSV.
(() => {
  const NUMBER = /^\s*([-+−]?\s*\d[\d,]*\.?\d*(?:e[-+]?\d+)?)/i;
  const EMPTY = /^(–|n\/a.*)?$/s; // stands last, whichever way a column is sorted
  const text = (row, column) => row.cells[column].textContent.trim();
  const number = (cell) => Number(cell.match(NUMBER)[1].replace(/[,\s]/g, "").replace("−", "-"));

  function sortBy(table, column, direction, asWritten) {
    const body = table.tBodies[0];
    const full = asWritten.map((row) => text(row, column)).filter((cell) => !EMPTY.test(cell));
    const ofNumbers = full.every((cell) => NUMBER.test(cell));
    const compare = (a, b) => {
      const [x, y] = [text(a, column), text(b, column)];
      if (EMPTY.test(x) || EMPTY.test(y)) return EMPTY.test(x) - EMPTY.test(y);
      return direction * (ofNumbers ? number(x) - number(y) : x.localeCompare(y, "en", { numeric: true }));
    };
    body.append(...(direction ? [...asWritten].sort(compare) : asWritten));
  }

  function sortable(table) {
    const asWritten = [...table.tBodies[0].rows];
    const headers = [...table.tHead.rows[0].cells];
    headers.forEach((header) => {
      const button = document.createElement("button");
      button.type = "button";
      button.title = "Sort by this column; a third click restores the order";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => {
        const next = { none: "ascending", ascending: "descending", descending: "none" };
        const order = next[header.getAttribute("aria-sort") ?? "none"];
        headers.forEach((other) => other.removeAttribute("aria-sort"));
        if (order !== "none") header.setAttribute("aria-sort", order);
        sortBy(table, header.cellIndex, { ascending: 1, descending: -1, none: 0 }[order], asWritten);
      });
    });
  }

  // A cell that begins like a formula is quoted: a spreadsheet would run a name from outside.
  const field = (cell) => {
    const safe = /^[=@\t]|^[-+](?!\s*[\d.])/.test(cell) ? `'${cell}` : cell;
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const csv = (table) =>
    [...table.rows].map((row) => [...row.cells].map((cell) => field(cell.textContent.trim())).join(",") + "\n").join("");

  function copyable(table) {
    const tools = document.createElement("p");
    tools.className = "tools";
    tools.innerHTML = '<span role="status"></span> <button type="button">Copy as CSV</button>';
    const [told, button] = tools.children;
    button.setAttribute("aria-label", `Copy as CSV: ${table.caption?.textContent.trim() || "table"}`);
    button.addEventListener("click", () => {
      const give = (event) => {
        event.clipboardData.setData("text/plain", csv(table));
        event.preventDefault();
      };
      document.addEventListener("copy", give, { once: true }); // works from disk too, where navigator.clipboard may not
      const done = document.execCommand("copy");
      document.removeEventListener("copy", give);
      told.textContent = done ? `${table.tBodies[0].rows.length} rows copied` : "this browser does not let a page copy";
    });
    (table.closest(".table") ?? table).before(tools);
  }

  document.querySelectorAll("main table").forEach((table) => {
    if (!table.tHead || !table.tBodies.length) return;
    const [heads, rows] = [table.tHead.rows.length, table.tBodies[0].rows.length];
    if (heads === 1 && rows > 1 && !table.querySelector("thead button, tbody [rowspan]")) sortable(table);
    copyable(table);
  });
})();
