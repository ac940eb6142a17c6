"use strict";
/* The gap list beside the map, and the legend's switches. */
(function () {
  const { say, el, number, phone } = wangge, MOST_ELSEWHERE = 50;

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
    row.button = rank || !row.button ? button : row.button;
    return entry;
  }

  function numbers(row) {
    if (row.exclusion) {
      return el("span", "gap-numbers", el("small", "", row.exclusion[1]), el("small", "", wangge.day(row.exclusion[2])));
    }
    const late = row.days_since === null || row.days_overdue > 0;
    return el("span", "gap-numbers", el("b", late ? "late" : "", wangge.lateness(row)), el("small", "", wangge.visits(row)));
  }

  const searched = (row) =>
    (row.words = row.words || wangge.searched([row.name, row.parent, ...row.responsible.map((one) => one[1])], row.code));

  /** Areas that are no gap and match what is typed, below the gaps; the first of them only. */
  function elsewhere(areas) {
    const box = el("section", "found", el("h3", "", wangge.tell("found"))), list = el("ol"), note = el("p", "more-note");
    const listed = new Set(areas.gaps), others = areas.rows.filter((row) => !listed.has(row)), entries = new Map();
    function entry(row) {
      if (!entries.has(row)) entries.set(row, item(areas, row, 0));
      return entries.get(row);
    }
    box.append(list, note);
    box.hidden = true;
    document.querySelector(".gaps-body > .empty").after(box);
    return (fits) => {
      const found = fits ? others.filter((row) => fits(searched(row))) : [], more = found.length - MOST_ELSEWHERE;
      list.replaceChildren(...found.slice(0, MOST_ELSEWHERE).map(entry));
      note.textContent = more > 0 ? wangge.tell("found_more", { n: more }) : "";
      box.hidden = !found.length;
      return found.length;
    };
  }

  /** Filter by text and by reason; both narrow the list, the ranks stay those of the whole list. */
  function filters(areas, list) {
    const rows = areas.gaps, box = document.getElementById("gap-filter"), shown = document.querySelector(".gap-shown");
    const empty = document.querySelector(".gaps-body > .empty"), showElsewhere = elsewhere(areas);
    let reason = "all";
    function apply() {
      const text = box.value.trim(), fits = wangge.matcher(text);
      const found = rows.filter((row) => (reason === "all" || wangge.reasons(row).includes(reason)) && (!text || fits(searched(row))));
      list.show(found);
      shown.textContent = found.length === rows.length ? "" : say("shown", { n: found.length, all: rows.length });
      const others = showElsewhere(text && reason === "all" ? fits : null);
      empty.hidden = found.length + others > 0;
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
    wangge.searchBox(box, { apply, first: () => document.querySelector(".gap-list .gap, .found:not([hidden]) .gap") });
    apply();
  }

  /** A folded list below the gaps, filled when it is first unfolded. */
  function others(selector, areas, rows) {
    if (!rows.length) return;
    const section = document.querySelector(selector), list = section.querySelector("ol");
    const shown = wangge.longList(list, (row) => item(areas, row, 0));
    const fill = () => { if (!list.firstChild) shown.show(rows); };
    section.hidden = false;
    section.querySelector("b").textContent = number(rows.length);
    section.addEventListener("toggle", fill);
    window.addEventListener("beforeprint", fill);
  }

  wangge.gapList = function (chart, areas) {
    const empty = document.querySelector(".gaps-body > .empty");
    document.querySelector(".gap-count").textContent = number(areas.gaps.length);
    areas.gaps.forEach((row, at) => { row.rank = at + 1; });
    const list = wangge.longList(document.querySelector(".gap-list"), (row) => item(areas, row, row.rank));
    areas.reveal = list.reveal;
    empty.textContent = say(!areas.rows.length ? "no_areas" : areas.gaps.length ? "no_match" : "no_gaps");
    filters(areas, list);
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
