"use strict";
/*
 * Areas beyond some thousands: their shapes come as vector tiles of the service, and are coloured from the page's own table.
 * The tiles are in WGS-84; on a basemap in another frame their pane is moved by the shift at the middle of the view,
 * which differs by less than two pixels at its edges.
 */
(function () {
  const { pane, inFrame } = wangge, KEPT = 300, ROOM_PX = 14;

  L.DomEvent.fakeStop = L.DomEvent.fakeStop || L.Util.falseFn;  // what the plugin calls, until Leaflet 1.7

  /** As the plugin has it, with the pane's own shift, and clicks beside all areas are clicks on the map. */
  L.Canvas.Tile.include({
    _at(event) {
      const map = this._map, { x, y, z } = this._tileCoord;
      const at = map.mouseEventToLayerPoint(event).subtract(map.tileShift).add(map.getPixelOrigin());
      return at.multiplyBy(map.getZoomScale(z, map.getZoom())).subtract(L.point(x, y).scaleBy(this._size));
    },
    _onClick(event) {
      if (!this._map) return;
      const at = this._at(event);
      const hit = Object.values(this._layers).filter((one) => one.options.interactive && one._containsPoint(at)).pop();
      this._fireEvent(hit ? [hit] : false, event);
    },
    _onMouseMove(event) {
      if (!this._map || this._map.dragging.moving() || this._map._animatingZoom) return;
      this._handleMouseHover(event, this._at(event));
    },
  });

  const Grid = L.VectorGrid.Protobuf.extend({
    initialize(url, options) {
      L.VectorGrid.Protobuf.prototype.initialize.call(this, url, options);
      this._known = new Map();
    },
    /** Tiles by their address, the latest some hundred of them; one that does not come is empty, and told of. */
    _getVectorTilePromise(coords) {
      const key = this._tileCoordsToKey(coords);
      if (!this._known.has(key)) {
        if (this._known.size >= KEPT) this._known.delete(this._known.keys().next().value);
        const coming = L.VectorGrid.Protobuf.prototype._getVectorTilePromise.call(this, coords);
        const silent = () => {
          this._known.delete(key);
          this.fire("silent");
          return { layers: {} };
        };
        // A refusal has a list for its layers, which is how the plugin makes an empty tile.
        this._known.set(key, coming.then((tile) => (Array.isArray(tile.layers) ? silent() : tile), silent));
      }
      return this._known.get(key);
    },
    _getTiledPixelBounds(center) {
      const bounds = L.GridLayer.prototype._getTiledPixelBounds.call(this, center);
      const shift = this.shiftAt(center, this._tileZoom);
      return L.bounds(bounds.min.subtract(shift), bounds.max.subtract(shift));
    },
    /** Pixels from where a WGS-84 position stands to where it belongs. */
    shiftAt(center, zoom) {
      const { frame } = this.options, there = inFrame(frame, center.lat, center.lng);
      const source = L.latLng(2 * center.lat - there[0], 2 * center.lng - there[1]);
      return this._map.project(L.latLng(inFrame(frame, source.lat, source.lng)), zoom).subtract(this._map.project(source, zoom));
    },
  });

  /** Rows with where they are, which stands in the page: a point inside and the box around. */
  wangge.tiledRows = function (rows, data) {
    const at = wangge.decode(data.places), missing = new Set(data.missing);
    let next = 0;
    rows.forEach((row, index) => {
      row.shape = [];
      if (missing.has(index)) return;
      const [anchor, southWest, northEast] = at.slice(next, next + 3), box = L.latLngBounds(southWest, northEast);
      next += 3;
      row.anchor = anchor;
      const low = L.CRS.EPSG3857.latLngToPoint(southWest, 0), high = L.CRS.EPSG3857.latLngToPoint(northEast, 0);
      row.layer = {
        getBounds: () => box,
        span: (zoom) => L.point(high.x - low.x, low.y - high.y).multiplyBy(2 ** zoom),
      };
    });
  };

  /** @returns all and groups as the legend switches them, listen(model), and the line around an area */
  wangge.areaTiles = function (chart, data, rows, look) {
    const { colours, tiles } = data, byCode = new Map(rows.map((row) => [row.code, row]));
    const hidden = new Set(), raised = new Map(), statuses = Object.keys(colours.status);
    chart.tileShift = L.point(0, 0);
    chart.options.zoomSnap = 1;  // between two zooms tiles are enlarged, and blur
    chart.showWhole();
    const ground = pane(chart, "areas", 390);

    /** Dashes where there is room for them: thousands of small areas would be nothing but dashes. */
    function styleOf(row, zoom) {
      const { x, y } = row.layer.span(zoom);
      const line = row.unassigned && Math.min(x, y) >= ROOM_PX ? { color: colours.unassigned, weight: 2, opacity: 1, dashArray: "6 4" } : { color: colours.border, weight: look.thin, opacity: 0.75 };
      return { fill: true, fillColor: look.paints[row.status], fillOpacity: look.opacity, ...line, ...raised.get(row.code) };
    }
    const grid = new Grid(tiles.url, {
      rendererFactory: L.canvas.tile, pane: "areas", interactive: true, frame: tiles.frame,
      maxNativeZoom: tiles.maxZoom, maxZoom: 18, keepBuffer: 1, updateWhenZooming: false,
      bounds: chart.whole && chart.whole.pad(0.1),
      getFeatureId: (feature) => feature.properties.code,
      vectorTileLayerStyles: {
        [tiles.layer]: ({ code }, zoom) => {
          const row = byCode.get(code);
          return row && row.layer && !hidden.has(row.status) ? styleOf(row, zoom) : [];
        },
      },
    });
    grid.on("silent", () => chart.note("shapes", wangge.tell("no_shapes")));

    /** Draws one area again in all tiles that have it, over its neighbours. */
    function again(row) {
      for (const tile of Object.values(grid._vectorTiles)) {
        const found = tile._map && tile._features[row.code];
        if (!found) continue;
        found.feature.options = { ...L.Path.prototype.options, ...styleOf(row, tile.getCoord().z) };
        tile._updateDashArray(found.feature);
        if (raised.has(row.code)) tile._bringToFront(found.feature);
        else tile._requestRedraw(found.feature);
        tile._redrawBounds = null;  // the whole tile: a wide line leaves more behind than a thin one covers
      }
    }
    grid.on("tileload", () => { for (const code of raised.keys()) again(byCode.get(code)); });

    function line(_chart, color, weight) {
      let last = null;
      const wide = { color, weight, opacity: 1, dashArray: null };
      return (row) => {
        if (last && raised.get(last.code) === wide) {
          raised.delete(last.code);
          again(last);
        }
        last = row && row.anchor ? row : null;
        if (!last || (raised.has(last.code) && raised.get(last.code).weight > weight)) return;
        raised.set(last.code, wide);
        again(last);
      };
    }

    function move() {
      chart.tileShift = grid.shiftAt(chart.getCenter(), chart.getZoom());
      L.DomUtil.setPosition(ground, chart.tileShift);
    }
    function listen(model) {
      const rowOf = (event) => byCode.get(event.layer.properties.code);
      grid.on("mouseover", (event) => model.point(rowOf(event)));
      grid.on("mouseout", () => model.point(null));
      grid.on("click", (event) => model.choose(rowOf(event), event.latlng));
      if (window.matchMedia("(hover: hover)").matches) {
        let pointed = null;
        grid.on("mouseover", (event) => { pointed = rowOf(event); });
        grid.bindTooltip(() => wangge.tooltip(pointed), { sticky: true, opacity: 1, className: "tip" });
      }
    }
    let waiting = false;
    const all = {
      addLayer: (status) => { if (hidden.delete(status)) redraw(); },
      removeLayer: (status) => { if (!hidden.has(status)) { hidden.add(status); redraw(); } },
    };
    function redraw() {
      if (waiting) return;
      waiting = true;
      queueMicrotask(() => {
        waiting = false;
        grid.redraw();
      });
    }
    grid.addTo(chart);
    if (tiles.frame !== "wgs84") {
      chart.on("moveend zoomend viewreset", move);
      move();
    }
    return { all, groups: Object.fromEntries(statuses.map((status) => [status, status])), listen, line, grid };
  };
})();
