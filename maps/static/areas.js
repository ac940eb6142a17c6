"use strict";
/* The areas of a coverage report on a map: fills, marks, and which area is pointed at or chosen. */
(function () {
  const { decode, pane, groundAt, Shape } = wangge, CROWD = 500;

  /** A round mark with "!" inside, drawn on the canvas so that hundreds cost nothing. */
  const Mark = L.CircleMarker.extend({
    _updatePath() {
      const drawer = this._renderer;
      drawer._updateCircle(this);
      if (!drawer._drawing || this._empty() || this._radius < 7) return;
      const pen = drawer._ctx;
      pen.globalAlpha = 1;
      pen.fillStyle = "#fff";  // as two bars: a first text on a canvas loads a font for it
      pen.fillRect(this._point.x - 1, this._point.y - 5, 2, 6);
      pen.fillRect(this._point.x - 1, this._point.y + 3, 2, 2);
    },
  });

  function rowsOf(data) {
    const { texts } = data;
    return data.rows.map((values) => {
      const row = { level: data.level, anchor: null };
      data.columns.forEach((name, at) => { row[name] = values[at]; });
      for (const name of data.shared) if (row[name] !== null) row[name] = texts[row[name]];
      row.path = row.above + row.code;
      row.responsible = row.responsible.map(([role, name, organisation]) => [texts[role], name, texts[organisation]]);
      return row;
    });
  }

  function withShapes(rows, data) {
    const anchors = decode(data.anchors);
    let drawn = 0;
    rows.forEach((row, index) => {
      row.shape = data.shapes[index];
      if (!row.shape.length) return;
      row.anchor = anchors[drawn++];
      row.ground = groundAt(data, index);
    });
  }

  /** The areas as shapes that stand in the page; gives what `wangge.areaTiles` gives. */
  function areaShapes(chart, data, rows, look) {
    const drawer = L.canvas({ padding: 0.1 }), all = L.featureGroup(), groups = {};
    for (const status of Object.keys(data.colours.status)) groups[status] = L.featureGroup().addTo(all);
    for (const row of rows) {
      if (!row.anchor) continue;
      row.layer = new Shape(row.ground, {
        renderer: drawer, color: data.colours.border, weight: look.thin, opacity: 0.75,
        fillColor: look.paints[row.status], fillOpacity: look.opacity,
      });
      row.layer.row = row;
      groups[row.status].addLayer(row.layer);
    }
    all.addTo(chart);
    function listen(model) {
      all.on("mouseover", (event) => model.point(event.layer.row));
      all.on("mouseout", () => model.point(null));
      all.on("click", (event) => model.choose(event.layer.row, event.latlng));
      if (window.matchMedia("(hover: hover)").matches) {
        all.bindTooltip((layer) => wangge.tooltip(layer.row), { sticky: true, opacity: 1, className: "tip" });
      }
    }
    return { all, groups, listen, line: undefined };
  }

  /** Dashes around an area that nobody is assigned to, where its shape is at hand, and the mark inside. */
  function markUnassigned(row, colour, drawer, on) {
    const line = { renderer: drawer, pane: "marks", interactive: false, fill: false };
    if (row.ground) {
      row.casing = new Shape(row.ground, { ...line, color: "#fff", opacity: 0.9 }).addTo(on);
      row.dashes = new Shape(row.ground, { ...line, color: colour, dashArray: "7 4", lineCap: "butt" }).addTo(on);
    }
    row.mark = new Mark(row.anchor, {
      renderer: drawer, pane: "marks", interactive: false, radius: 9,
      color: "#fff", weight: 1.5, fillColor: colour, fillOpacity: 1,
    }).addTo(on);
  }

  /** Where an area has no room, its mark shrinks to a dot and its outline thins. */
  function fitMarks(chart, rows) {
    for (const row of rows) {
      const span = row.layer.span(chart.getZoom()), small = Math.min(span.x, span.y) < 30;
      row.mark.setRadius(small ? (Math.min(span.x, span.y) < 8 && rows.length > CROWD ? 1 : 2.5) : 9);
      row.mark.setStyle({ weight: row.mark.getRadius() > 1 ? 1.5 : 0 });
      if (!row.dashes) continue;
      row.casing.setStyle({ weight: small ? 3 : 5 });
      row.dashes.setStyle({ weight: small ? 1.8 : 2.5 });
    }
  }

  /**
   * Draws the areas. Fires "point" and "choose" with {row}, row null for none.
   * @returns rows, gaps, marks and groups by status, and point(row), choose(row, where)
   */
  wangge.areas = function (chart, data) {
    const { colours } = data, tiled = Boolean(chart.options.attributionControl);
    pane(chart, "marks", 440);
    const markDrawer = L.canvas({ pane: "marks", padding: 0.1 }), rows = rowsOf(data), marks = {}, paints = {};
    (data.tiles ? wangge.tiledRows : withShapes)(rows, data);
    const model = Object.assign(new L.Evented(), { rows, gaps: data.gaps.map((at) => rows[at]) });
    for (const [status, { fill, hatch }] of Object.entries(colours.status)) {
      marks[status] = L.layerGroup().addTo(chart);
      paints[status] = hatch ? wangge.hatch(fill, hatch, data.tiles ? 8 : 7) : fill;  // 8 fits the side of a tile
    }
    const look = { paints, thin: rows.length > 800 ? 0.4 : 0.8, opacity: tiled ? 0.62 : 1 };
    const drawn = (data.tiles ? wangge.areaTiles : areaShapes)(chart, data, rows, look);
    const marked = rows.filter((row) => row.unassigned && row.anchor);
    for (const row of marked) markUnassigned(row, colours.unassigned, markDrawer, marks[row.status]);
    const refit = () => fitMarks(chart, marked);
    chart.on("zoomend", refit);
    refit();
    wangge.pointing(chart, model, colours.highlight, drawn.line);
    drawn.listen(model);
    wangge.cards(chart, model, wangge.card);
    return Object.assign(model, { all: drawn.all, groups: drawn.groups, marks, marked, markDrawer });
  };
})();
