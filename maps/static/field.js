"use strict";
(() => {
  const context = JSON.parse(document.getElementById("context").textContent);
  const words = context.words;
  const form = document.getElementById("record");
  const byId = (id) => document.getElementById(id);
  const say = (word, n) => words[word].replace("{n}", n);
  const names = new Map(context.areas);
  const MINUTE = 60000, DAY = 86400000, POOR_M = 200;
  let position = null, offset = 0, editing = null, around = null, doubted = "";

  // ---- the form

  function kind() { return form.elements.kind.value; }

  function showKind() {
    for (const part of form.querySelectorAll("[data-kind]")) part.hidden = part.dataset.kind !== kind();
    lookAround();
  }

  function local(moment) {
    return new Date(moment - new Date(moment).getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
  }

  function now() { return Date.now() + offset; }

  function moment(value) { return value ? new Date(value).toISOString() : null; }

  function areaCode() {
    const typed = form.elements.area.value.trim();
    if (!typed) return null;
    const code = typed.split(" ")[0];
    if (names.has(code)) return code;
    const found = context.areas.filter(([, name]) => name === typed);
    return found.length === 1 ? found[0][0] : undefined;
  }

  function chooseArea(code) {
    form.elements.area.value = names.has(code) ? `${code} ${names.get(code)}` : code;
    keepDraft();
  }

  function chips(host, codes, label) {
    host.replaceChildren();
    for (const code of codes) {
      const chip = document.createElement("label"), input = document.createElement("input"), text = document.createElement("span");
      Object.assign(input, { type: "radio", name: host.id + "-area", value: code });
      text.textContent = label(code);
      input.addEventListener("change", () => chooseArea(code));
      chip.append(input, text);
      host.append(chip);
    }
    host.hidden = !codes.length;
  }

  function body(id) {
    const value = (name) => (form.elements[name] ? form.elements[name].value.trim() || null : null);
    const place = { place: value("place"), claimed_area: areaCode() || null };
    if (position) Object.assign(place, { lon: position.lon, lat: position.lat, accuracy_m: position.accuracy_m, frame: "wgs84" });
    const started = moment(value("started_at")) || new Date(now()).toISOString();
    if (kind() === "issue") {
      return { id, reported_at: started, category: value("category"), title: value("title"), detail: value("detail"), ...place };
    }
    const topics = [...form.querySelectorAll("[name=topics]:checked")].map((one) => one.value);
    return {
      id, staff_no: context.staffNo || value("staff_no"), started_at: started, ended_at: moment(value("ended_at")), topics,
      note: value("note"), findings: value("findings"), companions: value("companions"), ...place,
    };
  }

  function missing(record) {
    const lacks = [];
    if (kind() === "issue" && !record.category) lacks.push(words.category);
    if (kind() === "issue" && !record.title) lacks.push(words.title);
    if (kind() === "visit" && !record.staff_no) lacks.push(words.staff_no);
    if (areaCode() === undefined) return words.unknown_area;
    if (!position && !record.claimed_area && !(kind() === "issue" && record.place)) lacks.push(words.area);
    return lacks.length ? say("needed", lacks.join("、")) : "";
  }

  // ---- what is typed stays, whatever happens to the page

  function keepDraft() {
    const draft = { position, editing, fields: {} };
    for (const one of form.elements) {
      if (!one.name || one.name.endsWith("-area")) continue;
      if (one.type === "radio" || one.type === "checkbox") { if (one.checked) (draft.fields[one.name] = draft.fields[one.name] || []).push(one.value); }
      else if (one.value) draft.fields[one.name] = one.value;
    }
    localStorage.setItem("wangge-field-draft", JSON.stringify(draft));
  }

  function fill(fields) {
    for (const one of form.elements) {
      if (!one.name || !(one.name in fields)) continue;
      if (one.type === "radio" || one.type === "checkbox") one.checked = fields[one.name].includes(one.value);
      else one.value = fields[one.name];
    }
    showKind();
  }

  function clear() {
    const was = kind();
    form.reset();
    form.elements.kind.value = was;
    editing = null;
    localStorage.removeItem("wangge-field-draft");
    form.elements.started_at.value = local(now());
    setPosition(null);
    showKind();
  }

  // ---- where

  function setPosition(found, word) {
    position = found;
    around = null;
    byId("forget").hidden = !found;
    byId("candidates").hidden = true;
    byId("where").textContent = found ? say(found.accuracy_m > POOR_M ? "poor" : "located", Math.round(found.accuracy_m)) : word || "";
    if (found) lookAround();
  }

  function locate() {
    if (!navigator.geolocation) return setPosition(null, words.no_position);
    byId("where").textContent = words.locating;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => { setPosition({ lon: coords.longitude, lat: coords.latitude, accuracy_m: Math.round(coords.accuracy * 10) / 10 }); keepDraft(); },
      (error) => setPosition(null, error.code === 1 ? words.denied : words.no_position),
      { enableHighAccuracy: true, timeout: 20000, maximumAge: 0 },
    );
  }

  async function ask(path) {
    if (!navigator.onLine) return null;
    try {
      const answer = await fetch(path, { credentials: "same-origin", redirect: "manual" });
      return answer.ok ? await answer.json() : null;
    } catch { return null; }
  }

  // With network: in which area it is, which others it may be, and what is known nearby. Without: nothing is missing.
  async function lookAround() {
    const asked = position;
    byId("similar").replaceChildren();
    if (!asked) return;
    const at = `lon=${asked.lon}&lat=${asked.lat}&county=${encodeURIComponent(context.county)}`;
    const here = await ask(`/areas/at?${at}&accuracy=${asked.accuracy_m}`);
    if (here && position === asked) showHere(here);
    const category = form.elements.category.value;
    if (kind() !== "issue" || !category) return;
    const near = await ask(`/issues/similar?${at}&category=${category}`);
    if (!near || !near.length || position !== asked) return;
    const list = document.createElement("ul"), head = document.createElement("p");
    head.textContent = words.similar;
    for (const one of near) {
      const item = document.createElement("li");
      item.textContent = one.title + (one.metres === null ? "" : ` (${Math.round(one.metres)} m)`);
      list.append(item);
    }
    byId("similar").replaceChildren(head, list);
  }

  function showHere(here) {
    const areas = here.areas || [], near = (here.candidates || []).filter((one) => one.area ? one.area.code : one.code);
    const code = (one) => (one.area || one).code, name = (one) => (one.area || one).name;
    const accuracy = byId("where").textContent.split("\n")[0];
    const finest = areas.reduce((one, other) => (one && code(one).length > code(other).length ? one : other), null);
    around = finest && { codes: [...areas, ...near].map(code), finest: code(finest), name: name(finest) };
    if (areas.length) byId("where").textContent = `${accuracy}\n${say("here", areas.map((one) => one.name).join(" · "))}`;
    if (near.length > 1) {
      byId("where").textContent = `${accuracy}\n${words.several}`;
      for (const one of near) if (!names.has(code(one))) names.set(code(one), name(one));
      chips(byId("candidates"), near.slice(0, 6).map(code), (one) => names.get(one));
    }
  }

  /** Where the position is known to lie elsewhere than what was chosen: a sentence, once; what is sent again is meant. */
  function doubt() {
    const claimed = areaCode(), fits = !claimed || !around || !position || position.accuracy_m > POOR_M
      || claimed.startsWith(around.finest) || around.codes.some((code) => code.startsWith(claimed));
    const said = fits ? "" : words.elsewhere.replace("{here}", around.name).replace("{area}", names.get(claimed) || claimed);
    const again = said === doubted;
    doubted = said;
    return again ? "" : said;
  }

  // ---- saving and sending

  function tell(text) {
    byId("saved").hidden = !text;
    byId("saved").textContent = text;
  }

  async function save(event) {
    event.preventDefault();
    const id = editing || crypto.randomUUID(), record = body(id), lacks = missing(record);
    const stop = lacks || doubt();
    byId("error").textContent = stop;
    tell("");
    if (stop) return;
    const label = kind() === "issue" ? record.title : record.claimed_area ? names.get(record.claimed_area) || record.claimed_area : record.place || "";
    try {
      await Outbox.put({ id, kind: kind(), body: record, at: Date.now(), state: "waiting", label });
    } catch {
      byId("error").textContent = words.no_store;
      return;
    }
    clear();
    tell(words.saved);
    window.scrollTo(0, 0);
    await show();
    await send();
    const kept = (await Outbox.all()).find((one) => one.id === id);
    if (kept) tell([words[`saved_${kept.state}`] || words.saved, ...flagsOf(kept)].join(" "));
  }

  async function send() {
    const worker = await registration();
    if (worker && worker.sync) worker.sync.register("outbox").catch(() => {});
    const state = await Outbox.flush();
    byId("expired").hidden = state !== "expired";
    await show();
  }

  /** What looks odd about a record that arrived; of two that say the same of a place, the one that says how far. */
  function flagsOf(record) {
    const flags = record.flags || [];
    return flags.filter((flag) => flag !== "claim_contradicts" || !flags.includes("far_from_claim")).map((flag) => words[flag] || flag);
  }

  function act(word, work) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: word });
    button.addEventListener("click", () => work(button));
    return button;
  }

  function line(record) {
    const item = document.createElement("li"), told = document.createElement("span"), acts = document.createElement("span");
    told.textContent = `${words[record.kind]} ${record.label || ""} ${new Date(record.body.started_at || record.body.reported_at).toLocaleString(context.lang, { dateStyle: "short", timeStyle: "short" })}`;
    acts.className = "acts";
    item.append(told, acts);
    if (record.state !== "sent") {
      acts.append(act(words.edit, () => edit(record)), act(words.discard, async (button) => {
        if (button.textContent !== words.sure) { button.textContent = words.sure; return; }
        await Outbox.remove(record.id);
        show();
      }));
    }
    const lines = record.state === "refused" ? [["why", say("refused", record.reason)]] : flagsOf(record).map((text) => ["flag", text]);
    if (record.proposed) lines.push(["flag", say("proposed", record.proposed)]);
    for (const [style, text] of lines) {
      const more = document.createElement("span");
      Object.assign(more, { className: style, textContent: text });
      item.append(more);
    }
    return item;
  }

  async function edit(record) {
    const said = record.body;
    form.elements.kind.value = record.kind;
    const fields = { kind: [record.kind], area: said.claimed_area ? `${said.claimed_area} ${names.get(said.claimed_area) || ""}`.trim() : "" };
    for (const name of ["place", "title", "detail", "note", "findings", "companions", "staff_no"]) fields[name] = said[name] || "";
    fields.started_at = local(Date.parse(said.started_at || said.reported_at));
    fields.ended_at = said.ended_at ? local(Date.parse(said.ended_at)) : "";
    fields.topics = said.topics || [];
    fields.category = said.category ? [said.category] : [];
    fill(fields);
    setPosition(said.lon === undefined ? null : { lon: said.lon, lat: said.lat, accuracy_m: said.accuracy_m });
    editing = record.id;
    keepDraft();
    form.scrollIntoView();
  }

  async function show() {
    const records = await Outbox.all();
    for (const old of records.filter((one) => one.state === "sent" && Date.now() - one.sentAt > DAY)) await Outbox.remove(old.id);
    const sent = records.filter((one) => one.state === "sent").slice(-5).reverse(), waiting = records.filter((one) => one.state !== "sent");
    byId("none").hidden = waiting.length > 0;
    byId("waiting").replaceChildren(...waiting.map(line));
    byId("sent").replaceChildren(...sent.map(line));
    byId("done").hidden = !sent.length;
    byId("offline").hidden = navigator.onLine;
    document.documentElement.dataset.waiting = waiting.length;
  }

  // ---- clock, worker, start

  // A phone's clock can be a month off: times are taken by the server's, as far as it was last known.
  async function checkClock() {
    offset = Number(localStorage.getItem("wangge-field-offset")) || 0;
    try {
      const answer = await fetch("/healthz", { cache: "no-store" });
      const theirs = Date.parse(answer.headers.get("date"));
      if (!Number.isNaN(theirs)) offset = Math.abs(theirs - Date.now()) > 5 * MINUTE ? theirs - Date.now() : 0;
      localStorage.setItem("wangge-field-offset", offset);
    } catch { /* no network: what was known last */ }
    byId("clock").hidden = !offset;
    byId("clock").textContent = offset ? say("clock", Math.round(Math.abs(offset) / MINUTE)) : "";
  }

  function registration() {
    return navigator.serviceWorker ? navigator.serviceWorker.ready.catch(() => null) : Promise.resolve(null);
  }

  // The first time the page came past the worker, which has not kept it yet.
  async function keepPage() {
    if (!self.caches || !navigator.serviceWorker || navigator.serviceWorker.controller) return;
    const answer = await fetch(location.pathname + location.search, { credentials: "same-origin" }).catch(() => null);
    if (answer && answer.ok && !answer.redirected) await (await caches.open("field-page")).put("/field", answer);
  }

  async function start() {
    if (navigator.serviceWorker) navigator.serviceWorker.register(context.worker, { scope: "/field" }).catch(() => {});
    keepPage();
    await Outbox.set("context", { county: context.county, formToken: context.formToken, lang: context.lang }).catch(() => { byId("error").textContent = words.no_store; });
    const options = context.areas.map(([code, name]) => Object.assign(document.createElement("option"), { value: `${code} ${name}` }));
    byId("areas").append(...options);
    chips(byId("mine"), context.mine.filter((code) => names.has(code)).slice(0, 9), (code) => names.get(code));
    await checkClock();
    form.elements.started_at.value = local(now());
    const draft = JSON.parse(localStorage.getItem("wangge-field-draft") || "null");
    if (draft) { fill(draft.fields); editing = draft.editing; setPosition(draft.position); }
    showKind();
    await show();
    document.documentElement.dataset.ready = "1";
    send();
  }

  form.addEventListener("submit", save);
  form.addEventListener("input", keepDraft);
  for (const one of form.querySelectorAll("[name=kind]")) one.addEventListener("change", showKind);
  for (const one of form.querySelectorAll("[name=category]")) one.addEventListener("change", lookAround);
  byId("locate").addEventListener("click", locate);
  byId("forget").addEventListener("click", () => { setPosition(null); keepDraft(); });
  window.addEventListener("online", () => { byId("offline").hidden = true; checkClock().then(send); });
  window.addEventListener("offline", () => { byId("offline").hidden = false; });
  start();
})();
