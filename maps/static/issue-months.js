"use strict";
/* Surfaces below the areas, and the player that goes through the months. */
(function () {
  const { say, el } = wangge, STEP_MS = 1300;

  /** The picture of the present frame and kind, with its scale in the legend. */
  function surfaces(chart, model) {
    const radios = [...document.querySelectorAll("input[name=surface]")], scale = document.querySelector(".scale"), note = document.querySelector(".surfaces .note");
    const overlay = L.imageOverlay("data:,", chart.whole || [[0, 0], [1, 1]], { pane: "surface", opacity: 0.85, className: "surface-image" });
    function show() {
      const { frame, surface } = model.look, found = surface && frame.surfaces[surface];
      scale.hidden = !surface;
      scale.querySelector("ol").replaceChildren(...(found ? found.legend.map(step) : []));
      scale.querySelector(".unit").textContent = found && found.legend.length ? found.unit : say("nothing_drawn");
      note.textContent = found ? found.note : "";
      if (!found) return overlay.remove();
      overlay.setUrl(`data:image/png;base64,${found.image}`);
      overlay.setBounds(found.bounds);
      overlay.addTo(chart);
    }
    model.on("look", show);
    for (const radio of radios) radio.addEventListener("change", () => model.setLook({ surface: radio.value }));
    const checked = radios.find((radio) => radio.checked);
    return checked ? checked.value : "";
  }

  /** One class of the scale: its colour above its lower limit. */
  function step([low, colour]) {
    const ground = el("i");
    ground.style.background = colour;
    return el("li", "", ground, low);
  }

  function player(frames, model) {
    const bar = document.querySelector(".player"), slider = bar.querySelector("input"), name = bar.querySelector("output");
    const play = bar.querySelector(".play"), last = frames.length - 1;
    let at = 0, timer = null;
    function show(next) {
      at = Math.max(0, Math.min(last, next));
      slider.value = String(at);
      slider.setAttribute("aria-valuetext", frames[at].name);
      name.textContent = frames[at].name;
      model.setLook({ frame: frames[at] });
    }
    function run(on) {
      clearInterval(timer);
      timer = on ? setInterval(() => (at < last ? show(at + 1) : run(false)), STEP_MS) : null;
      play.setAttribute("aria-pressed", String(on));
      for (const slot of ["title", "ariaLabel"]) play[slot] = say(on ? "pause" : "play");
    }
    function toggle() {
      if (timer) return run(false);
      show(at === last || at === 0 ? 1 : at + 1);
      run(true);
    }
    const go = (next) => { run(false); show(next); };
    play.addEventListener("click", toggle);
    bar.querySelector(".back").addEventListener("click", () => go(at - 1));
    bar.querySelector(".forward").addEventListener("click", () => go(at + 1));
    slider.addEventListener("input", () => go(Number(slider.value)));
    slider.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      toggle();
    });
    window.addEventListener("beforeprint", () => run(false));
    show(0);
  }

  function figures(model) {
    const told = document.querySelectorAll("[data-figure]"), note = document.querySelector(".of-window");
    model.on("look", () => {
      const { frame } = model.look;
      for (const one of told) one.textContent = frame.figures[one.dataset.figure];
      note.hidden = frame.whole;
    });
  }

  /** @param frames the whole window first, then its months */
  wangge.months = function (chart, frames, model) {
    [model.whole] = frames;
    figures(model);
    const surface = document.querySelector(".scale") ? surfaces(chart, model) : "";
    model.setLook({ frame: frames[0], surface });
    if (frames.length > 1) player(frames, model);
  };
})();
