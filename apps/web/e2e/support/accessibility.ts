import type { Page } from "playwright-core";

/** What a machine can find of what a screen reader or a keyboard would stumble over. */
export function findBarriers(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const barriers: string[] = [];
    const describe = (element: Element) => element.outerHTML.slice(0, 120);
    const visible = (element: Element) =>
      element.checkVisibility({ visibilityProperty: true, opacityProperty: false });
    const nameOf = (element: Element): string => {
      const labelled = element.getAttribute("aria-labelledby");
      if (labelled)
        return labelled
          .split(/\s+/)
          .map((id) => document.getElementById(id)?.textContent ?? "")
          .join(" ");
      const label = element.getAttribute("aria-label");
      if (label !== null) return label;
      if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement)
        return [...(element.labels ?? [])].map((one) => one.textContent).join(" ");
      if (element instanceof HTMLImageElement) return element.alt;
      return `${element.textContent} ${[...element.querySelectorAll("img")].map((image) => image.alt).join(" ")}`;
    };
    for (const element of document.querySelectorAll(
      "a[href], button, input, textarea, select, [role=button], [role=radio], [role=slider], [role=progressbar], [role=img], video, canvas, dialog, [role=dialog], [role=alertdialog]",
    )) {
      if (!visible(element) || element.closest("[aria-hidden=true]")) continue;
      if (nameOf(element).trim() === "") barriers.push(`no name: ${describe(element)}`);
    }
    for (const image of document.querySelectorAll("img"))
      if (!image.hasAttribute("alt")) barriers.push(`no alt: ${describe(image)}`);
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    for (const id of new Set(ids))
      if (ids.filter((other) => other === id).length > 1) barriers.push(`id used twice: ${id}`);
    for (const element of document.querySelectorAll(
      "[aria-describedby], [aria-labelledby], [aria-controls]",
    ))
      for (const attribute of ["aria-describedby", "aria-labelledby"])
        for (const id of (element.getAttribute(attribute) ?? "").split(/\s+/).filter(Boolean))
          if (!document.getElementById(id))
            barriers.push(`${attribute} points nowhere: ${describe(element)}`);
    for (const element of document.querySelectorAll("[tabindex]"))
      if (Number(element.getAttribute("tabindex")) > 0)
        barriers.push(`positive tabindex: ${describe(element)}`);
    for (const element of document.querySelectorAll(
      "[aria-hidden=true] a[href], [aria-hidden=true] button",
    ))
      if (visible(element)) barriers.push(`focusable but hidden: ${describe(element)}`);
    if (document.querySelectorAll("h1").length !== 1)
      barriers.push(`${document.querySelectorAll("h1").length} headings of level 1`);
    if (document.querySelectorAll("main").length !== 1)
      barriers.push("not exactly one main landmark");
    if (!document.documentElement.lang) barriers.push("no language");
    const overflow = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (overflow > 0) {
      const culprit = [...document.querySelectorAll("main *")].findLast(
        (element) =>
          element.getBoundingClientRect().right > document.documentElement.clientWidth + 1 &&
          !element.closest("[class*=overflow]"),
      );
      barriers.push(
        `the page is ${overflow} px wider than the window: ${culprit ? describe(culprit) : "?"}`,
      );
    }
    return barriers;
  });
}
