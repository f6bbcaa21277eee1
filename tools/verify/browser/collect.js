// What the open notebook shows, cell by cell, as plain data: checks.py judges.
() => {
  const panel = document.querySelector(".jp-NotebookPanel:not(.lm-mod-hidden)");
  const texts = ".jp-MarkdownOutput, .jp-OutputArea-output";
  const aside = "code, pre, script, style, svg, img, mjx-container, .jupyter-widgets";
  const all = (root, selector) => [...root.querySelectorAll(selector)];
  const words = (root, selector) => all(root, selector).map((e) => e.textContent.trim());

  // Text that no formula was made of, as the reader sees it.
  const prose = (element) => {
    const copy = element.cloneNode(true);
    all(copy, aside).forEach((part) => part.remove());
    return copy.textContent;
  };
  const picture = (image) => ({
    natural: [image.naturalWidth, image.naturalHeight],
    shown: [image.clientWidth, image.clientHeight],
  });
  // By how many pixels something sticks out of the place it has.
  const excess = (element) => element.scrollWidth - element.clientWidth;
  const widest = (root, selector) => Math.max(0, ...all(root, selector).map(excess));
  const broken = (formula) =>
    formula.querySelector("mjx-merror, [data-mjx-error], [style*='color: red']") !== null;
  const tables = (cell) =>
    all(cell, "table").map((table) => ({
      rows: table.rows.length,
      excess: table.scrollWidth - table.parentElement.clientWidth,
    }));
  // The smallest letters, those of formulas (indices are small) left out.
  const letters = (cell) => {
    const sizes = [];
    for (const part of all(cell, texts)) {
      const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const owner = walker.currentNode.parentElement;
        const skip = owner.closest("mjx-container, sub, sup, script, style, [hidden]");
        if (walker.currentNode.textContent.trim() && !skip)
          sizes.push(parseFloat(getComputedStyle(owner).fontSize));
      }
    }
    return sizes.length ? Math.min(...sizes) : null;
  };
  const describe = (cell) => ({
    prompt: cell.querySelector(".jp-InputPrompt")?.textContent ?? "",
    // JupyterLab 4.6 renders an error as text on stderr.
    stderr: words(cell, "[data-mime-type='application/vnd.jupyter.stderr']"),
    pictures: all(cell, ".jp-Cell-outputArea img, .jp-MarkdownOutput img").map(picture),
    formulas: all(cell, "mjx-container").length,
    broken: all(cell, "mjx-container").filter(broken).map((part) => part.textContent),
    prose: all(cell, texts).map(prose).join("\n"),
    tables: tables(cell),
    excess: widest(cell, texts + ", .jp-OutputArea-output pre"),
    code: widest(cell, ".jp-InputArea-editor .cm-scroller"),
    height: cell.querySelector(".jp-Cell-outputArea")?.offsetHeight ?? 0,
    scrolled: cell.classList.contains("jp-mod-outputsScrolled"),
    letters: letters(cell),
    controls: all(cell, ".jupyter-widgets input, .jupyter-widgets select").length
      + all(cell, ".jupyter-widgets .noUi-handle").length,
  });
  return {
    cells: all(panel, ".jp-Notebook .jp-Cell").map(describe),
    screen: panel.querySelector(".jp-WindowedPanel-outer").clientHeight,
    toasts: words(document, ".Toastify__toast"),
    dialogs: words(document, ".jp-Dialog-content"),
  };
}
