"use strict";
/* Maps on paper: nothing is folded away, and the map is drawn for the page's width. */
(function () {
  /** What was asked to be drawn again in the next frame is drawn now: none comes before the page is printed. */
  function drawNow(chart) {
    chart.eachLayer((layer) => {
      if (!(layer instanceof L.Canvas) || !layer._redrawRequest) return;
      L.Util.cancelAnimFrame(layer._redrawRequest);
      layer._redraw();
    });
  }

  /**
   * Puts pictures in the place of canvases, and gives what takes them back. Chromium records what is drawn for a print
   * and plays it onto the page, where the clearing of one canvas wipes out all that lies below it.
   */
  function pictures(chart) {
    drawNow(chart);
    const pairs = [...chart.getContainer().querySelectorAll("canvas")].filter(({ width, height }) => width && height)
      .map((canvas) => {
        const image = new Image();
        image.src = canvas.toDataURL();  // of data, so it is there at once
        image.className = canvas.className;
        image.style.cssText = canvas.style.cssText;
        canvas.replaceWith(image);
        return [canvas, image];
      });
    return () => { for (const [canvas, image] of pairs) image.replaceWith(canvas); };
  }

  /** Draws maps for the paper's size before printing; afterwards all is as it was. */
  wangge.paper = function (...charts) {
    const folds = [...document.querySelectorAll("details")], { retina } = L.Browser;
    let open = [], back = [];
    function fit(on) {
      document.body.classList.toggle("on-paper", on);
      L.Browser.retina = on || retina;  // Leaflet's own canvases have then twice the pixels
      for (const chart of charts) {
        chart.invalidateSize({ animate: false });
        chart.showWhole();
      }
    }
    window.addEventListener("beforeprint", () => {
      if (back.length) return;
      open = folds.map((fold) => fold.open);
      for (const fold of folds) fold.open = true;
      for (const chart of charts) chart.closePopup();
      fit(true);
      back = charts.map(pictures);
    });
    window.addEventListener("afterprint", () => {
      for (const one of back) one();
      back = [];
      folds.forEach((fold, at) => { fold.open = open[at]; });
      fit(false);
    });
  };
})();
