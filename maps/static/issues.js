"use strict";
/* Areas by class, clusters and single issues on a map, and how each looks with a surface below or without, and by month. */
(function () {
  const { decode, pane, el, ground, groundAt, Shape } = wangge;
  const FAMILIES = ["hot", "cold", "none", "unknown"], MARKED_ZOOM = 13;

  function rowsOf(data) {
    const anchors = decode(data.anchors);
    let drawn = 0;
    return data.rows.map((values, at) => {
      const row = { at, shape: data.shapes[at], anchor: null, clusters: [] };
      data.columns.forEach((name, column) => { row[name] = values[column]; });
      row.family = row.status.split("_")[0];
      row.path = row.above + row.code;
      row.frame = () => ({ observed: 0, visits: 0 });
      if (!row.shape.length) return row;
      row.anchor = anchors[drawn++];
      row.ground = groundAt(data, at);
      return row;
    });
  }

  /** Fill and line of an area: one scale of fills at a time, and the unknown hatched over all. */
  function styleOf(row, look, paints, opacity) {
    if (wangge.unseen(row, look.frame)) {
      return { fillColor: look.surface ? paints.hatchOnly : paints.unknown, fillOpacity: 1 };
    }
    return { fillColor: paints[row.status], fillOpacity: look.surface ? 0 : opacity };
  }

  /** Whether nothing is known of an area: in a month, where nobody was visited in it. */
  wangge.unseen = (row, frame) => row.family === "unknown" || (!frame.whole && !frame.visits[row.at]);

  /**
   * Draws the areas. Fires "point" and "choose" as `wangge.pointing` does, and "look" when frame or surface change.
   * @returns rows, clusters, order of the list, groups by family, and setLook({frame, surface})
   */
  wangge.hotAreas = function (chart, data) {
    const { colours } = data, tiled = Boolean(chart.options.attributionControl);
    pane(chart, "surface", 350);
    pane(chart, "marks", 440);
    const drawer = L.canvas({ padding: 0.1 }), markDrawer = L.canvas({ pane: "marks", padding: 0.1 });
    const rows = rowsOf(data), all = L.featureGroup(), groups = {}, edges = { hot: L.layerGroup(), cold: L.layerGroup() };
    const paints = { hatchOnly: wangge.hatch("rgba(255, 255, 255, 0.35)", colours.classes.unknown.hatch) };
    for (const family of FAMILIES) groups[family] = L.featureGroup().addTo(all);
    for (const [name, { fill, hatch }] of Object.entries(colours.classes)) {
      paints[name] = hatch ? wangge.hatch(fill, hatch) : fill;
    }
    const thin = rows.length > 800 ? 0.4 : 0.8;
    for (const row of rows) {
      if (!row.anchor) continue;
      row.layer = new Shape(row.ground, { renderer: drawer, color: colours.border, weight: thin, opacity: 0.75 });
      row.layer.row = row;
      groups[row.family].addLayer(row.layer);
      if (!edges[row.family]) continue;
      const line = { renderer: markDrawer, pane: "marks", interactive: false, fill: false };
      new Shape(row.ground, { ...line, color: "#fff", weight: 4.5, opacity: 0.9 }).addTo(edges[row.family]);
      new Shape(row.ground, { ...line, color: colours.classes[row.status].fill, weight: 2.5 }).addTo(edges[row.family]);
    }
    all.addTo(chart);
    const model = Object.assign(new L.Evented(), {
      rows, clusters: [], marked: [], order: data.order.map((at) => rows[at]), denominator: data.denominator,
      all, groups, edges, drawer, markDrawer, colours, look: null,
    });
    model.setLook = (change) => {
      model.look = { ...model.look, ...change };
      for (const row of rows) {
        if (row.layer) row.layer.setStyle(styleOf(row, model.look, paints, tiled ? 0.62 : 1));
      }
      model.fire("look");
    };
    wangge.pointing(chart, model, colours.highlight);
    all.on("mouseover", (event) => model.point(event.layer.row));
    all.on("mouseout", () => model.point(null));
    all.on("click", (event) => model.choose(event.layer.row, event.latlng));
    if (window.matchMedia("(hover: hover)").matches) {
      all.bindTooltip((layer) => wangge.hotTip(layer.row, model.look.frame), { sticky: true, opacity: 1, className: "tip" });
    }
    wangge.cards(chart, model, (row) => wangge.hotCard(row, model));
    model.on("look", () => { if (model.chosen) model.fire("refresh"); });
    return model;
  };

  function badge(cluster, chart, model) {
    const number = el("button", "cluster-number", String(cluster.rank));
    number.type = "button";
    number.tabIndex = -1;
    const marker = L.marker(cluster.anchor, { icon: L.divIcon({ html: number, className: "cluster-mark", iconSize: [26, 26] }), keyboard: false });
    marker.on("mouseover", () => model.point(cluster)).on("mouseout", () => model.point(null));
    marker.on("click", () => model.choose(cluster, cluster.anchor));
    return marker;
  }

  /** Clusters: the significant ones as heavy lines with their numbers; the others are shown only when they are chosen. */
  wangge.clusters = function (chart, data, model) {
    const anchors = decode(data.anchors), lines = L.layerGroup().addTo(chart);
    let drawn = 0;
    model.clusters = data.clusters.map((one, at) => {
      const members = one.members.map((member) => model.rows[member]);
      const cluster = { ...one, family: "cluster", members, shape: data.shapes[at], anchor: null, clusters: [] };
      cluster.name = wangge.say("cluster_n", { n: one.rank });
      if (one.significant) for (const row of members) row.clusters.push(cluster);
      if (!cluster.shape.length) return cluster;
      cluster.anchor = anchors[drawn++];
      const line = { renderer: model.markDrawer, pane: "marks", interactive: false, fill: false };
      const around = ground(cluster.shape);
      cluster.layer = new Shape(around, { ...line, color: model.colours.cluster, weight: 3.5 });
      if (one.significant) {
        new Shape(around, { ...line, color: "#fff", weight: 7, opacity: 0.9 }).addTo(lines);
        cluster.layer.addTo(lines);
        badge(cluster, chart, model).addTo(lines);
        model.marked.push({ anchor: cluster.anchor, mark: { getRadius: () => 13 } });
      }
      return cluster;
    });
    model.clusterLines = lines;
  };

  const told = (data, [id, category, title, status, day]) =>
    ({ id, category: data.categories[category], title, status: data.states[status], day });

  /** One issue, ringed among all that is drawn, with its card open; the whole is one button away. */
  wangge.markedIssue = function (chart, data, model) {
    const [at] = decode(data.at);
    const style = { renderer: model.markDrawer, pane: "marks", radius: 10, fillColor: model.colours.point, fillOpacity: 0.85 };
    L.circleMarker(at, { ...style, interactive: false, color: "#fff", weight: 6, fill: false }).addTo(chart);
    L.circleMarker(at, { ...style, interactive: false, color: model.colours.highlight, weight: 3 }).addTo(chart);
    chart.setView(at, Math.max(MARKED_ZOOM, chart.getZoom()), { animate: false });
    const popup = L.popup({ className: "area-popup", offset: [0, -8] });
    popup.setLatLng(at).setContent(wangge.pointCard(told(data, data.issues[0]))).openOn(chart);
  };

  /** Single issues, those of the month that is shown. */
  wangge.points = function (chart, data, model) {
    const layer = L.featureGroup(), at = decode(data.at);
    const points = data.issues.map((values, number) => {
      const point = L.circleMarker(at[number], {
        renderer: model.drawer, radius: 3.5, color: "#fff", weight: 1, fillColor: model.colours.point, fillOpacity: 0.85,
      });
      point.issue = told(data, values);
      return point;
    });
    model.on("look", () => {
      const { month } = model.look.frame;
      layer.clearLayers();
      for (const point of points) if (point.issue.day.startsWith(month)) layer.addLayer(point);
    });
    layer.bindPopup((point) => wangge.pointCard(point.issue), { className: "area-popup" });
    return layer;
  };
})();
