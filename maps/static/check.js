"use strict";
/* Findings and changes of a boundary version: marks and ground on the map, the list, the legend, and the card of one. */
(function () {
  const { say, el, number, phone, pane, ground, groundOf, Shape } = wangge;
  const RADIUS = 9;

  /** A round mark with one character on it, drawn on the canvas so that thousands cost little. */
  const Mark = L.CircleMarker.extend({
    _updatePath() {
      const drawer = this._renderer;
      drawer._updateCircle(this);
      if (!drawer._drawing || this._empty()) return;
      const pen = drawer._ctx;
      pen.globalAlpha = 1;
      pen.fillStyle = "#fff";
      pen.font = "600 11px sans-serif";
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillText(this.options.sign, this._point.x, this._point.y + 0.5);
    },
  });

  wangge.borders = function (chart, data) {
    const layer = L.layerGroup(), renderer = L.canvas({ padding: 0.1 });
    const weight = data.shapes.length > 800 ? 0.5 : 1;
    for (const shape of data.shapes) {
      new Shape(ground(shape), { renderer, interactive: false, fill: false, color: data.colour, weight, opacity: 0.8 }).addTo(layer);
    }
    return layer.addTo(chart);
  };

  /** Rows of the data as objects, each with its layers; those of one kind in one group. */
  function rowsOf(chart, data, groups, olds) {
    const marks = L.canvas({ pane: "marks", padding: 0.1 }), fills = L.canvas({ pane: "fills", padding: 0.1 });
    const oldLines = L.canvas({ pane: "olds", padding: 0.1 });
    const made = new Map();
    return data.entries.map(([kindAt, title, detail, size, facts, place, bare, newAt, oldAt]) => {
      const [kind, word, group, colour, sign] = data.kinds[kindAt];
      const row = { kind, word, group, colour, sign, title, detail, size, facts, place: place && L.latLng(place[1], place[0]), shapes: [] };
      const style = { renderer: fills, color: colour, weight: 1.5, fillColor: colour, fillOpacity: 0.5 };
      if (bare.length) row.shapes.push(new Shape(groundOf(bare), style));
      if (newAt !== null && data.new[newAt].length) {
        const filled = group === "change" ? 0.22 : 0;
        row.shapes.push(new Shape(ground(data.new[newAt]), { ...style, fillOpacity: filled }));
      }
      if (oldAt !== null && data.old[oldAt].length) {
        const key = `${kind} ${oldAt}`;
        row.old = made.get(key) || new Shape(ground(data.old[oldAt]), {
          renderer: oldLines, pane: "olds", interactive: false, fill: false, color: data.outline, weight: 2, dashArray: "6 4",
        });
        made.set(key, row.old);
        olds[kind].addLayer(row.old);
      }
      if (row.place) {
        row.mark = new Mark(row.place, {
          renderer: marks, pane: "marks", radius: RADIUS, color: "#fff", weight: 1.5, fillColor: colour, fillOpacity: 1, sign,
        });
      }
      for (const layer of [...row.shapes, row.mark]) {
        if (!layer) continue;
        layer.row = row;
        groups[kind].addLayer(layer);
      }
      return row;
    });
  }

  function item(model, row) {
    const button = el("button", "gap",
      signOf(row),
      el("span", "gap-main",
        el("span", "gap-title", el("span", "gap-name", row.title)),
        el("span", "gap-who", [row.word, row.detail].filter(Boolean).join(" · "))),
      el("span", "gap-numbers", row.size ? el("b", "", row.size) : row.place ? null : el("small", "", say("no_place"))));
    button.type = "button";
    button.addEventListener("click", () => model.choose(row, null));
    row.button = button;
    row.words = [row.title, row.detail, row.word, ...row.facts.map((one) => one[1])].join("\n").toLowerCase();
    return el("li", "", button);
  }

  function signOf(row) {
    const sign = el("i", "sign", row.sign);
    sign.style.background = row.colour;
    return sign;
  }

  /** The list narrowed by text and kind; a kind whose legend box is off can still be listed. */
  function filters(data, rows, entries) {
    const box = document.getElementById("gap-filter"), shown = document.querySelector(".gap-shown");
    const empty = document.querySelector(".gaps-body > .empty");
    let only = null;
    function apply() {
      const text = box.value.trim().toLowerCase();
      let n = 0;
      rows.forEach((row, at) => {
        const fits = row.words.includes(text) && (only === null || row.kind === only);
        entries[at].hidden = !fits;
        n += fits;
      });
      shown.textContent = n === rows.length ? "" : say("shown", { n, all: rows.length });
      empty.textContent = say(rows.length ? "no_match" : "none");
      empty.hidden = n > 0;
    }
    const kinds = [[null, say("all"), null, null, null, rows.length], ...data.kinds];
    const buttons = kinds.map(([kind, word, , colour, sign, count]) => {
      const button = el("button", "reason", kind ? signOf({ sign, colour }) : null, word, " ", el("b", "", number(count)));
      button.type = "button";
      button.setAttribute("aria-pressed", String(kind === null));
      button.addEventListener("click", () => {
        only = kind;
        for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
        apply();
      });
      return button;
    });
    document.querySelector(".reasons").append(...(data.kinds.length > 1 ? buttons : []));
    box.addEventListener("input", apply);
    apply();
  }

  function card(row) {
    const list = el("dl", "facts");
    for (const [label, value] of row.facts) list.append(el("dt", "", label), el("dd", "", value));
    const head = el("p", "states", signOf(row), el("span", "", row.word));
    return el("section", "card", el("h3", "", row.title), head, list);
  }

  /** Opens the card where the map was clicked, or after going there from the list. */
  function details(chart, model) {
    const popup = L.popup({ minWidth: 240, maxWidth: 320, className: "area-popup", autoPanPaddingTopLeft: [56, 12], autoPanPaddingBottomRight: [12, 12] });
    let turn = 0;
    function open(row, at) {
      popup.options.maxWidth = Math.min(320, chart.getSize().x - 104);
      popup.options.maxHeight = Math.max(140, chart.getSize().y - 80);
      popup.setContent(card(row)).setLatLng(at).openOn(chart);
      popup.getElement().setAttribute("role", "dialog");
      popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", say("close"));
    }
    model.on("choose", ({ row, where }) => {
      turn += 1;
      if (!row || !row.place) return chart.closePopup(popup);
      if (where) return open(row, where);
      const mine = turn, box = row.shapes.reduce((all, one) => all.extend(one.getBounds()), L.latLngBounds([row.place]));
      if (row.old) box.extend(row.old.getBounds());
      chart.closePopup(popup).stop();
      chart.once("moveend", () => { if (mine === turn) open(row, row.place); });
      chart.fitBounds(box, { maxZoom: 18, padding: chart.getSize().multiplyBy(0.25), animate: !wangge.calm });
    });
  }

  function legend(chart, groups, olds, layers) {
    const box = document.querySelector(".legend"), inputs = [...box.querySelectorAll("input")];
    const put = (layer, on) => (on ? chart.addLayer(layer) : chart.removeLayer(layer));
    function apply() {
      const old = inputs.find((input) => input.dataset.layer === "old").checked;
      // What comes last lies on top: what must be mended.
      for (const input of [...inputs].reverse()) {
        const { kind, layer } = input.dataset;
        if (kind) {
          put(groups[kind], input.checked);
          put(olds[kind], input.checked && old);
        } else if (layer !== "old") put(layers[layer], input.checked);
      }
    }
    const fold = () => { if (!document.body.classList.contains("on-paper")) box.open = !phone.matches; };
    box.addEventListener("change", apply);
    phone.addEventListener("change", fold);
    fold();
    apply();
    return (kind) => {
      const input = inputs.find((one) => one.dataset.kind === kind);
      if (!input.checked) { input.checked = true; apply(); }
    };
  }

  /** On a phone the list is a sheet under the map; choosing a line gives the map the room. */
  function sheet(chart, model) {
    const aside = document.querySelector(".gaps"), grip = document.querySelector(".grip");
    function set(open) {
      aside.classList.toggle("folded", !open);
      grip.setAttribute("aria-expanded", String(open));
      chart.invalidateSize({ animate: false });
    }
    grip.addEventListener("click", () => set(aside.classList.contains("folded")));
    model.on("choose", ({ row, where }) => { if (phone.matches && row && row.place && !where) set(false); });
  }

  wangge.checks = function (chart, data, layers) {
    pane(chart, "olds", 430);
    chart.createPane("fills").style.zIndex = 420;
    chart.createPane("marks").style.zIndex = 440;
    const groups = {}, olds = {};
    for (const [kind] of data.kinds) {
      groups[kind] = L.featureGroup();
      olds[kind] = L.layerGroup();
    }
    const rows = rowsOf(chart, data, groups, olds);
    const model = new L.Evented();
    let current = null;
    const show = legend(chart, groups, olds, layers);
    model.choose = (row, where) => {
      if (current) current.button.removeAttribute("aria-current");
      current = row;
      if (row) {
        row.button.setAttribute("aria-current", "true");
        if (where) row.button.scrollIntoView({ block: "nearest" });
        show(row.kind);
      }
      model.fire("choose", { row, where });
    };
    for (const group of Object.values(groups)) {
      group.on("click", (event) => {
        L.DomEvent.stopPropagation(event);
        model.choose(event.layer.row, event.latlng);
      });
    }
    sheet(chart, model);
    details(chart, model);
    const entries = rows.map((row) => item(model, row));
    document.querySelector(".gap-list").append(...entries);
    document.querySelector(".gap-count").textContent = number(rows.length);
    filters(data, rows, entries);
    wangge.paper(chart);
    return Object.assign(model, { rows });
  };
})();
