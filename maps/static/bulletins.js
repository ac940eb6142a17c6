// Says that something takes a while once it was asked for.
"use strict";
for (const form of document.querySelectorAll("form.slow")) {
  form.addEventListener("submit", () => {
    form.querySelector("button").disabled = true;
    say(form);
  });
}
for (const link of document.querySelectorAll("a.slow")) {
  link.addEventListener("click", () => say(link.closest("section")));
}
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("form.slow button")) button.disabled = false;
});

function say(near) {
  const place = near.querySelector(".working");
  if (place) place.textContent = place.dataset.working;
}
