"use strict";
/* What a list beside a map needs: the card of the row that was chosen, and how list and map behave together, on a phone and on paper. */
(function () {
  const { say, phone } = wangge;

  /** Opens the card where the area was clicked, or after going there from the list. */
  wangge.cards = function (chart, model, card) {
    const popup = L.popup({ minWidth: 270, maxWidth: 320, className: "area-popup", autoPanPaddingTopLeft: [56, 12], autoPanPaddingBottomRight: [12, 12] });
    let turn = 0, back = null, going = false;

    function open(row, at) {
      const room = chart.getSize();
      popup.options.maxWidth = Math.min(320, room.x - 104);
      popup.options.maxHeight = Math.max(160, room.y - 80);
      popup.setContent(card(row)).setLatLng(at).openOn(chart);
      const frame = popup.getElement();
      frame.setAttribute("role", "dialog");
      frame.setAttribute("aria-label", row.name);
      frame.querySelector(".leaflet-popup-close-button").setAttribute("aria-label", say("close"));
    }

    function go(row, mine) {
      going = true;
      chart.closePopup(popup);
      going = false;
      chart.stop();
      chart.once("moveend", () => { if (mine === turn) open(row, row.anchor); });
      const room = chart.getSize(), side = room.x * 0.3;
      chart.fitBounds(row.layer.getBounds(), {
        paddingTopLeft: [side, Math.min(room.y * 0.5, 380)], paddingBottomRight: [side, room.y * 0.15],
        maxZoom: 15, animate: !wangge.calm,
      });
    }

    model.on("choose", ({ row, where }) => {
      turn += 1;
      if (!row) return;
      back = where ? null : document.activeElement;
      if (where || !row.layer) open(row, where || chart.getCenter());
      else go(row, turn);
    });
    model.on("refresh", () => { if (model.chosen && chart.hasLayer(popup)) popup.setContent(card(model.chosen)); });
    popup.on("remove", () => { if (!going) model.choose(null); });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !chart.hasLayer(popup)) return;
      chart.closePopup(popup);
      if (back) back.focus();
    });
  };
  /** Up and down move between the rows, as in any list, and from the first one up into the search box. */
  function arrows(list) {
    list.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], here = event.target.closest(".gap, .more");
      if (!step || !here) return;
      const buttons = [...list.querySelectorAll(".gap, .more")];
      let at = buttons.indexOf(here) + step;
      while (buttons[at] && !buttons[at].getClientRects().length) at += step;
      const next = buttons[at] || (step < 0 && list.querySelector("input[type=search]"));
      if (next) next.focus();
      event.preventDefault();
    });
  }

  function followMap(model) {
    let pointed = null, chosen = null;
    model.on("point", ({ row }) => {
      if (pointed) pointed.classList.remove("pointed");
      pointed = row && row.button;
      if (pointed) pointed.classList.add("pointed");
    });
    model.on("choose", ({ row, where }) => {
      if (chosen) chosen.removeAttribute("aria-current");
      if (row && where && model.reveal) model.reveal(row);
      chosen = row && row.button;
      if (!chosen) return;
      chosen.setAttribute("aria-current", "true");
      if (where) chosen.scrollIntoView({ block: "nearest", behavior: wangge.calm ? "auto" : "smooth" });
    });
  }

  /** On a phone the list is a sheet under the map: half, or only its heading; choosing a row gives the map the room. */
  function sheet(chart, model) {
    const aside = document.querySelector(".gaps"), grip = document.querySelector(".grip");
    function set(open) {
      aside.classList.toggle("folded", !open);
      grip.setAttribute("aria-expanded", String(open));
    }
    grip.addEventListener("click", () => set(aside.classList.contains("folded")));
    model.on("leave", () => {
      if (!phone.matches) return;
      set(false);
      chart.invalidateSize({ animate: false });
    });
  }

  Object.assign(wangge, { arrows, follow: followMap });

  /** The list follows the map; on a phone it gives way when the model fires "leave". */
  wangge.panel = function (chart, model, others = []) {
    arrows(document.querySelector(".gaps-body"));
    sheet(chart, model);
    followMap(model);
    wangge.paper(chart, ...others);
  };
})();
