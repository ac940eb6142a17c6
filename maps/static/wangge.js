"use strict";
/* What every map page needs: words, elements made without HTML text, decoding, and the map itself. */
window.wangge = (function () {
  const words = read("words");
  const phone = window.matchMedia("(max-width: 720px)");
  // Within another page of ours only the map is shown, and its links lead out of the frame.
  if (window.frameElement) {
    document.documentElement.classList.add("embedded");
    document.head.append(Object.assign(document.createElement("base"), { target: "_top" }));
  }
  const PATIENCE_MS = 6000;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  function read(id) {
    return JSON.parse(document.getElementById(id).textContent);
  }

  /** A count with thousands set apart. Written out, like dates: Intl takes 20 to 60 ms to load on a cold start. */
  function number(value) {
    return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
  }

  /** A word of the catalogue; {name} is replaced by a value. */
  function say(key, values = {}) {
    return words[key].replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? number(values[name]) : values[name]));
  }

  function percent(part) {
    return `${(100 * part).toFixed(1)}%`;
  }

  function day(iso) {
    const [y, month, d] = iso.split("-").map((part) => String(Number(part)));
    return say("date", { y, d, month: say("month_names").split(" ")[month - 1] });
  }

  /** An element with a class and children; text is always text, never HTML. */
  function el(tag, className, ...children) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    for (const child of children) if (child !== null && child !== undefined && child !== "") made.append(child);
    return made;
  }

  /** Reads an encoded polyline with five decimals: visit(lat, lng) for each point. */
  function eachPoint(text, visit) {
    let at = 0, lat = 0, lng = 0;
    function step() {
      let value = 0, shift = 0, bits;
      do {
        bits = text.charCodeAt(at++) - 63;
        value |= (bits & 31) << shift;
        shift += 5;
      } while (bits >= 32);
      return value & 1 ? ~(value >> 1) : value >> 1;
    }
    while (at < text.length) {
      lat += step();
      lng += step();
      visit(lat / 1e5, lng / 1e5);
    }
  }

  function decode(text) {
    const points = [];
    eachPoint(text, (lat, lng) => points.push(new L.LatLng(lat, lng)));
    return points;
  }

  function decodePolygons(polygons) {
    return polygons.map((rings) => rings.map(decode));
  }

  /** A pane whose drawings are looked at only; the areas below keep the pointer. */
  function pane(chart, name, zIndex) {
    const made = chart.createPane(name);
    made.style.zIndex = zIndex;
    made.style.pointerEvents = "none";
    return made;
  }

  function map(id, view) {
    const chart = L.map(id, {
      attributionControl: view.tiled,
      zoomControl: false,
      zoomSnap: view.tiled ? 1 : 0.25,
      maxZoom: 18,
      // A frame is scrolled past: its wheel is the page's.
      scrollWheelZoom: !window.frameElement,
      zoomAnimation: !calm,
      fadeAnimation: !calm,
    });
    L.control.zoom({ zoomInTitle: say("zoom_in"), zoomOutTitle: say("zoom_out") }).addTo(chart);
    L.control.scale({ imperial: false, maxWidth: 120 }).addTo(chart);
    if (view.tiled) chart.attributionControl.setPrefix(false);
    chart.whole = view.bounds && L.latLngBounds([view.bounds[1], view.bounds[0]], [view.bounds[3], view.bounds[2]]);
    chart.showWhole = () => {
      if (chart.whole) chart.fitBounds(chart.whole, { ...besideButtons(chart), animate: false });
      else chart.setView([35, 105], 4, { animate: false });
    };
    chart.showWhole();
    if (chart.whole) {
      chart.setMaxBounds(chart.whole.pad(2));
      chart.setMinZoom(chart.getZoom() - 1.5);
      wholeButton(chart);
    } else document.querySelector(".no-map").hidden = false;
    new ResizeObserver(() => chart.invalidateSize({ animate: false, pan: true })).observe(chart.getContainer());
    chart.covers = (at) => Boolean(chart.whole && chart.whole.contains(at));
    notes(chart);
    return chart;
  }

  /** Gives the map note(subject, text): short sentences over it, one a subject, that are heard too; no text, no note. */
  function notes(chart) {
    const box = el("div", "map-notes"), lines = {};
    box.setAttribute("role", "status");
    chart.getContainer().after(box);
    chart.note = (subject, text) => {
      if (lines[subject]) lines[subject].remove();
      lines[subject] = text ? el("p", `note-${subject}`, text) : null;
      if (text) box.append(lines[subject]);
    };
  }

  /** Leaves the places of the buttons free, and on a phone that of the legend, unless it costs too much of the size. */
  function besideButtons(chart) {
    const edge = L.point(14, 14), left = L.point(56, 14), below = L.point(14, phone.matches ? 58 : 14);
    const zoom = (one, other) => chart.getBoundsZoom(chart.whole, false, one.add(other));
    const most = zoom(edge, edge) - 0.3;
    const [paddingTopLeft, paddingBottomRight] =
      [[left, below], [edge, below], [left, edge]].find((sides) => zoom(...sides) > most) || [edge, edge];
    return { paddingTopLeft, paddingBottomRight };
  }

  function wholeButton(chart) {
    const button = el("a", "whole", "⤢");
    Object.assign(button, { href: "#", title: say("whole"), role: "button" });
    button.setAttribute("aria-label", say("whole"));
    L.DomEvent.disableClickPropagation(button).on(button, "click", (event) => {
      L.DomEvent.preventDefault(event);
      chart.showWhole();
    });
    chart.getContainer().querySelector(".leaflet-control-zoom").append(button);
  }

  function tiles(chart, data) {
    const attribution = el("span", "", data.attribution).innerHTML;
    const layer = L.tileLayer(data.url, { attribution, maxZoom: 18 });
    sayWhenSilent(chart, layer, data.silent);
    return layer.addTo(chart);
  }

  /** A note where no tile of a view came: all were refused, or none was there after some seconds. */
  function sayWhenSilent(chart, layer, text) {
    let came = 0, failed = 0, timer = null;
    const judge = () => { if (!came) chart.note("basemap", text); };
    layer.on("loading", () => {
      came = failed = 0;
      clearTimeout(timer);
      timer = setTimeout(judge, PATIENCE_MS);
    });
    layer.on("tileload", () => {
      came += 1;
      chart.note("basemap", "");
    });
    layer.on("tileerror", () => { failed += 1; });
    layer.on("load", () => {
      clearTimeout(timer);
      if (failed) judge();
    });
    layer.on("remove", () => {
      clearTimeout(timer);
      chart.note("basemap", "");
    });
  }

  function ready() {
    requestAnimationFrame(() => {
      document.documentElement.dataset.ready = "true";
      performance.mark("wangge:ready");
    });
  }

  return { read, phone, say, day, el, eachPoint, decode, decodePolygons, pane, map, tiles, ready, number, percent, calm };
})();
