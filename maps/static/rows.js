"use strict";
/* A list of any length: some hundred entries at a time, more on demand, and always the one that the map asks for. */
(function () {
  const { el } = wangge, FIRST = 40, STEP = 200, ON_PAPER = 3000;
  const whenIdle = window.requestIdleCallback || ((act) => setTimeout(act, 50));

  function turn(list, where) {
    const button = el("button", "more");
    button.type = "button";
    button.hidden = true;
    list[where](button);
    return button;
  }

  /**
   * @param list an ol
   * @param make row → its li; called once a row, when it is first shown
   * @returns show(rows), reveal(row), and shown(), the rows that the list is of
   */
  wangge.longList = function (list, make) {
    const made = new Map(), before = turn(list, "before"), after = turn(list, "after");
    let rows = [], from = 0, until = 0, place = null;

    function entry(row) {
      if (!made.has(row)) made.set(row, make(row));
      return made.get(row);
    }

    function fill() {
      list.replaceChildren(...rows.slice(from, until).map(entry));
      turns();
    }

    function turns() {
      for (const [button, n, word] of [[before, from, "earlier"], [after, rows.length - until, "more"]]) {
        button.hidden = !n;
        button.textContent = wangge.tell(word, { n: Math.min(n, STEP) });
      }
    }

    function show(wanted) {
      rows = wanted;
      place = null;
      from = 0;
      until = Math.min(FIRST, rows.length);
      fill();
      if (rows.length <= FIRST) return;
      after.hidden = true;
      whenIdle(() => complete(wanted));
    }

    /** The first entries are there at once, the others of the first step when there is time. */
    function complete(wanted) {
      if (rows !== wanted || from !== 0 || until !== FIRST) return;
      until = Math.min(STEP, rows.length);
      list.append(...rows.slice(FIRST, until).map(entry));
      turns();
    }

    function reveal(row) {
      place = place || new Map(rows.map((one, at) => [one, at]));
      const at = place.get(row);
      if (at === undefined || (at >= from && at < until)) return;
      from = Math.max(0, at - 20);
      until = Math.min(rows.length, from + STEP);
      fill();
    }

    before.addEventListener("click", () => {
      const first = list.firstChild;
      from = Math.max(0, from - STEP);
      fill();
      if (first) first.scrollIntoView({ block: "start" });
    });
    after.addEventListener("click", () => {
      const next = until;
      until = Math.min(rows.length, until + STEP);
      fill();
      const button = list.children[next - from].querySelector("button");
      if (button) button.focus({ preventScroll: true });
    });

    let kept = null;
    window.addEventListener("beforeprint", () => {
      kept = [from, until];
      [from, until] = [0, Math.min(rows.length, ON_PAPER)];
      fill();
      after.textContent = wangge.tell("printed", { n: ON_PAPER });
    });
    window.addEventListener("afterprint", () => {
      if (kept) [from, until] = kept;
      fill();
    });
    return { show, reveal, shown: () => rows };
  };
})();
