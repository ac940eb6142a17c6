"use strict";
/* Buttons of a map: full screen, measuring, and where its reader is. */
(function () {
  const { el, pane, inFrame } = wangge, PATIENCE_MS = 15000;
  let words = {}, later = {};

  /** A word of the tools; {name} is replaced by a value. */
  wangge.tell = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => wangge.number(values[name]));

  /** Fetches what only one tool needs; resolves at once where it is inside the page. */
  function fetched(tool) {
    if (!later[tool]) return Promise.resolve();
    const [src, href] = later[tool], script = el("script");
    if (href) document.head.append(Object.assign(el("link"), { rel: "stylesheet", href }));
    const loaded = new Promise((done, failed) => Object.assign(script, { src, onload: done, onerror: failed }));
    document.head.append(script);
    return loaded.then(() => { delete later[tool]; });
  }

  function button(bar, name, act) {
    const made = el("a", `tool tool-${name}`);
    const show = (on) => {
      const said = wangge.tell(on ? `${name}_off` : name);
      made.title = said;
      made.setAttribute("aria-label", said);
      made.setAttribute("aria-pressed", String(on));
    };
    Object.assign(made, { href: "#", show });
    made.setAttribute("role", "button");
    show(false);
    L.DomEvent.on(made, "click", (event) => {
      L.DomEvent.stop(event);
      act();
    });
    made.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      act();
    });
    bar.append(made);
    return made;
  }

  /** Makes a plugin's control when it is first used, its own buttons out of sight, and then does what is asked. */
  function lazily(chart, tool, make, act) {
    let control = null, coming = false;
    return () => {
      if (control) return act(control);
      if (coming) return;
      coming = true;
      fetched(tool).then(() => {
        control = make().addTo(chart);
        control.getContainer().hidden = true;
        chart.note(tool, "");
        act(control);
      }, () => chart.note(tool, wangge.tell("not_loaded"))).finally(() => { coming = false; });
    };
  }

  function fullScreen(chart, bar) {
    const stage = document.querySelector(".stage");
    const make = () => new L.Control.FullScreen({ forceSeparateButton: true, fullscreenElement: stage });
    const mine = button(bar, "full", lazily(chart, "full", make, (control) => {
      control.toggleFullScreen().catch(() => chart.note("full", wangge.tell("not_loaded")));
    }));
    chart.on("enterFullscreen", () => mine.show(true)).on("exitFullscreen", () => mine.show(false));
    document.addEventListener("keydown", (event) => {
      // Where a browser has no full screen of its own, nothing else listens to Escape.
      if (event.key === "Escape" && stage.classList.contains("leaflet-pseudo-fullscreen")) chart.toggleFullscreen();
    });
  }

  function measureOptions() {
    const said = (...keys) => keys.map((key) => wangge.tell(key));
    const [metres, kilometres, finish, remove, move, resume, add] =
      said("metres", "kilometres", "finish", "delete", "move", "resume", "add");
    return {
      unit: "metres", unitControlLabel: { metres, kilometres }, clearMeasurementsOnStop: true,
      tooltipTextFinish: finish, tooltipTextDelete: remove, tooltipTextMove: move, tooltipTextResume: resume, tooltipTextAdd: add,
      tempLine: { color: "#0a5fb4", weight: 2 }, fixedLine: { color: "#0a5fb4", weight: 3 },
      startCircle: { color: "#fff", weight: 2, fillColor: "#10202c", fillOpacity: 1, radius: 5 },
      intermedCircle: { color: "#fff", weight: 2, fillColor: "#0a5fb4", fillOpacity: 1, radius: 5 },
      currentCircle: { color: "#fff", weight: 2, fillColor: "#0a5fb4", fillOpacity: 1, radius: 6 },
      endCircle: { color: "#fff", weight: 2, fillColor: "#10202c", fillOpacity: 1, radius: 5 },
    };
  }

  function measuring(chart, bar) {
    const mine = button(bar, "measure", lazily(chart, "measure", make, (control) => control._toggleMeasure()));
    function make() {
      const control = new L.Control.PolylineMeasure(measureOptions());
      // It takes any move of the map for a drag and forgets the next click, also after the map was zoomed.
      chart.on("moveend", () => setTimeout(() => { control._mapdragging = false; }, 60));
      return control;
    }
    chart.on("polylinemeasure:toggle", ({ sttus }) => {
      chart.measuring = sttus;
      mine.show(sttus);
      chart.getContainer().classList.toggle("measuring", sttus);
      chart.note("measure", sttus ? wangge.tell("measure_how") : "");
      if (sttus) chart.closePopup();
    });
    chart.on("popupopen", ({ popup }) => { if (chart.measuring) chart.closePopup(popup); });
  }

  const FAILURES = { 1: "denied", 2: "unavailable", 3: "slow" };

  function locating(chart, bar, frame) {
    pane(chart, "you", 470);
    const layer = L.layerGroup(), style = { renderer: L.svg({ pane: "you", padding: 1 }), pane: "you", interactive: false };
    let on = false;
    function set(wanted) {
      on = wanted;
      mine.show(on);
      layer.clearLayers();
    }
    function failed(key) {
      set(false);
      chart.note("locate", wangge.tell(key));
    }
    const mine = button(bar, "locate", () => {
      set(!on);
      chart.note("locate", on ? wangge.tell("locating") : "");
      if (!on) return chart.stopLocate();
      if (!navigator.geolocation) return failed("unable");
      chart.locate({ enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 10000 });
    });
    chart.addLayer(layer);
    chart.on("locationerror", ({ code }) => { if (on) failed(FAILURES[code] || "unable"); });
    chart.on("locationfound", ({ latlng, accuracy }) => {
      if (!on) return;
      const at = L.latLng(inFrame(frame, latlng.lat, latlng.lng));
      if (!chart.covers(at)) return failed("outside");
      const around = L.circle(at, { ...style, radius: accuracy, color: "#0a5fb4", weight: 1.5, fillOpacity: 0.15 });
      const here = L.circleMarker(at, { ...style, radius: 7, color: "#fff", weight: 2.5, fillColor: "#0a5fb4", fillOpacity: 1 });
      layer.addLayer(around).addLayer(here);
      chart.you = { at, accuracy };
      chart.note("locate", wangge.tell("located", { n: Math.round(accuracy) }));
      chart.fitBounds(around.getBounds(), { maxZoom: 15, animate: !wangge.calm });
    });
  }

  /** Puts the buttons on the map, below those of the zoom. */
  wangge.tools = function (chart, data) {
    ({ words, later } = data);
    wangge.knowReadings(data.pinyin);
    const bar = el("div", "leaflet-bar tools");
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", wangge.tell("tools"));
    L.DomEvent.disableClickPropagation(bar);
    const control = L.control({ position: "topleft" });
    control.onAdd = () => bar;
    control.addTo(chart);
    fullScreen(chart, bar);
    measuring(chart, bar);
    locating(chart, bar, data.frame);
  };
})();
