"use strict";

// One button for the code of all cells; each cell's <details> still opens by itself.
const toggle = document.getElementById("toggle-code");
const codes = document.querySelectorAll("details.code");
toggle.hidden = codes.length === 0;
toggle.addEventListener("click", () => {
  const open = toggle.getAttribute("aria-pressed") !== "true";
  codes.forEach((code) => { code.open = open; });
  toggle.setAttribute("aria-pressed", String(open));
  toggle.textContent = open ? "Hide all code" : "Show all code";
});

// On a phone the contents would push the report off the screen.
if (window.innerWidth < 700) {
  document.querySelectorAll("nav.contents details").forEach((contents) => { contents.open = false; });
}

// A line of text that would run out of a narrow plot, in several.
function wrapped(text, letters) {
  return (text ?? "").split("<br>").map((line) => line.replace(new RegExp(`(.{1,${letters}})(\\s|$)`, "g"), "$1<br>"))
    .map((line) => line.replace(/(<br>)+$/, "")).join("<br>");
}

// The legend beside a plot leaves no room for the plot on a narrow screen: put it below.
function legendBelow(figure) {
  const layout = figure.layout;
  const entries = figure.data.filter((trace) => trace.showlegend !== false).length;
  const room = 26 * entries + 30;
  layout.height = Math.min(layout.height || 450, 480) + room;
  layout.legend = { ...layout.legend, x: 0, xanchor: "left", y: -0.28, yanchor: "top", maxheight: room };
  layout.margin = { ...layout.margin, l: 48, r: 8, b: room + 80 };
  const subtitle = layout.title?.subtitle;
  if (!subtitle) return;
  const lines = subtitle.text.split("<br>").length;
  subtitle.text = wrapped(subtitle.text, 46);
  layout.margin.t += 16 * (subtitle.text.split("<br>").length - lines);
}

document.querySelectorAll(".plotly-figure").forEach((box) => {
  if (typeof Plotly === "undefined") {
    box.textContent = "This figure needs plotly.min.js, which belongs into the folder of this page.";
    return;
  }
  const figure = JSON.parse(box.nextElementSibling.textContent);
  const panels = Object.keys(figure.layout).some((name) => /^xaxis\d/.test(name));
  if (panels) box.style.minWidth = "46rem"; // several panels scroll sideways rather than shrink to nothing
  else if (box.clientWidth < 560) legendBelow(figure);
  // These buttons and no others: by default plotly 4 offers to send a figure to its maker's cloud.
  const modeBarButtons = [["toImage", "resetScale2d"]];
  const config = { ...figure.config, responsive: true, displaylogo: false, modeBarButtons };
  Plotly.newPlot(box, figure.data, figure.layout, config);
});
