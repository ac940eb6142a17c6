"use strict";
/* The gap list beside the map, and the legend's switches. */
(function () {
  const { say, el, number, phone } = wangge;

  function people(row) {
    if (!row.responsible.length) return "";
    const [role, name] = row.responsible[0];
    const first = `${role} ${name}`, n = row.responsible.length;
    return n === 1 ? first : say("and_more", { first, n, more: n - 1 });
  }

  function item(areas, row, rank) {
    const name = el("span", "gap-name", row.name);
    name.title = row.name;
    const marks = wangge.reasons(row).map(wangge.badge);
    if (row.tier === "key") marks.push(el("span", "badge badge-key", say("key")));
    if (!row.anchor) marks.push(el("span", "badge badge-plain", say("no_shape")));
    const button = el("button", "gap",
      el("span", "gap-rank", rank ? number(rank) : ""),
      el("span", "gap-main",
        el("span", "gap-title", name, row.parent ? el("span", "gap-parent", row.parent) : null),
        el("span", "badges", ...marks),
        el("span", "gap-who", row.exclusion ? row.exclusion[0] : people(row))),
      numbers(row));
    button.type = "button";
    button.addEventListener("click", () => {
      areas.fire("leave", { row });
      areas.choose(row, null);
    });
    button.addEventListener("mouseenter", () => areas.point(row));
    button.addEventListener("mouseleave", () => areas.point(null));
    const entry = el("li", "", button);
    row.button = row.button || button;
    row.words = [row.name, row.parent, row.code, ...row.responsible.map((one) => one[1])].join("\n").toLowerCase();
    return entry;
  }

  function numbers(row) {
    if (row.exclusion) {
      return el("span", "gap-numbers", el("small", "", row.exclusion[1]), el("small", "", wangge.day(row.exclusion[2])));
    }
    const late = row.days_since === null || row.days_overdue > 0;
    return el("span", "gap-numbers", el("b", late ? "late" : "", wangge.lateness(row)), el("small", "", wangge.visits(row)));
  }

  /** Filter by text and by reason; both narrow the list, the ranks stay those of the whole list. */
  function filters(rows, entries) {
    const box = document.getElementById("gap-filter"), shown = document.querySelector(".gap-shown");
    const empty = document.querySelector(".gaps-body > .empty");
    let reason = "all";
    function apply() {
      const text = box.value.trim().toLowerCase();
      let n = 0;
      rows.forEach((row, at) => {
        const fits = row.words.includes(text) && (reason === "all" || wangge.reasons(row).includes(reason));
        entries[at].hidden = !fits;
        n += fits;
      });
      shown.textContent = n === rows.length ? "" : say("shown", { n, all: rows.length });
      empty.hidden = n > 0;
    }
    const buttons = ["all", "unassigned", "unvisited", "under"].map((kind) => {
      const count = kind === "all" ? rows.length : rows.filter((row) => wangge.reasons(row).includes(kind)).length;
      const button = el("button", `reason reason-${kind}`, say(kind), " ", el("b", "", number(count)));
      button.type = "button";
      button.setAttribute("aria-pressed", String(kind === "all"));
      button.addEventListener("click", () => {
        reason = kind;
        for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
        apply();
      });
      return button;
    });
    document.querySelector(".reasons").append(...buttons);
    box.addEventListener("input", apply);
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && box.value) { box.value = ""; apply(); }
    });
  }

  /** A folded list below the gaps, filled when it is first unfolded. */
  function others(selector, areas, rows) {
    if (!rows.length) return;
    const section = document.querySelector(selector), list = section.querySelector("ol");
    const fill = () => { if (!list.firstChild) list.append(...rows.map((row) => item(areas, row, 0))); };
    section.hidden = false;
    section.querySelector("b").textContent = number(rows.length);
    section.addEventListener("toggle", fill);
    window.addEventListener("beforeprint", fill);
  }

  wangge.gapList = function (chart, areas) {
    const list = document.querySelector(".gap-list"), empty = document.querySelector(".gaps-body > .empty");
    document.querySelector(".gap-count").textContent = number(areas.gaps.length);
    const entries = areas.gaps.map((row, at) => item(areas, row, at + 1));
    list.append(...entries);
    filters(areas.gaps, entries);
    empty.textContent = say(!areas.rows.length ? "no_areas" : areas.gaps.length ? "no_match" : "no_gaps");
    empty.hidden = areas.gaps.length > 0;
    others(".others-excluded", areas, areas.rows.filter((row) => row.exclusion));
    others(".others-shapeless", areas, areas.rows.filter((row) => !row.anchor));
    wangge.panel(chart, areas);
  };

  /** A status box switches its areas and their marks; "unassigned" all marks; the others a layer of their name. */
  wangge.legend = function (chart, areas, layers) {
    const legend = document.querySelector(".legend");
    const boxes = Object.fromEntries([...legend.querySelectorAll("input")].map((box) => [box.dataset.layer, box]));
    const put = (layer, on, parent) => (on ? parent.addLayer(layer) : parent.removeLayer(layer));
    function apply() {
      for (const status of Object.keys(areas.groups)) {
        put(areas.groups[status], boxes[status].checked, areas.all);
        put(areas.marks[status], boxes[status].checked && boxes.unassigned.checked, chart);
      }
      for (const [name, layer] of Object.entries(layers)) put(layer, boxes[name].checked, chart);
    }
    const fold = () => { legend.open = !phone.matches; };
    legend.addEventListener("change", apply);
    phone.addEventListener("change", fold);
    fold();
  };
})();
