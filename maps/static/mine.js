"use strict";
// Open issues in the order of their distance. The position stays in the browser.
const SHOWN = 10;
const RADIUS_M = 6371008.8;
const way = document.getElementById("near-way");
const said = document.getElementById("near-said");
if (navigator.geolocation) {
  way.hidden = false;
  document.getElementById("near-button").addEventListener("click", () => {
    said.textContent = said.dataset.asking;
    navigator.geolocation.getCurrentPosition(show, () => { said.textContent = said.dataset.refused; }, {
      enableHighAccuracy: true,
      timeout: 15000,
    });
  });
}

function show(position) {
  const { longitude, latitude, accuracy } = position.coords;
  const list = document.getElementById("near");
  const rows = [...list.children].map((row) => [metres(longitude, latitude, +row.dataset.lon, +row.dataset.lat), row]);
  rows.sort((a, b) => a[0] - b[0]);
  rows.forEach(([far, row], place) => {
    row.hidden = place >= SHOWN;
    row.querySelector(".metres").textContent = far < 1000 ? `${Math.round(far)} m` : `${(far / 1000).toFixed(1)} km`;
    list.append(row);
  });
  said.textContent = rows.length ? said.dataset.near.replace("{m}", Math.round(accuracy)) : said.dataset.none;
  list.hidden = !rows.length;
  document.getElementById("here").hidden = rows.length > 0;
}

// On a sphere: within half a percent, and only the order matters.
function metres(lon1, lat1, lon2, lat2) {
  const [a, b, c, d] = [lon1, lat1, lon2, lat2].map((degrees) => (degrees * Math.PI) / 180);
  const h = Math.sin((d - b) / 2) ** 2 + Math.cos(b) * Math.cos(d) * Math.sin((c - a) / 2) ** 2;
  return 2 * RADIUS_M * Math.asin(Math.sqrt(h));
}
