"use strict";
/* Two months of coverage: two maps are pointed at as one, or one map shows what became of each area. */
(function () {
  const { say, el, day } = wangge;
  const MONTHS = ["before", "after"];
  let page = null;

  const badge = (kind) => el("span", `badge badge-${kind}`, say(kind));
  const visits = (row, month) => row[`${month}_status`] === "excluded"
    ? say("visits_only", { visits: row[`${month}_visits`] })
    : say("visits_of", { visits: row[`${month}_visits`], required: row[`${month}_required`] });

  wangge.tooltip = (row) => el("div", "tip-body", el("b", "", row.name), el("span", "badges", badge(row.change)),
    ...MONTHS.map((month) => el("span", "", `${say(month)} ${say(row[`${month}_status`])} ${visits(row, month)}`)));

  wangge.card = function (row) {
    const table = el("table", "both", el("thead", "", el("tr", "", el("th", ""), ...MONTHS.map((month) => el("th", "", say(month))))));
    const body = el("tbody", "");
    const line = (label, value) => body.append(el("tr", "", el("th", "", label), ...MONTHS.map((month) => el("td", "", value(month)))));
    line(say("status_of"), (month) => badge(row[`${month}_status`]));
    line(say("visited"), (month) => visits(row, month));
    line(say("last_visit"), (month) => (row[`${month}_last_visit`] ? day(row[`${month}_last_visit`]) : say("never")));
    table.append(body);
    const people = row.responsible.map(([role, name, organisation]) =>
      el("li", "", el("span", "role", role), el("b", "", name), el("small", "", organisation)));
    return el("section", "card",
      el("h3", "", row.name),
      el("p", "where", [row.parent, row.kind].filter(Boolean).join(" · ")),
      el("p", "states", el("span", "badges", row.unassigned ? badge("unassigned") : null, badge(row.change))),
      table,
      el("h4", "", say("responsible")),
      people.length ? el("ul", "people", ...people) : el("p", "nobody", say("nobody")),
      wangge.pageLink(page, row),
      el("p", "codes", el("span", "", `${say("code")} ${row.code}`)));
  };

  /** The areas as one month shows them: `status` and `unassigned` are those of the month, `change` stays. */
  wangge.monthAreas = function (chart, data, which) {
    const at = (name) => data.columns.indexOf(name), texts = [...data.texts];
    const rows = data.rows.map((values) => {
      const copy = [...values, texts[values[at("status")]]];
      if (which !== "difference") {
        texts.push(values[at(`${which}_status`)]);
        copy[at("status")] = texts.length - 1;
        copy[at("unassigned")] = values[at(`${which}_unassigned`)];
      }
      return copy;
    });
    return wangge.areas(chart, { ...data, columns: [...data.columns, "change"], texts, rows });
  };

  /** What is pointed at or chosen on one map is outlined on the other. */
  function tie(models, colour) {
    let echo = false;
    models.forEach(([chart, model], here) => {
      const mark = wangge.outliner(chart, colour, 3.5), others = models.filter((_, at) => at !== here);
      model.mark = (row) => mark([row]);
      model.on("point", ({ row }) => {
        if (echo) return;
        echo = true;
        for (const [, other] of others) other.point(row && other.rows[model.rows.indexOf(row)]);
        echo = false;
      });
      model.on("choose", ({ row }) => {
        for (const [, other] of others) other.mark(row && other.rows[model.rows.indexOf(row)]);
      });
    });
  }

  /** Ties the list to the last of the maps, and all maps to each other. */
  wangge.changeList = function (models, data) {
    page = data.page;
    const [chart, areas] = models[models.length - 1];
    if (models.length > 1) tie(models, getComputedStyle(document.documentElement).getPropertyValue("--highlight").trim());
    wangge.entries(areas);
    wangge.panel(chart, areas, models.slice(0, -1).map(([other]) => other));
  };
})();
