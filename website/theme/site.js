// What axe misses on furo's pages: levels and names of what is there, and a way to scroll without a mouse.

for (const caption of document.querySelectorAll("p.caption[role=heading]")) caption.setAttribute("aria-level", "2");
document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "All pages");
document.querySelector(".toc-drawer")?.setAttribute("aria-label", "On this page");

// A corner of a table that says nothing is no heading.
for (const corner of document.querySelectorAll("thead th")) {
  if (corner.textContent.trim() !== "") continue;
  const cell = document.createElement("td");
  cell.className = corner.className;
  corner.replaceWith(cell);
}

// A line does not end after the hyphens that begin an option.
for (const word of document.querySelectorAll("code .pre")) {
  if (/^\W*--?\w/.test(word.textContent) && word.textContent.length < 25) word.style.whiteSpace = "nowrap";
}

function letScroll() {
  for (const box of document.querySelectorAll("pre, .table-wrapper")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

letScroll();
addEventListener("resize", letScroll);
