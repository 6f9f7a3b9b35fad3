/**
 * The phone number of this visit: asks the collector for it, and writes it over the site's ordinary numbers, in text and in
 * `tel:` links, also in what the page draws later. Loaded by the core where the tag says `data-load="behaviour numbers"`;
 * no more than 1.0 KB after gzip. Where no number is free, or nobody answers, the page stays as it is.
 */
(() => {
  const { site, host, watch } = document.currentScript.lf;

  const DRAWN_MS = 100; // what a page draws in many steps is looked at once
  const FAILED_MS = 60e3;
  const TEL = "a[href^='tel:' i]";
  const NO_TEXT = /^(SCRIPT|STYLE|TEXTAREA)$/;

  let lent; // {number, shown, seconds, pattern, selector}
  let next = 0; // a sign of life after this moment asks (again)
  let written = []; // [node, property, what the page had there, what we wrote]
  let busy, drawn, over;

  const write = (node, property, value, kept = property) => {
    if (node[property] == value) return;
    const before = node[kept];
    node[property] = value;
    written.push([node, kept, before, node[kept]]);
  };
  const restore = () => {
    written.forEach(([node, property, before, ours]) => {
      if (node[property] == ours) node[property] = before;
    });
    written = [];
    lent = 0;
  };
  const replace = () => {
    drawn = 0;
    if (!lent) return;
    written = written.filter(([node]) => node.isConnected); // a page that is drawn anew lets go of its old nodes
    const { number, shown, pattern = "$.", selector } = lent; // «$.» is nowhere
    const ordinary = RegExp(pattern, "g");
    const chosen = selector ? [...document.querySelectorAll(selector)] : [];
    for (const link of document.querySelectorAll(TEL))
      if (decodeURI(link.href).search(ordinary) > 0 || chosen.some((one) => one.contains(link) || link.contains(one)))
        write(link, "href", "tel:" + number);
    chosen.forEach((one) => write(one.querySelector(TEL) || one, "textContent", shown, "innerHTML"));
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text; (text = texts.nextNode()); )
      if (!NO_TEXT.test(text.parentNode.nodeName) && !text.parentNode.isContentEditable)
        write(text, "data", text.data.replace(ordinary, shown));
  };

  const ask = async () => {
    if (busy || document.hidden || Date.now() < next) return;
    busy = 1;
    next = Date.now() + FAILED_MS;
    try {
      if (localStorage.lf_consent == "none") {
        busy = 0;
        return restore();
      }
    } catch {} // no storage, no refusal to remember
    try {
      const v = window.lf.id();
      const answer = await fetch(host + "/number", {
        method: "POST",
        body: JSON.stringify({ s: site, v, c: v ? 2 : 1 }),
        credentials: v ? "include" : "omit",
      });
      const told = answer.status == 200 && (await answer.json());
      if (told.number != lent?.number) restore();
      if ((lent = told)) {
        const ms = told.seconds * 1e3;
        next = Date.now() + ms / 2;
        clearTimeout(over); // the page of somebody who went away must not show a number that is another visit's by now
        over = setTimeout(restore, ms);
        replace();
      }
    } catch {} // no network: the number is ours until its time is over
    busy = 0;
  };

  new MutationObserver(() => {
    drawn = drawn || setTimeout(replace, DRAWN_MS);
  }).observe(document.documentElement, { childList: true, characterData: true, subtree: true });
  for (const type of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "scroll", "visibilitychange"])
    document.addEventListener(type, ask, { capture: true, passive: true });
  watch(ask);
  ask();
})();
