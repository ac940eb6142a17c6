"use strict";
/* The list beside the map, most likely clusters first, then hot areas, and the legend's switches. */
(function () {
  const { say, el, number, phone, short } = wangge;

  const WANTED = {
    focus: (row) => (row.family === "cluster" ? row.significant : row.family === "hot"),
    weak: (row) => row.family === "cluster" && !row.significant,
    cold: (row) => row.family === "cold",
    unknown: (row) => row.family === "unknown",
    all: () => true,
  };

  function clusterItem(row) {
    return [
      el("span", "gap-rank", el("i", row.significant ? "cluster-number" : "cluster-number weak", String(row.rank))),
      el("span", "gap-main",
        el("span", "gap-title", el("span", "gap-name", wangge.around(row))),
        el("span", "badges", wangge.certainty(row)),
        el("span", "gap-who", wangge.memberNames(row.members, 6))),
      el("span", "gap-numbers",
        el("b", "much", row.relative_risk === null ? say("none_outside") : `× ${short(row.relative_risk)}`),
        el("small", "", say("seen_of", { observed: row.observed, expected: short(row.expected) })),
        el("small", "", `p = ${wangge.probability(row.p)}`)),
    ];
  }

  function areaItem(row, model) {
    const observed = model.whole.observed[row.at];
    const seen = row.expected === null ? say("issues_n", { n: observed }) : say("seen_of", { observed, expected: short(row.expected) });
    return [
      el("span", "gap-rank", el("i", `swatch swatch-${row.status}`)),
      el("span", "gap-main",
        el("span", "gap-title", el("span", "gap-name", row.name), row.parent ? el("span", "gap-parent", row.parent) : null),
        el("span", "badges", el("span", `badge badge-${row.status}`, wangge.classWord(row)),
          row.anchor ? null : el("span", "badge badge-plain", say("no_shape"))),
        el("span", "gap-who", wangge.surroundings(row))),
      el("span", "gap-numbers",
        row.ratio === null ? null : el("b", row.family === "hot" ? "much" : "", `× ${short(row.ratio)}`),
        el("small", "", seen),
        row.q === null ? null : el("small", "", `q = ${wangge.probability(row.q)}`)),
    ];
  }

  function item(row, model) {
    const button = el("button", "gap", ...(row.family === "cluster" ? clusterItem(row) : areaItem(row, model)));
    button.type = "button";
    button.title = row.family === "cluster" ? wangge.memberNames(row.members, 30) : row.name;
    button.addEventListener("click", () => {
      model.fire("leave", { row });
      model.choose(row, null);
    });
    button.addEventListener("mouseenter", () => model.point(row));
    button.addEventListener("mouseleave", () => model.point(null));
    row.button = button;
    return el("li", "", button);
  }

  function searched(row) {
    if (!row.words) {
      const named = row.members || [row];
      row.words = wangge.searched(named.flatMap((one) => [one.name, one.parent]), ...named.map((one) => one.code));
    }
    return row.words;
  }

  /** Text and class both narrow the list. */
  function filters(rows, list) {
    const box = document.getElementById("gap-filter"), shown = document.querySelector(".gap-shown");
    const empty = document.querySelector(".gaps-body > .empty"), { length } = rows.filter(WANTED.focus);
    let kind = "focus";
    function apply() {
      const text = box.value.trim(), fits = wangge.matcher(text), wanted = rows.filter(WANTED[kind]);
      const found = text ? wanted.filter((row) => fits(searched(row))) : wanted;
      list.show(found);
      shown.textContent = found.length === wanted.length ? "" : say("shown", { n: found.length, all: wanted.length });
      empty.hidden = found.length > 0 || wanted.length === 0;
    }
    const buttons = Object.keys(WANTED).map((name) => {
      const button = el("button", `reason reason-${name}`, say(name === "unknown" ? "unknown_areas" : name), " ", el("b", "", number(rows.filter(WANTED[name]).length)));
      button.type = "button";
      button.setAttribute("aria-pressed", String(name === kind));
      button.addEventListener("click", () => {
        kind = name;
        for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
        apply();
      });
      return button;
    });
    document.querySelector(".gap-count").textContent = number(length);
    document.querySelector(".reasons").append(...buttons);
    wangge.searchBox(box, { apply, first: () => document.querySelector(".gap-list .gap") });
    apply();
  }

  wangge.hotList = function (chart, model) {
    const rows = [...model.clusters, ...model.order];
    const list = wangge.longList(document.querySelector(".gap-list"), (row) => item(row, model));
    model.reveal = list.reveal;
    filters(rows, list);
    // An area without an entry that is shown first points at the cluster that it belongs to.
    for (const row of model.rows) {
      if (WANTED.focus(row) || !row.clusters.length) continue;
      Object.defineProperty(row, "button", { get: () => row.clusters[0].button, set: () => {}, configurable: true });
    }
    wangge.panel(chart, model);
  };

  /** The boxes of the legend: areas by family with their edges, clusters, and layers by name. */
  wangge.hotLegend = function (chart, model, layers) {
    const legend = document.querySelector(".legend");
    const boxes = [...legend.querySelectorAll("input[type=checkbox]")];
    const put = (layer, on, parent) => (on ? parent.addLayer(layer) : parent.removeLayer(layer));
    function apply() {
      for (const { dataset, checked } of boxes) {
        const name = dataset.layer;
        if (model.groups[name]) put(model.groups[name], checked, model.all);
        else put(name === "clusters" ? model.clusterLines : layers[name], checked, chart);
        if (model.edges[name]) put(model.edges[name], checked && Boolean(model.look.surface), chart);
      }
      raise();
    }
    /** Clusters lie over towns, and towns over the edges of areas, in whichever order they came. */
    function raise() {
      for (const group of [layers.outlines, model.clusterLines]) {
        group.eachLayer((layer) => { if (layer.bringToFront && chart.hasLayer(layer)) layer.bringToFront(); });
      }
      if (layers.points && chart.hasLayer(layers.points)) layers.points.bringToFront();
    }
    const fold = () => { if (!document.body.classList.contains("on-paper")) legend.open = !phone.matches; };
    legend.addEventListener("change", apply);
    model.on("look", apply);
    phone.addEventListener("change", fold);
    fold();
    apply();
  };
})();
