"use strict";

document.querySelectorAll(".plotly-figure").forEach((box) => {
  if (typeof Plotly === "undefined") {
    box.textContent = "This figure needs plotly.min.js, which belongs into the folder of this page.";
    return;
  }
  const figure = JSON.parse(box.nextElementSibling.textContent);
  const modeBarButtons = [["toImage", "resetScale2d"]]; // and none that sends a figure to plotly's cloud
  Plotly.newPlot(box, figure.data, figure.layout, { responsive: true, displaylogo: false, modeBarButtons });
});
