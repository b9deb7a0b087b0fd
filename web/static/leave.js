"use strict";
// The way out takes the place of the form, so that "back" does not lead to it. Without this, the link works as ever.
const way = document.querySelector("a.leave");
const leave = (event) => { event.preventDefault(); location.replace(way.href); };
way.addEventListener("click", leave);
addEventListener("keydown", (event) => event.key === "Escape" && leave(event));
