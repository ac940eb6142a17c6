"use strict";
/* Who is responsible: the lists beside the map were made with the page; here list and map become one. */
(function () {
  const { say, el, day } = wangge;
  let cadres = [], texts = [], page = null;

  const holders = (row) => row.holders.map(([cadre, role, since]) => ({
    ...cadres[cadre], cadre, role: texts[role], since: texts[since],
  }));

  const badge = (row) => el("span", `badge badge-${row.status}`, row.load ? say("load_n", { n: row.load }) : say(row.status));

  wangge.tooltip = (row) => el("div", "tip-body", el("b", "", row.name), el("span", "badges", badge(row)),
    ...holders(row).slice(0, 4).map((one) => el("span", "", `${one.role} ${one.name}`)));

  function people(row) {
    if (!row.holders.length) return row.status === "unassigned" ? el("p", "nobody", say("nobody")) : null;
    return el("ul", "people", ...holders(row).map((one) => el("li", "",
      el("span", "role", one.role), el("b", "", one.name), el("small", "", one.organisation),
      el("span", "load", say("holds_n", { n: one.areas })), " ", el("small", "", say("since", { day: day(one.since) })))));
  }

  wangge.card = function (row) {
    const facts = el("dl", "facts");
    if (row.households !== null) facts.append(el("dt", "", say("households")), el("dd", "", say("households_n", { n: row.households })));
    if (row.exclusion) facts.append(el("dt", "", say("excluded_why")), el("dd", "", row.exclusion));
    return el("section", "card",
      el("h3", "", row.name),
      el("p", "where", [row.parent, row.kind].filter(Boolean).join(" · ")),
      el("p", "states", el("span", "badges", badge(row))),
      facts, el("h4", "", say("responsible")), people(row),
      wangge.pageLink(page, row),
      el("p", "codes", el("span", "", `${say("code")} ${row.code}`)));
  };

  function tabs(areas) {
    const buttons = [...document.querySelectorAll(".tab")], lists = [...document.querySelectorAll("section[data-list]")];
    const show = (name) => {
      for (const one of buttons) one.setAttribute("aria-pressed", String(one.dataset.list === name));
      for (const one of lists) one.hidden = one.dataset.list !== name;
      areas.fire("list", { name });
    };
    for (const one of buttons) {
      one.hidden = false;
      one.addEventListener("click", () => show(one.dataset.list));
    }
    for (const one of lists) one.querySelector("h2").firstChild.remove();
    show("cadres");
    return show;
  }

  function find(areas) {
    const box = document.getElementById("duty-find"), shown = document.querySelector(".gap-shown");
    const none = document.querySelector(".no-match");
    let list = "cadres";
    box.hidden = false;
    function apply() {
      const text = box.value.trim().toLowerCase();
      const entries = [...document.querySelectorAll(`section[data-list="${list}"] li`)];
      let n = 0;
      for (const entry of entries) {
        const fits = !text || `${entry.textContent} ${entry.firstChild.dataset.code || ""}`.toLowerCase().includes(text);
        entry.hidden = !fits;
        n += fits;
      }
      shown.textContent = n === entries.length ? "" : say("shown", { n, all: entries.length });
      none.hidden = n > 0 || !entries.length;
    }
    box.addEventListener("input", apply);
    areas.on("list", ({ name }) => { list = name; apply(); });
  }

  function cadreList(chart, areas, colour) {
    const point = wangge.outliner(chart, colour, 2), mark = wangge.outliner(chart, colour, 3.5), said = document.querySelector(".marked");
    const buttons = [...document.querySelectorAll("[data-cadre]")], rowsOf = cadres.map(() => []);
    for (const row of areas.rows) for (const [cadre] of row.holders) if (!rowsOf[cadre].includes(row)) rowsOf[cadre].push(row);
    let chosen = null;
    function choose(at) {
      if (chosen !== null) buttons[chosen].removeAttribute("aria-current");
      chosen = at;
      const rows = at === null ? [] : rowsOf[at];
      mark(rows);
      said.hidden = at === null;
      if (at === null) return;
      chart.closePopup();
      buttons[at].setAttribute("aria-current", "true");
      said.firstChild.textContent = say("cadre_areas", { name: cadres[at].name, n: rows.length });
      const drawn = rows.filter((row) => row.layer);
      if (!drawn.length) return;
      const bounds = drawn.reduce((all, row) => all.extend(row.layer.getBounds()), L.latLngBounds([]));
      chart.fitBounds(bounds.pad(0.4), { maxZoom: 14, animate: !wangge.calm });
    }
    buttons.forEach((button, at) => {
      button.addEventListener("click", () => {
        areas.fire("leave", {});
        choose(chosen === at ? null : at);
      });
      button.addEventListener("mouseenter", () => point(rowsOf[at]));
      button.addEventListener("mouseleave", () => point([]));
      button.addEventListener("focus", () => point(rowsOf[at]));
      button.addEventListener("blur", () => point([]));
    });
    said.querySelector("button").addEventListener("click", () => choose(null));
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") choose(null); });
    areas.on("point", ({ row }) => {
      for (const one of document.querySelectorAll(".of-area")) one.classList.remove("of-area");
      if (row) for (const [cadre] of row.holders) buttons[cadre].classList.add("of-area");
    });
    areas.on("choose", ({ row, where }) => {
      if (row) choose(null);
      if (row && where && row.holders.length && !buttons[row.holders[0][0]].closest("section").hidden) {
        buttons[row.holders[0][0]].scrollIntoView({ block: "nearest", behavior: wangge.calm ? "auto" : "smooth" });
      }
    });
  }

  /** Ties the lists to the areas that `wangge.areas` drew. */
  wangge.duties = function (chart, areas, data) {
    ({ cadres, texts, page } = data);
    cadres = cadres.map(([name, organisation, count]) => ({ name, organisation: texts[organisation], areas: count }));
    for (const select of document.querySelectorAll(".duty-filters select")) {
      select.addEventListener("change", () => select.form.requestSubmit());
    }
    wangge.entries(areas);
    cadreList(chart, areas, data.highlight);
    find(areas);
    tabs(areas);
    wangge.panel(chart, areas);
  };
})();
