"use strict";
/* What maps with a list that was made with the page share: several areas outlined at once, and rows tied to areas. */
(function () {
  const { decodePolygons } = wangge;

  /** Gives mark(rows), which outlines areas together until it is called again. */
  wangge.outliner = function (chart, colour, weight) {
    const style = { renderer: chart.highlightDrawer, pane: "highlight", interactive: false, fill: false };
    const lines = [L.polygon([], { ...style, color: "#fff", weight: weight + 3 }), L.polygon([], { ...style, color: colour, weight })];
    for (const line of lines) line.addTo(chart);
    return (rows) => {
      const shapes = rows.filter((row) => row && row.layer).flatMap((row) => decodePolygons(row.shape));
      for (const line of lines) line.setLatLngs(shapes);
    };
  };

  /** Rows of the page with `data-area`, a position in the areas: pointing and choosing go to the map. */
  wangge.entries = function (areas) {
    for (const entry of document.querySelectorAll("[data-area]")) {
      const row = areas.rows[Number(entry.dataset.area)];
      row.button = entry;
      entry.dataset.code = row.code;
      entry.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        areas.fire("leave", { row });
        areas.choose(row, null);
      });
      entry.addEventListener("mouseenter", () => areas.point(row));
      entry.addEventListener("mouseleave", () => areas.point(null));
    }
  };

  /** A link to the page of an area in its card; null where the page is a file. */
  wangge.pageLink = function (page, row) {
    if (!page) return null;
    const link = wangge.el("a", "", wangge.say("open_area"));
    link.href = page.replace("CODE", encodeURIComponent(row.code));
    return wangge.el("p", "open", link);
  };
})();
