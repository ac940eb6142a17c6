"use strict";
/* What is said of one area, one cluster and one issue: the short tip, and the card. */
(function () {
  const { say, day, el, number } = wangge;

  /** Three significant digits, or whole from a hundred on; a dash where there is nothing. */
  const short = wangge.short = (value) => {
    if (value === null || value === undefined) return "—";
    return Math.abs(value) >= 100 ? number(Math.round(value)) : String(Number(value.toPrecision(3)));
  };

  const probability = wangge.probability = (p) => String(Number(p.toFixed(p < 0.01 ? 4 : 3)));

  wangge.classWord = (row) => say(row.family === "unknown" ? "unknown" : row.status);

  function badge(row, frame) {
    const unseen = wangge.unseen(row, frame), status = unseen ? "unknown" : row.status;
    return el("span", `badge badge-${status}`, unseen ? say("unknown") : wangge.classWord(row));
  }

  function line(list, key, ...values) {
    list.append(el("dt", "", say(key)), el("dd", "", ...values));
  }

  const issues = (n) => say("issues_n", { n: typeof n === "number" && !Number.isInteger(n) ? short(n) : n });

  wangge.hotTip = (row, frame) =>
    el("div", "tip-body", el("b", "", row.name), el("span", "badges", badge(row, frame)),
      el("span", "", `${say("issues")} ${issues(frame.observed[row.at])} · ${say("visits")} ${say("visits_n", { n: frame.visits[row.at] })}`));

  /** Why nothing is said of an area: nobody was visited there, or nobody is known to live there. */
  function unseenText(row, model) {
    if (!model.whole.visits[row.at]) return say("no_visits");
    if (row.family === "unknown") return say("no_households");
    return say("no_visits_month");
  }

  /** Gi* counts an area with its neighbours: one may be hot or cold for what lies around it. Empty for all others. */
  wangge.surroundings = (row) => {
    if (row.ratio === null) return "";
    if (row.family === "hot" && row.ratio < 1) return say("hot_around");
    return row.family === "cold" && row.ratio > 1 ? say("cold_around") : "";
  };

  function windowFacts(row, model) {
    const list = el("dl", "facts"), { at } = row;
    line(list, "observed", issues(model.whole.observed[at]));
    line(list, "visits", say("visits_n", { n: model.whole.visits[at] }));
    if (model.denominator === "households") line(list, "households", row.households === null ? "—" : number(row.households));
    if (row.family === "unknown") return list;
    line(list, "expected", issues(row.expected === null ? "—" : row.expected), " ", row.ratio === null ? "" : el("small", "", `× ${short(row.ratio)}`));
    line(list, "rate", `${short(row.rate)} `, el("small", "", say("interval", { low: short(row.low), high: short(row.high) })));
    line(list, "shrunk", `${short(row.shrunk)} `, el("small", "", say("shrunk_help")));
    if (row.z !== null) line(list, "z", short(row.z));
    if (row.q !== null) line(list, "q", probability(row.q));
    return list;
  }

  function monthFacts(row, frame) {
    const list = el("dl", "facts");
    line(list, "observed", issues(frame.observed[row.at]));
    line(list, "visits", say("visits_n", { n: frame.visits[row.at] }));
    return list;
  }

  function areaCard(row, model) {
    const { frame } = model.look, unseen = wangge.unseen(row, frame);
    return el("section", "card",
      el("h3", "", row.name),
      row.parent ? el("p", "where", row.parent) : null,
      el("p", "states badges", badge(row, model.whole), row.anchor ? null : el("span", "badge badge-plain", say("no_shape"))),
      unseen ? el("p", "unseen", unseenText(row, model)) : null,
      unseen || !wangge.surroundings(row) ? null : el("p", "unseen", wangge.surroundings(row)),
      frame.whole ? null : el("h4", "", frame.name),
      frame.whole ? null : monthFacts(row, frame),
      frame.whole ? null : el("h4", "", model.whole.name),
      windowFacts(row, model),
      ...row.clusters.map((one) => el("p", "in-cluster", say("in_cluster", { n: one.rank }))),
      el("p", "codes", el("span", "", `${say("code")} ${row.code}`), el("span", "", `${say("path")} ${row.path}`)));
  }

  function behind(cluster) {
    const entries = cluster.behind.map(([id, title, on, area]) =>
      el("li", "", el("b", "", title), el("small", "", [area, day(on), id].filter(Boolean).join(" · "))));
    const more = cluster.behind_n - cluster.behind.length;
    if (more) entries.push(el("li", "", el("small", "", say("behind_more", { n: more }))));
    return el("ol", "behind", ...entries);
  }

  wangge.memberNames = function (members, most) {
    const names = members.slice(0, most).map((row) => row.name).join(say("between"));
    return members.length > most ? say("and_more", { names, n: members.length, more: members.length - most }) : names;
  };

  function clusterCard(cluster) {
    const list = el("dl", "facts"), rr = cluster.relative_risk;
    line(list, "observed", issues(cluster.observed));
    line(list, "expected", issues(cluster.expected));
    line(list, "relative_risk", rr === null ? say("none_outside") : `× ${short(rr)}`);
    line(list, "p", probability(cluster.p));
    line(list, "radius", say("km", { n: short(cluster.radius_m / 1000) }));
    const beyond = cluster.beyond ? el("small", "", say("beyond", { n: cluster.beyond })) : null;
    line(list, "members", wangge.memberNames(cluster.members, 6), " ", beyond);
    return el("section", "card",
      el("h3", "", cluster.name),
      el("p", "where", wangge.around(cluster)),
      el("p", "states", wangge.certainty(cluster)),
      list,
      cluster.behind_n ? el("h4", "", say("behind", { n: cluster.behind_n })) : null,
      cluster.behind_n ? behind(cluster) : null);
  }

  wangge.certainty = (cluster) =>
    el("span", `badge ${cluster.significant ? "badge-significant" : "badge-plain"}`, say(cluster.significant ? "significant" : "not_significant"));

  wangge.around = (cluster) =>
    [cluster.members.length ? say("around", { name: cluster.members[0].name }) : "", say("areas_n", { n: cluster.members.length })]
      .filter(Boolean).join(" · ");

  wangge.hotCard = (row, model) => (row.family === "cluster" ? clusterCard(row) : areaCard(row, model));

  wangge.pointCard = (issue) =>
    el("section", "card", el("h3", "", issue.title), el("p", "where", `${issue.category} · ${issue.status} · ${day(issue.day)}`),
      el("p", "codes", issue.id));
})();
