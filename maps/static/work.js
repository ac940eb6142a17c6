"use strict";
// What takes long says so, and is not sent twice. Without this the server refuses the second one by itself.
document.querySelectorAll("form[data-working]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    const told = document.createElement("p");
    told.className = "working";
    told.setAttribute("role", "status");
    form.append(told);
    told.textContent = form.dataset.working;
  });
});
// Somebody who comes back with the browser's button may send again.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll(".working").forEach((told) => told.remove());
  });
});
// A page about something that goes on is read again while it is looked at.
const running = document.querySelector("[data-again]");
if (running) setTimeout(() => location.reload(), Number(running.dataset.again) * 1000);
