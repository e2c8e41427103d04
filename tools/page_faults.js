// What is wrong with the page as it stands, as far as it can be measured: a list of texts. For tools/look_at_pages.py.
() => {
  const SMALLEST = 12; // pixels
  const found = new Set();
  const named = (element) => {
    const own = element.id ? `#${element.id}` : element.className ? `.${String(element.className.baseVal ?? element.className).split(" ")[0]}` : "";
    return `${element.tagName.toLowerCase()}${own} “${element.textContent.trim().replace(/\s+/g, " ").slice(0, 50)}”`;
  };
  const hidden = (element) => {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return true;
    for (let each = element; each; each = each.parentElement) {
      if (each.matches(".visually-hidden, .skip") || /^inset\(50/.test(getComputedStyle(each).clipPath)) return true;
    }
    return false;
  };
  // The part of a rectangle that its scrolling or clipping ancestors show.
  const shown = (rect, element) => {
    let { left, top, right, bottom } = rect;
    for (let each = element; each && each !== document.body; each = each.parentElement) {
      const style = getComputedStyle(each);
      if (style.position === "fixed") break;
      const box = each.getBoundingClientRect();
      if (style.overflowX !== "visible") [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
      if (style.overflowY !== "visible") [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
    }
    return { left, top, right, bottom };
  };
  const empty = ({ left, top, right, bottom }) => right - left < 1 || bottom - top < 1;

  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("script, style, noscript, option, canvas") || hidden(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const { a = 1, b = 0 } = element.getScreenCTM?.() ?? {};
    const drawn = Math.hypot(a, b); // a drawing may be smaller than it was made, and turned
    const size = Math.round(10 * parseFloat(getComputedStyle(element).fontSize) * drawn) / 10;
    if (size < SMALLEST && !empty(range.getBoundingClientRect())) found.add(`text of ${size} px: ${named(element)}`);
    for (const rect of range.getClientRects()) {
      const part = shown(rect, element);
      if (!empty(part)) texts.push({ element, rect: part });
    }
  }
  // Text over text, where neither lies in a layer above the page.
  const above = (element) => element.closest("[role=dialog], dialog, .overview-tip, .touch, .message, .tour-card, .overview-answer");
  const sticky = (element) => {
    for (let each = element; each; each = each.parentElement) if (/sticky|fixed/.test(getComputedStyle(each).position)) return each;
    return null;
  };
  for (let i = 0; i < texts.length; i++) {
    for (let j = i + 1; j < texts.length; j++) {
      const [one, other] = [texts[i], texts[j]];
      if (one.element === other.element) continue;
      const width = Math.min(one.rect.right, other.rect.right) - Math.max(one.rect.left, other.rect.left);
      const height = Math.min(one.rect.bottom, other.rect.bottom) - Math.max(one.rect.top, other.rect.top);
      if (width < 2 || height < 5 || above(one.element) !== above(other.element)) continue;
      if (sticky(one.element) !== sticky(other.element)) continue;
      found.add(`text over text: ${named(one.element)} and ${named(other.element)}`);
    }
  }
  for (const element of document.querySelectorAll("body *")) {
    if (hidden(element) || element.closest("svg, .maps:not([width])")) continue; // maps that were not looked at yet have no size
    const style = getComputedStyle(element);
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (own && element.scrollWidth > element.clientWidth + 1 && style.overflowX === "hidden") found.add(`cut text: ${named(element)}`);
    if (own && element.scrollHeight > element.clientHeight + 2 && style.overflowY === "hidden") found.add(`cut text, below: ${named(element)}`);
    if (own && element.matches("button, a.button, select, summary") && element.scrollWidth > element.clientWidth + 1) found.add(`text beyond its control: ${named(element)}`);
    if (element.matches("button, a, input, select, summary, textarea, [tabindex='0']")) {
      const rect = element.getBoundingClientRect();
      const scrolls = [...ancestors(element)].some((each) => /auto|scroll/.test(getComputedStyle(each).overflowX) && each.scrollWidth > each.clientWidth + 1);
      if (!empty(rect) && !scrolls && (rect.right > innerWidth + 1 || rect.left < -1)) found.add(`control off the screen: ${named(element)}`);
      if (!empty(rect) && rect.width < 24 && rect.height < 24 && !element.matches("input, p a, li a, .term *")) found.add(`small control, ${Math.round(rect.width)} × ${Math.round(rect.height)}: ${named(element)}`);
    }
  }
  function* ancestors(element) {
    for (let each = element.parentElement; each && each !== document.body; each = each.parentElement) yield each;
  }
  if (document.documentElement.scrollWidth > innerWidth) found.add(`the page is ${document.documentElement.scrollWidth} pixels wide`);
  return [...found];
};
