// a long score is scrolled to the passage that it is shown for
for (const paper of document.querySelectorAll(".paper[data-middle]")) {
  const image = paper.querySelector("img");
  const show = () => { paper.scrollTop = paper.dataset.middle * paper.scrollHeight - paper.clientHeight / 2; };
  if (image.complete) show(); else image.addEventListener("load", show);
}
const rows = document.querySelectorAll("details.one");
for (const bar of document.querySelectorAll(".filters")) {
  bar.hidden = false;
  bar.addEventListener("click", (event) => {
    const { show, open } = event.target.dataset;
    if (open !== undefined) for (const row of rows) row.open = Boolean(open) && !row.hidden;
    if (show === undefined) return;
    for (const row of rows) row.hidden = show !== "" && !row.classList.contains(show);
    for (const button of bar.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", button === event.target);
  });
}
// a link to a tune opens it
const reveal = () => {
  const row = location.hash ? document.getElementById(location.hash.slice(1)) : null;
  if (row?.matches("details.one")) { row.hidden = false; row.open = true; row.scrollIntoView(); }
};
addEventListener("hashchange", reveal);
reveal();
