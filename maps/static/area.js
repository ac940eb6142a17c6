"use strict";
/* The page of one area: its map and the table of the areas below it. */
(function () {
  const { say, el } = wangge;
  let page = null;

  function badges(row) {
    const kinds = row.unassigned ? ["unassigned", row.status] : [row.status];
    return el("span", "badges", ...kinds.map((kind) => el("span", `badge badge-${kind}`, say(kind))));
  }

  function visits(row) {
    if (row.visits === null) return null;
    return el("span", "", `${say("visited")} ${row.status === "excluded" ? say("visits_only", row) : say("visits_of", row)}`);
  }

  wangge.tooltip = (row) => el("div", "tip-body", el("b", "", row.name), badges(row), visits(row));

  wangge.card = (row) => el("section", "card", el("h3", "", row.name), el("p", "where", row.kind),
    el("p", "states", badges(row)), el("p", "", visits(row)), wangge.pageLink(page, row),
    el("p", "codes", el("span", "", `${say("code")} ${row.code}`)));

  wangge.areaPage = function (chart, areas, data) {
    page = data.page;
    wangge.paper(chart);
    let pointed = null;
    for (const line of document.querySelectorAll("tr[data-row]")) {
      const row = areas.rows[Number(line.dataset.row)];
      row.line = line;
      for (const [event, on] of [["mouseenter", true], ["mouseleave", false], ["focusin", true], ["focusout", false]]) {
        line.addEventListener(event, () => areas.point(on ? row : null));
      }
    }
    areas.on("point", ({ row }) => {
      if (pointed) pointed.classList.remove("pointed");
      pointed = row && row.line;
      if (pointed) pointed.classList.add("pointed");
    });
  };
})();
