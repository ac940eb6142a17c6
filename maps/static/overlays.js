"use strict";
/* What maps of areas share: hatching, the area that is pointed at or chosen, town outlines, and names. */
(function () {
  const { decode, decodePolygons, pane, el, groundAt, Shape } = wangge;

  /** Diagonal lines as a canvas pattern, as sharp as the screen is. */
  wangge.hatch = function (fill, line, side = 7) {
    const ratio = L.Browser.retina ? 2 : 1;
    const tile = el("canvas");
    tile.width = tile.height = side * ratio;
    const pen = tile.getContext("2d");
    pen.scale(ratio, ratio);
    pen.fillStyle = fill;
    pen.fillRect(0, 0, side, side);
    pen.strokeStyle = line;
    pen.lineWidth = 1.4;
    pen.beginPath();
    for (const start of [-side, 0, side]) {
      pen.moveTo(start - 1, side + 1);
      pen.lineTo(start + side + 1, -1);
    }
    pen.stroke();
    const pattern = pen.createPattern(tile, "repeat");
    pattern.setTransform(new DOMMatrix().scale(1 / ratio));
    return pattern;
  };

  /** The line around the area that is pointed at or chosen: one SVG path, so the canvas below is not painted again. */
  function highlighter(chart, colour, weight) {
    const style = { renderer: chart.highlightDrawer, pane: "highlight", interactive: false, fill: false };
    const casing = L.polygon([], { ...style, color: "#fff", weight: weight + 3 }).addTo(chart);
    const line = L.polygon([], { ...style, color: colour, weight }).addTo(chart);
    return (row) => {
      const shape = row && row.layer ? decodePolygons(row.shape) : [];
      casing.setLatLngs(shape);
      line.setLatLngs(shape);
    };
  }

  /** Gives a model point(row) and choose(row, where), which fire "point" and "choose" with {row}, row null for none. */
  wangge.pointing = function (chart, model, colour, line = highlighter) {
    pane(chart, "highlight", 450);
    chart.highlightDrawer = L.svg({ pane: "highlight", padding: 0.1 });
    const showPointed = line(chart, colour, 2), showChosen = line(chart, colour, 3.5);
    model.chosen = null;
    model.point = (row) => {
      showPointed(row);
      model.fire("point", { row });
    };
    model.choose = (row, where) => {
      if (where && chart.measuring) return;  // that click set a point of the line
      model.chosen = row;
      showChosen(row);
      model.fire("choose", { row, where });
    };
  };

  /** Town outlines, on the canvas of the marks and below them. */
  wangge.outlines = function (chart, data, areas) {
    const anchors = decode(data.anchors), layer = L.layerGroup(), towns = [], land = [];
    const style = {
      renderer: areas.markDrawer, pane: "marks", interactive: false, fill: false, color: data.colour, weight: 2, opacity: 0.9,
    };
    data.towns.forEach(([code, name], at) => {
      if (!data.shapes[at].length) return;
      towns.push({ code, name, anchor: anchors[towns.length] });
      land.push(new Shape(groundAt(data, at), style).addTo(layer));
    });
    if (land.length) {
      chart.covers = (at) => {
        const { x, y } = L.CRS.EPSG3857.latLngToPoint(at, 0);
        return land.some((town) => town.has(x / 256, y / 256));
      };
    }
    layer.on("add", () => layer.eachLayer((line) => line.bringToBack()));
    return Object.assign(layer.addTo(chart), { towns });
  };

  /** Names of towns always where they fit, of areas where there is room; placed anew whenever the map rests. */
  const Names = L.Layer.extend({
    initialize(candidates, marks) {
      this._candidates = candidates;
      this._marks = marks;
    },
    onAdd(chart) {
      this._box = pane(chart, "names", 460);
      this._box.setAttribute("aria-hidden", "true");
      chart.on("zoomstart", this._clear, this).on("moveend resize", this._place, this);
      this._place();
    },
    onRemove(chart) {
      chart.off("zoomstart", this._clear, this).off("moveend resize", this._place, this);
      this._clear();
    },
    _clear() {
      this._box.replaceChildren();
    },
    /**
     * Tries each name at its point, then a line below and above it. Where all are taken an area's name is left out,
     * and a town's stands at its point unless another name does.
     */
    _place() {
      const chart = this._map, size = chart.getSize(), zoom = chart.getZoom();
      const seen = (at) => at.x > 0 && at.y > 0 && at.x < size.x && at.y < size.y;
      const around = (at, width) => [at.x - width / 2 - 3, at.y - 9, at.x + width / 2 + 3, at.y + 9];
      const free = (box, among) => !among.some((b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1]);
      const marks = this._marks.map((row) => around(chart.latLngToContainerPoint(row.anchor), 2 * row.mark.getRadius()));
      const names = [], made = [];
      for (const one of this._candidates) {
        const room = one.layer ? one.layer.span(zoom) : L.point(Infinity, Infinity);
        if (room.x < one.width + 6) continue;
        const at = chart.latLngToContainerPoint(one.anchor);
        if (!seen(at)) continue;
        const open = (there, ...among) => among.every((boxes) => free(around(there, one.width), boxes));
        const offsets = room.y > 64 ? [0, 19, -19] : [0];
        const spot = offsets.map((dy) => at.add([0, dy])).find((there) => open(there, names, marks))
          || (!one.layer && open(at, names) ? at : null);
        if (!spot) continue;
        names.push(around(spot, one.width));
        const name = el("span", one.style, el("span", "", one.name));
        L.DomUtil.setPosition(name, chart.containerPointToLayerPoint(spot));
        made.push(name);
      }
      this._box.replaceChildren(...made);
    },
  });

  /** About how wide a text is; measuring 3,000 names would take longer than drawing their areas. */
  function wide(text, size) {
    let ems = 0;
    for (const character of text) ems += character < "\u2e80" ? 0.58 : 1;
    return ems * size;
  }

  wangge.names = function (chart, areas, outlines) {
    const towns = outlines.towns.map((town) => ({ ...town, width: wide(town.name, 14), style: "name name-town" }));
    const known = new Set(towns.map((town) => town.code));
    const others = areas.rows.filter((row) => row.anchor && !known.has(row.code)).map((row) => ({
      name: row.name, anchor: row.anchor, layer: row.layer, width: wide(row.name, 12), style: `name name-${row.status}`,
    }));
    return new Names([...towns, ...others], areas.marked).addTo(chart);
  };
})();
