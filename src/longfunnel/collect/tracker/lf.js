/**
 * The tracker's core: page views, custom events, identify and consent, kept until the collector has them.
 * What a site can call and what goes over the wire is in README.md. Every statement here is paid for by each visitor of
 * each page, so: no dependencies, no errors that reach the page, and no more than 2.0 KB after gzip.
 */
(() => {
  const script = document.currentScript || document.querySelector("script[data-site]");
  if (!script) return;
  const { site, host: other, consent: initial = "full", load: modules = "behaviour" } = script.dataset;
  const host = (other || script.src.replace(/[^/]*$/, "")).replace(/\/$/, "");

  // `before` is nothing, the page's stub with the calls so far, or the tracker of another site on the same page.
  const before = window.lf || {};
  const sites = before.sites || [];
  if (sites.includes(host + site)) return; // the tag is on the page twice
  const waiting = [...(before.q || [])];

  const LEVELS = ["none", "cookieless", "full"];
  const BATCH_MS = 500; // how long an event waits for company
  const TITLE_MS = 50; // single-page apps set the title just after the address
  const KEPT_EVENTS = 200;
  const KEPT_MS = 6048e5; // a week
  const BODY_CHARS = 2e4; // at most 60 KB of UTF-8: the collector and keepalive both stop at 64
  const CHOICE = "lf_consent";
  const STORED = "lf:" + site + ":"; // one key an event, so that two tabs never overwrite each other's queue

  // Storage and cookies throw where they are blocked; then there is no storage, and nothing else changes.
  const quiet = (action) => {
    try {
      return action();
    } catch {}
  };
  const choice = quiet(() => localStorage[CHOICE]);
  const off = navigator.globalPrivacyControl || navigator.doNotTrack == 1;
  let level = off ? 0 : LEVELS.indexOf(choice || initial);
  let refused = off || choice == "none"; // else «none» only means «not asked yet», and events wait in memory

  let ready; // false while the browser prerenders a page that nobody may ever see
  let queue = []; // events to send, oldest first
  let timer, busy;
  let failures = 0;
  let seen; // the address that the last page view was counted for
  let here = {}; // the page that events belong to
  let pending; // the page view that waits for its title
  const watchers = []; // modules that want to know when a page is left (0) and entered (1)
  const loaded = {};

  const uuid = () =>
    // crypto.randomUUID is missing on plain-http pages, this is not
    "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
      (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16),
    );

  // What follows `start` up to the end of that cookie; null where consent or the browser keeps cookies from us.
  const cookie = (start) =>
    ((level > 1 && quiet(() => document.cookie.match("(?:^|; )" + start + "([^;]+)"))) || [, null])[1];

  // Set on the widest domain that the browser takes, so that sub-domains share the visitor; removed from all of them.
  const setVisitor = (value, seconds) => {
    const labels = location.hostname.split(".");
    for (let n = labels.length; n-- >= 0 && !cookie("lf_id="); )
      quiet(() => {
        document.cookie =
          "lf_id=" + value + ";path=/;samesite=lax;max-age=" + seconds +
          (n < 0 ? "" : ";domain=" + labels.slice(n).join(".")) +
          (location.protocol == "https:" ? ";secure" : "");
      });
  };

  // Not renewed here: 395 days from the first visit, unless the collector, where it is first-party, prolongs it.
  const visitor = () => {
    if (level > 1) setVisitor(uuid(), 34128e3);
    return cookie("lf_id=");
  };

  const clean = (url) =>
    url.replace(
      /(((passw|pwd|secret|token|api_?key|jwt)\w*|(\b|_)(pass|auth|otp|pin))(%5D|])*(=|%3D))[^&#]+/gi,
      "$1***",
    );

  const stored = (action) =>
    quiet(() => Object.keys(localStorage).forEach((key) => key.startsWith(STORED) && action(key)));
  const store = (event) => level > 1 && quiet(() => (localStorage[STORED + event.i] = JSON.stringify(event)));
  const forget = (key) => quiet(() => localStorage.removeItem(key));

  const schedule = (ms) => {
    timer = timer || setTimeout(send, ms);
  };

  const track = (name, props) =>
    quiet(() => {
      if (refused || !name || queue.length >= KEPT_EVENTS) return;
      // copied, as the page may go on changing what it passed; what cannot be JSON throws here and harms no other event
      const event = JSON.parse(
        JSON.stringify({ i: uuid(), n: name.slice(0, 200), t: Date.now(), ...here, p: { ...props } }),
      );
      queue.push(event);
      store(event);
      schedule(BATCH_MS);
    });

  const send = async (leaving) => {
    timer = clearTimeout(timer);
    if (level < 1 || !queue.length || (busy && !leaving)) return;
    const v = visitor();
    let size = 40;
    let body;
    do {
      size >>= 1;
      body = JSON.stringify({
        s: site,
        v,
        t: Date.now(),
        c: v ? 2 : 1, // a visitor whose browser blocks cookies is one without cookies
        ym: cookie("_ym_uid="),
        ga: cookie("_ga=GA1[.][^.]+[.]"),
        e: queue.slice(0, size),
      });
    } while (body[BODY_CHARS] && size > 1);
    const batch = queue.splice(0, size);
    let status;
    if (leaving && level > 1) {
      // A beacon has no answer. Where the collector was failing, events also stay stored for the next page: they carry
      // the same ids, so a second arrival is harmless.
      status = quiet(() => navigator.sendBeacon(host + "/e", body)) && !failures && navigator.onLine;
    } else {
      busy = 1;
      try {
        status = (
          await fetch(host + "/e", {
            method: "POST",
            body,
            keepalive: !body[BODY_CHARS],
            credentials: level > 1 ? "include" : "omit",
          })
        ).status;
      } catch {}
      busy = 0;
    }
    if (!status || status > 499 || status == 429) {
      if (!refused) queue.unshift(...batch);
      failures++;
      schedule(Math.min(3e5, 500 * 2 ** failures) * (1 + Math.random()));
    } else {
      batch.forEach((event) => forget(STORED + event.i));
      failures = 0;
      send(leaving);
    }
  };

  // An anchor is the same page; a «#/route» is another.
  const address = () => location.href.replace(/#(?![/!]).*/, "");

  const page = () => {
    pending = clearTimeout(pending);
    if (refused || seen == address()) return;
    if (seen) watchers.forEach((watcher) => watcher(0));
    here = {
      u: clean(location.href),
      r: seen ? here.u : clean(document.referrer),
      ti: document.title,
    };
    seen = address();
    track("page_view");
    watchers.forEach((watcher) => watcher(1));
  };
  const pageSoon = () => {
    pending = pending || setTimeout(page, TITLE_MS);
  };

  const load = (name) =>
    quiet(() => {
      if (level < 1 || !name || loaded[name]) return;
      loaded[name] = 1;
      const element = document.createElement("script");
      element.lf = { site, host, track, clean, watch: (watcher) => watchers.push(watcher) };
      element.nonce = script.nonce;
      element.src = host + "/lf-" + name + ".js";
      document.head.append(element);
    });

  const loadModules = () => {
    // Safari has no idle callback: there the options are a delay that is not a number, which is none
    if (document.readyState == "complete")
      (window.requestIdleCallback || setTimeout)(() => modules.split(" ").forEach(load), { timeout: 2e3 });
    else addEventListener("load", loadModules);
  };

  // What the level of consent asks for, at the start and after each change.
  const settle = () => {
    if (level < 2) {
      setVisitor("", 0);
      stored(forget);
    }
    page();
    queue.forEach(store);
    schedule(BATCH_MS);
    loadModules();
  };

  const commands = {
    __proto__: null,
    identify: (who) => track("identify", who),
    consent: (name) => {
      const chosen = LEVELS.indexOf(name);
      if (off || chosen < 0) return;
      quiet(() => (localStorage[CHOICE] = name));
      level = chosen;
      refused = !chosen;
      if (refused) {
        queue = [];
        seen = 0;
      }
      settle();
    },
    load,
  };

  const run = ([name, value]) => {
    if (commands[name]) commands[name](value);
    else {
      page();
      track(name, value);
    }
  };

  const lf = (...call) => {
    if (before.sites) before(...call);
    if (ready) run(call);
    else waiting.push(call);
  };
  for (const name in commands) lf[name] = (value) => lf(name, value);
  lf.id = visitor;
  lf.q = waiting;
  lf.sites = sites.concat(host + site);
  window.lf = lf;

  const start = () => {
    ready = 1;
    if (level > 1)
      stored(
        (key) =>
          quiet(() => {
            const event = JSON.parse(localStorage[key]);
            return event.t > Date.now() - KEPT_MS && queue.push(event);
          }) || forget(key),
      );
    settle();

    for (const method of ["pushState", "replaceState"]) {
      const original = history[method];
      history[method] = function (...args) {
        const path = location.pathname;
        original.apply(this, args);
        // Replacing the query of the same page is bookkeeping (filters, removed UTM tags), not a view.
        if (pending || method == "pushState" || path != location.pathname) pageSoon();
        else if (seen) seen = address();
      };
    }
    const leave = () => {
      page();
      send(1);
    };
    addEventListener("popstate", pageSoon);
    addEventListener("pageshow", (event) => {
      if (event.persisted) {
        seen = 0;
        page();
      }
    });
    addEventListener("online", () => {
      failures = 0;
      send();
    });
    // On the window, so that the modules' listeners on the document have spoken before.
    addEventListener("visibilitychange", leave);
    addEventListener("pagehide", leave);
    waiting.forEach(run);
  };

  if (document.prerendering) document.addEventListener("prerenderingchange", start);
  else start();
})();
