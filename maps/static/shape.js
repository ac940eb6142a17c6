"use strict";
/*
 * Many polygons on one canvas. L.Polygon makes three objects a vertex and again at every zoom, which at 3,000 grids is
 * most of the time to open a page and to zoom it. A shape keeps its vertices as plain numbers on the unit square of the
 * Web Mercator projection and scales them while drawing; Leaflet's canvas does the rest.
 */
(function () {
  const RADIAN = Math.PI / 180, NEAR_PX = 0.6, MOST_LOST_PX = 1;

  /** Rings stand one behind the other in some large pieces of memory: thousands of small ones keep the collector busy. */
  const PIECE = 1 << 16;
  let piece = new Float64Array(PIECE), used = 0;

  /** A ring of positions as numbers, x, y, x, y … on the unit square: `most` of them at most, as `each(visit)` gives them. */
  function flat(most, each) {
    if (piece.length - used < most) {
      piece = new Float64Array(Math.max(PIECE, most));
      used = 0;
    }
    const from = used;
    each((lat, lng) => {
      piece[used++] = (lng + 180) / 360;
      piece[used++] = 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * RADIAN) / 2)) / (2 * Math.PI);
    });
    return piece.subarray(from, used);
  }

  const decoded = (polygons) =>
    polygons.flat().map((text) => flat(text.length, (visit) => wangge.eachPoint(text, visit)));

  function extent(rings) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const ring of rings) {
      for (let at = 0; at < ring.length; at += 2) {
        if (ring[at] < box[0]) box[0] = ring[at];
        if (ring[at] > box[2]) box[2] = ring[at];
        if (ring[at + 1] < box[1]) box[1] = ring[at + 1];
        if (ring[at + 1] > box[3]) box[3] = ring[at + 1];
      }
    }
    return box;
  }

  /** The rings of an area, of all its polygons. Where there are plainer ones, they serve until a zoom shows the difference. */
  class Ground {
    /** @param read gives all rings; @param plain those that serve up to a zoom, which lose `lost` of the unit square */
    constructor(read, plain = null, lost = 0) {
      this._read = read;
      this._full = plain ? null : read();
      this._plain = plain;
      this._lost = lost;
      this.box = extent(plain || this._full);
    }

    /** Every vertex. */
    get rings() {
      if (!this._full) {
        this._full = this._read();
        this.box = extent(this._full);
      }
      return this._full;
    }

    /** What there is to draw where the unit square is `size` pixels wide. */
    at(size) {
      return this._plain && this._lost * size <= MOST_LOST_PX ? this._plain : this.rings;
    }
  }

  /** The ground of encoded polygons. */
  wangge.ground = (polygons) => new Ground(() => decoded(polygons));

  /** The ground of one of the shapes that stand in a page, with its plainer rings where there are some. */
  wangge.groundAt = ({ shapes, plain }, at) =>
    (plain ? new Ground(() => decoded(shapes[at]), decoded(plain.shapes[at]), plain.lost) : wangge.ground(shapes[at]));

  /** The same from rings of plain degrees: lon, lat, lon, lat …. */
  wangge.groundOf = (rings) => new Ground(() => rings.map((ring) => flat(ring.length, (visit) => {
    for (let at = 0; at < ring.length; at += 2) visit(ring[at + 1], ring[at]);
  })));

  /** A polygon with holes, or several, as one path of a canvas. */
  wangge.Shape = L.Path.extend({
    options: { fill: true },

    /** @param ground as `wangge.ground` gives it; shapes may share it */
    initialize(ground, options) {
      L.setOptions(this, options);
      this.ground = ground;
    },

    /** Width and height in pixels at a zoom. */
    span(zoom) {
      const size = 256 * 2 ** zoom, [left, top, right, bottom] = this.ground.box;
      return L.point((right - left) * size, (bottom - top) * size);
    },

    getBounds() {
      const [left, top, right, bottom] = this.ground.box.map((value) => 256 * value);
      const corner = (x, y) => L.CRS.EPSG3857.pointToLatLng(L.point(x, y), 0);
      return L.latLngBounds(corner(left, bottom), corner(right, top));
    },

    _project() {
      this._size = 256 * 2 ** this._map.getZoom();
      this._origin = this._map.getPixelOrigin();
      this._updateBounds();
    },

    _updateBounds() {
      const { x, y } = this._origin, size = this._size, [left, top, right, bottom] = this.ground.box;
      const edge = this._clickTolerance();
      this._pxBounds = L.bounds(
        [left * size - x - edge, top * size - y - edge], [right * size - x + edge, bottom * size - y + edge]);
    },

    _reset() {
      this._project();
      this._update();
    },

    _update() {
      if (this._map) this._updatePath();
    },

    /** Draws it; a vertex nearer than a pixel to the one drawn before is left out. */
    _updatePath() {
      const drawer = this._renderer, pen = drawer._ctx;
      if (!drawer._drawing || !drawer._bounds.intersects(this._pxBounds)) return;
      const { x, y } = this._origin, size = this._size;
      pen.beginPath();
      for (const ring of this.ground.at(size)) {
        let lastX = ring[0] * size - x, lastY = ring[1] * size - y;
        pen.moveTo(lastX, lastY);
        for (let at = 2; at < ring.length; at += 2) {
          const nextX = ring[at] * size - x, nextY = ring[at + 1] * size - y;
          if (Math.abs(nextX - lastX) + Math.abs(nextY - lastY) < NEAR_PX) continue;
          pen.lineTo(nextX, nextY);
          lastX = nextX;
          lastY = nextY;
        }
        pen.closePath();
      }
      drawer._fillStroke(pen, this);
    },

    /** Crossing number over all rings, so that a hole is outside. */
    _containsPoint(point) {
      if (!this._pxBounds.contains(point)) return false;
      return this.has((point.x + this._origin.x) / this._size, (point.y + this._origin.y) / this._size);
    },

    /** Whether a point of the unit square is inside. */
    has(px, py) {
      let inside = false;
      for (const ring of this.ground.rings) {
        for (let at = 0, before = ring.length - 2; at < ring.length; before = at, at += 2) {
          const ay = ring[at + 1], by = ring[before + 1];
          if (ay > py !== by > py && px < ((ring[before] - ring[at]) * (py - ay)) / (by - ay) + ring[at]) inside = !inside;
        }
      }
      return inside;
    },
  });
})();
