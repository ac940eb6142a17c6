"use strict";
/* The first page: the most urgent and the map are one, and what takes longer comes when the rest is there. */
(function () {
  const { say } = wangge;

  wangge.card = wangge.briefCard;

  function first(areas) {
    const byCode = new Map(areas.rows.map((row) => [row.code, row]));
    for (const entry of document.querySelectorAll(".first-list [data-code]")) {
      const row = byCode.get(entry.dataset.code);
      if (!row) continue;
      row.button = entry;
      entry.addEventListener("mouseenter", () => areas.point(row));
      entry.addEventListener("mouseleave", () => areas.point(null));
      entry.addEventListener("focus", () => areas.point(row));
      entry.addEventListener("blur", () => areas.point(null));
      entry.addEventListener("click", (event) => {
        if (!row.layer || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        areas.choose(row, null);
        document.querySelector(".home-map").scrollIntoView({ block: "nearest", behavior: wangge.calm ? "auto" : "smooth" });
      });
    }
  }

  /** A frame with the problem heatmap, when it comes near to what is seen. */
  function frame(place) {
    const made = wangge.el("iframe");
    Object.assign(made, { title: place.dataset.title, src: place.dataset.from });
    const waiting = place.querySelector(".waiting");
    made.addEventListener("load", () => waiting.remove());
    place.append(made);
  }

  /** The same part of another page, placed here. */
  async function part(place, selector) {
    const page = await text(place.dataset.from);
    const found = document.adoptNode(new DOMParser().parseFromString(page, "text/html").querySelector(selector));
    place.replaceChildren(found);
    return found;
  }

  /** The sentences of the clusters, and their number among the figures. */
  async function clusters(place) {
    const shown = document.querySelector('[data-figure="clusters"]');
    shown.setAttribute("aria-busy", "true");
    shown.querySelector(".change").textContent = say("counting");
    const found = await part(place, ".clusters-part"), { value, unit, change, tone } = found.dataset;
    shown.querySelector("b").textContent = value;
    shown.querySelector(".value b").after(wangge.el("small", "", unit));
    const told = shown.querySelector(".change");
    told.textContent = change;
    told.className = tone ? `change change-${tone}` : "change";
    shown.removeAttribute("aria-busy");
  }

  async function text(address) {
    const answer = await fetch(address, { headers: { accept: "text/html" } });
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    return answer.text();
  }

  function later() {
    const kinds = { frame, trend: (place) => part(place, ".trend-part"), clusters };
    const bring = (place) => {
      const waiting = place.querySelector(".waiting");
      if (waiting) {
        waiting.classList.add("busy");
        waiting.textContent = say("counting");
      }
      Promise.resolve(kinds[place.dataset.later](place)).catch(() => {
        for (const said of [waiting, place.dataset.later === "clusters" && document.querySelector('[data-figure="clusters"] .change')]) {
          if (!said) continue;
          said.classList.remove("busy");
          said.textContent = say("failed");
        }
      });
    };
    const near = new IntersectionObserver((seen) => {
      for (const one of seen) {
        if (!one.isIntersecting) continue;
        near.unobserve(one.target);
        bring(one.target);
      }
    }, { rootMargin: "300px" });
    for (const place of document.querySelectorAll("[data-later]")) {
      if (place.dataset.later === "clusters") bring(place);
      else near.observe(place);
    }
  }

  wangge.home = function (chart, areas) {
    first(areas);
    const list = document.querySelector(".first-list");
    if (list) wangge.arrows(list);
    wangge.follow(areas);
    wangge.paper(chart);
    // The page scrolls: its wheel is not the map's.
    chart.scrollWheelZoom.disable();
    const choice = document.getElementById("area");
    if (choice) choice.addEventListener("change", () => choice.form.requestSubmit());
    window.addEventListener("load", later);
  };
})();
