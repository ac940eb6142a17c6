"use strict";
/* Search by name, code, person and pinyin, and the keys of the search box. */
(function () {
  /** Characters with their readings, as maps/pinyin.py packs them; read when somebody first types letters. */
  let packed = "", readings = null;
  wangge.knowReadings = (text) => { packed = text; };

  function readingsOf(character) {
    if (!readings) {
      readings = new Map();
      for (const [, one, several] of packed.matchAll(/([^a-z'])([a-z']+)/gu)) readings.set(one, several.split("'"));
    }
    return readings.get(character) || [character.toLowerCase()];
  }

  /** How far each of the places `at` in the letters gets over one character: by its initial or by all of a reading. */
  function step(character, letters, at) {
    const next = new Set();
    for (const reading of readingsOf(character)) {
      for (const place of at) {
        if (letters[place] === reading[0]) next.add(place + 1);
        if (letters.startsWith(reading, place)) next.add(place + reading.length);
        else if (reading.startsWith(letters.slice(place))) next.add(letters.length);  // still being typed
      }
    }
    return next;
  }

  /** Whether the letters spell a run of characters: initials, whole readings, or both mixed. */
  function sounds(name, letters) {
    let at = new Set();
    for (const character of name) {
      at = step(character, letters, at.add(0));
      if (at.has(letters.length)) return true;
    }
    return false;
  }

  /**
   * @param text what was typed
   * @returns a test of {plain, names}: `plain` contains the text, or one of `names` is spelt by it
   */
  wangge.matcher = function (text) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return () => true;
    const letters = wanted.replace(/[\s']/g, "");
    const spelt = /^[a-z]+$/.test(letters);
    return ({ plain, names }) => plain.includes(wanted) || (spelt && names.some((name) => sounds(name, letters)));
  };

  /** What of a row is searched; made when it is first asked for. */
  wangge.searched = function (names, ...others) {
    const known = names.filter(Boolean);
    return { names: known, plain: [...known, ...others].join("\n").toLowerCase() };
  };

  const typing = (at) => at instanceof Element && at.closest("input, textarea, select, [contenteditable]");

  /**
   * Keys: "/" goes to the box, Enter chooses the first match, Down goes into the list, Escape clears and then leaves.
   * @param apply called with what is typed, whenever it changes
   * @param first gives the button of the first match, or nothing
   */
  wangge.searchBox = function (box, { apply, first }) {
    box.addEventListener("input", () => apply(box.value));
    box.setAttribute("aria-keyshortcuts", "/");
    box.addEventListener("keydown", (event) => {
      if (event.isComposing) return;  // Enter ends what an input method is composing
      const found = event.key === "Enter" || event.key === "ArrowDown" ? first() : null;
      if (event.key === "Escape") {
        if (!box.value) return box.blur();  // and a card that is open closes
        event.stopPropagation();
        box.value = "";
        apply("");
      } else if (found && event.key === "Enter") found.click();
      else if (found) found.focus();
      else return;
      event.preventDefault();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
      const folded = document.querySelector(".gaps.folded .grip");
      if (folded) folded.click();
      box.focus();
      box.select();
      event.preventDefault();
    });
  };
})();
