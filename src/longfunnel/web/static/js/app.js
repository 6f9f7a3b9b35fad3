// What every page needs. Each module wires itself to the document; pages work without any of them.
import "../vendor/dist/htmx.js";
import "./menus.js";
import "./panel.js";
import "./keys.js";
import "./navigation.js";
import "./waiting.js";
import "./tables.js";
import "./forms.js";
import "./filters.js";
import "./charts.js";
import "./builder.js";
import "./drop.js";
