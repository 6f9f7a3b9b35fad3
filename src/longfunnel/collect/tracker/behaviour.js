/**
 * What a visitor does on a page, beyond opening it: engaged time and scroll depth, outbound and contact links, downloads,
 * forms sent and forms left, and the goals that the site's owner set on the server. Loaded by the core when the page is
 * idle; no more than 2.5 KB after gzip. Names and properties of the events are in README.md.
 */
(() => {
  const { site, host, track, clean, watch } = document.currentScript.lf;

  const IDLE_MS = 30e3; // after this long without a sign of life the visitor is away, the tab left open
  const REPORT_MS = 1e3; // less is not worth an event
  const SETTLE_MS = 1e3; // a page that is still drawing is short: its depth would be read as 100 %
  const VALUE_CHARS = 200;
  const FILE =
    /\.(pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|txt|csv|epub|zip|rar|7z|t?gz|exe|msi|dmg|pkg|apk|mp[34]|wav|avi|mov|dwg|key)$/i;

  const quiet = (action, value) => {
    try {
      action(value);
    } catch {} // a page that does something odd loses this event, and sees no error of ours
  };
  const listen = (types, action) =>
    types
      .split(" ")
      .forEach((type) => addEventListener(type, (event) => quiet(action, event), { capture: true, passive: true }));

  // Engaged time: the page is visible and the visitor gave a sign of life in the last IDLE_MS.

  let engaged = 0; // milliseconds, not yet reported
  let depth = 0; // percent, the deepest so far
  let reported = 0; // percent, the deepest in a report
  let mark = 0; // counted up to this moment; 0 while the page is hidden
  let alive = 0; // the visitor counts as active until this moment
  let timer;

  const count = () => {
    const now = Date.now();
    if (mark) engaged += Math.max(0, Math.min(now, alive) - mark);
    mark = document.hidden ? 0 : now;
  };
  const active = () => {
    count();
    alive = Date.now() + IDLE_MS;
  };
  const measure = () => {
    const whole = (document.scrollingElement || document.documentElement).scrollHeight;
    depth = Math.max(depth, Math.min(100, Math.round(((scrollY + innerHeight) / whole) * 100)) || 0);
  };
  const report = () => {
    count();
    if (engaged < REPORT_MS && depth <= reported) return;
    track("engagement", { engaged_ms: engaged, scroll_percent: depth || null });
    engaged = 0;
    reported = depth;
  };

  // Forms: names of fields; a value only of a field marked data-lf-value, and never a password.

  const touched = new Map(); // form → names of the fields that the visitor changed, the last one last
  // an attribute, because form.id is an element where a field is called «id»
  const formName = (form) =>
    form.getAttribute("id") || form.getAttribute("name") || clean(form.getAttribute("action") || "");
  const fieldName = (field) => field.name || field.id;

  const fill = ({ target }) => {
    const { form } = target;
    if (!form || !fieldName(target)) return;
    const names = touched.get(form) || new Set();
    names.delete(fieldName(target));
    touched.set(form, names.add(fieldName(target)));
  };
  const submit = ({ target }) => {
    const names = new Set();
    const values = {};
    for (const field of target.elements) {
      const { type, value } = field;
      const name = fieldName(field);
      if (!name || !value || /^(submit|button|image|reset)$/.test(type)) continue;
      if (/^(checkbox|radio)$/.test(type) && !field.checked) continue;
      if (type != "hidden") names.add(name);
      if ("lfValue" in field.dataset && type != "password") values[name] = value.slice(0, VALUE_CHARS);
    }
    touched.delete(target);
    track("form_submit", { form: formName(target), fields: [...names], values });
  };
  const abandon = () => {
    touched.forEach((names, form) => {
      const fields = [...names];
      track("form_abandon", { form: formName(form), fields, last_field: fields[fields.length - 1] });
    });
    touched.clear();
  };

  const follow = ({ target, button }) => {
    const link = target.closest("a[href],area[href]");
    if (!link || button > 1) return;
    const web = /^https?:$/.test(link.protocol);
    const url = web && clean(link.href);
    if (web && (link.hasAttribute("download") || FILE.test(link.pathname))) track("download", { url });
    else if (web && link.host != location.host) track("click", { url, kind: "outbound" });
    else if (/^(tel|mailto|sms|tg|whatsapp|viber):$/.test(link.protocol))
      track("click", { url: link.href, kind: "contact" });
  };

  // Goals: [{name, url}] is reached by a page, [{name, selector, on}] by an event on an element.

  let pages = [];
  const matches = (pattern) => {
    const pathname = location.pathname + (pattern.includes("?") ? location.search : "");
    const expression = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*");
    return RegExp("^" + expression + "$").test((pattern.includes("://") ? location.origin : "") + pathname);
  };
  const reach = ({ name }) => track("goal", { goal: name });
  const visit = () => pages.forEach((goal) => matches(goal.url) && reach(goal));

  fetch(host + "/goals/" + encodeURIComponent(site) + ".json", { credentials: "omit" })
    .then((answer) => answer.json())
    .then((goals) => {
      pages = goals.filter((goal) => goal.url);
      visit();
      goals
        .filter((goal) => goal.selector)
        .forEach((goal) => listen(goal.on || "click", ({ target }) => target.closest(goal.selector) && reach(goal)));
    })
    .catch(() => {}); // no goals, or no network: everything else still counts

  const enter = () => {
    engaged = depth = reported = mark = 0;
    active();
    clearTimeout(timer);
    timer = setTimeout(measure, SETTLE_MS);
  };

  watch((entered) => {
    if (entered) {
      enter();
      visit();
    } else {
      report();
      abandon();
    }
  });
  listen("pointerdown pointermove keydown wheel touchstart scroll", active);
  listen("scroll", ({ target }) => target == document && measure());
  listen("click auxclick", follow);
  listen("input", fill);
  listen("submit", submit);
  listen("pagehide", abandon);
  // on the document, so that the core, on the window, sends the report in the same beacon
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      if (depth) measure();
      report();
    } else active();
  });
  enter();
})();
