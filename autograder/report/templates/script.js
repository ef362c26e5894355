for (const table of document.querySelectorAll("table.sorts")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  const value = (row, column) => row.cells[column]?.dataset.v ?? row.cells[column]?.textContent.trim() ?? "";
  heads.forEach((head, column) => {
    if (!head.classList.contains("sort")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const compare = (a, b) => {
        const [x, y] = [value(a, column), value(b, column)];
        const [m, n] = [x, y].map((text) => (text === "" ? NaN : Number(text)));
        return isNaN(m) && isNaN(n) ? x.localeCompare(y) : isNaN(m) ? 1 : isNaN(n) ? -1 : m - n; // text after numbers
      };
      body.append(...[...body.rows].sort((a, b) => (down ? -1 : 1) * compare(a, b)));
    });
  });
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((details) => (details.open = true)));
