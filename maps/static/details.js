"use strict";
/* What is said of one area: the short tip, and the card that a click or a row of the list opens. */
(function () {
  const { say, day, el, percent } = wangge;

  wangge.reasons = (row) => {
    const open = row.status === "under" || row.status === "unvisited" ? [row.status] : [];
    return row.unassigned ? ["unassigned", ...open] : open;
  };

  wangge.badge = (kind) => el("span", `badge badge-${kind}`, say(kind));

  wangge.visits = (row) =>
    row.status === "excluded" ? say("visits_only", row) : say("visits_of", { visits: row.visits, required: row.required });

  /** "超期 12 天", "从未走访", or how long ago where nothing is overdue. */
  wangge.lateness = (row) => {
    if (row.days_since === null) return say("never");
    return row.days_overdue ? say("overdue_n", { n: row.days_overdue }) : say("days_ago", { n: row.days_since });
  };

  function badges(row) {
    const kinds = row.unassigned ? ["unassigned", row.status] : [row.status];
    const made = kinds.map(wangge.badge);
    if (row.tier === "key") made.push(el("span", "badge badge-key", say("key")));
    return el("span", "badges", ...made);
  }

  wangge.tooltip = (row) =>
    el("div", "tip-body", el("b", "", row.name), badges(row), el("span", "", `${say("visited")} ${wangge.visits(row)}`));

  function line(list, key, ...values) {
    list.append(el("dt", "", say(key)), el("dd", "", ...values));
  }

  function spread(list, key, reached, all) {
    if (!all) return;
    const bar = el("span", "spread", el("i"));
    bar.firstChild.style.width = `${Math.min(100, (100 * reached) / all)}%`;
    bar.setAttribute("aria-hidden", "true");
    line(list, key, say("share", { n: reached, all, percent: percent(reached / all) }), bar);
  }

  function facts(row) {
    const list = el("dl", "facts"), rule = el("small", "", say("rule_of", { rule: row.rule, tier: say(row.tier) }));
    if (row.exclusion) {
      const [reason, by, on] = row.exclusion;
      line(list, "excluded_why", reason, el("small", "", say("excluded_by", { by, day: day(on) })));
    } else line(list, "required", say("required_n", { n: row.required }), " ", rule);
    const unlocated = row.unlocated ? el("small", "", say("unlocated", { n: row.unlocated })) : null;
    line(list, "visited", wangge.visits(row), " ", unlocated);
    line(list, "cadres", say("cadres_n", { n: row.cadres }));
    if (row.level !== "grid") spread(list, "grids_reached", row.grids_reached, row.grids);
    spread(list, "households_reached", row.households_reached, row.households);
    if (row.last_visit === null) line(list, "last_visit", el("b", "late", say("never")));
    else line(list, "last_visit", `${day(row.last_visit)} `, el("small", "", say("days_ago", { n: row.days_since })));
    if (!row.exclusion && row.days_overdue !== null) {
      const text = row.days_overdue ? el("b", "late", say("days_n", { n: row.days_overdue })) : say("not_overdue");
      line(list, "overdue", text);
    }
    if (row.open_issues) line(list, "open_issues", say("issues_n", { n: row.open_issues }));
    return list;
  }

  function responsible(row) {
    if (!row.responsible.length) return row.exclusion ? null : el("p", "nobody", say("nobody"));
    const people = row.responsible.map(([role, name, organisation]) =>
      el("li", "", el("span", "role", role), el("b", "", name), el("small", "", organisation)));
    return el("ul", "people", ...people);
  }

  /** To the page of the area; none where the map is a file. */
  function areaLink(row) {
    const { areaPage, openArea } = document.body.dataset;
    if (!areaPage) return null;
    const link = el("a", "", openArea);
    link.href = areaPage.replace("CODE", encodeURIComponent(row.code));
    return el("p", "open", link);
  }

  /** What the first page says of an area, whose map is lower than others: all else is on the area's own page. */
  wangge.briefCard = function (row) {
    const list = el("dl", "facts"), people = row.responsible.map(([role, name]) => `${role} ${name}`);
    line(list, "visited", wangge.visits(row));
    const late = row.days_since === null || row.days_overdue ? el("b", "late", wangge.lateness(row)) : wangge.lateness(row);
    line(list, "last_visit", row.last_visit === null ? late : `${day(row.last_visit)} `, row.last_visit === null ? null : late);
    if (row.open_issues) line(list, "open_issues", say("issues_n", { n: row.open_issues }));
    if (people.length || !row.exclusion) line(list, "responsible", people.slice(0, 2).join(" · ") || el("b", "", say("nobody")));
    return el("section", "card",
      el("h3", "", row.name),
      el("p", "where", [row.parent, row.kind].filter(Boolean).join(" · ")),
      el("p", "states", badges(row)),
      list, areaLink(row));
  };

  wangge.card = function (row) {
    const where = [row.parent, row.kind].filter(Boolean).join(" · ");
    const shapeless = row.anchor ? null : el("span", "badge badge-plain", say("no_shape"));
    const made = el("section", "card",
      el("h3", "", row.name),
      el("p", "where", where),
      el("p", "states", badges(row), shapeless),
      facts(row),
      el("h4", "", say("responsible")),
      responsible(row),
      areaLink(row),
      el("p", "codes", el("span", "", `${say("code")} ${row.code}`), el("span", "", `${say("path")} ${row.path}`)));
    if (!made.querySelector(".people, .nobody")) made.querySelector("h4").remove();
    return made;
  };
})();
