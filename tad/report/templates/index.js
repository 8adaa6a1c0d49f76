"use strict";

const table = document.getElementById("runs");
const body = table.tBodies[0];
const search = document.getElementById("search");
const status = document.getElementById("status");
const shown = document.getElementById("shown");

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of body.rows) {
    const text = row.textContent.toLowerCase();
    const fits = words.every((word) => text.includes(word)) && (!status.value || row.dataset.status === status.value);
    row.hidden = !fits;
    count += fits;
  }
  shown.textContent = `${count} of ${body.rows.length}`;
}

// A cell sorts by its data-value, or else its text; empty cells stay last in both directions.
function sortBy(column, direction) {
  const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
  const compare = (a, b) => {
    const [x, y] = [key(a), key(b)];
    if (!x || !y) return (x ? 0 : 1) - (y ? 0 : 1);
    return direction * x.localeCompare(y, "en", { numeric: true });
  };
  body.append(...[...body.rows].sort(compare));
}

table.querySelectorAll("th button").forEach((button) => {
  button.addEventListener("click", () => {
    const header = button.closest("th");
    const direction = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    sortBy(header.cellIndex, direction);
  });
});

search.addEventListener("input", filter);
status.addEventListener("change", filter);
filter();
