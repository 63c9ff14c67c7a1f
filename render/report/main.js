/* The page: its sections in order, language and theme. It is drawn anew when the language changes. */

var SECTIONS = [["verdict", verdictSection], ["components", componentsSection], ["sample", sampleSection],
                ["samples", samplesSection], ["history", historySection]];
if (DATA.rank) SECTIONS.push(["rank", rankSection]);
SECTIONS.push(["origin", originSection]);

function setTheme() {
  document.documentElement.setAttribute("data-theme", STATE.theme);
}

function header() {
  var theme = el("select", {id: "theme"}, ["auto", "light", "dark"].map(function (name) {
    return el("option", {value: name, selected: STATE.theme === name ? "" : null}, say("theme_" + name));
  }));
  theme.addEventListener("change", function () { STATE.theme = theme.value; setTheme(); });
  return el("header", {"class": "top"}, el("div", {}, el("p", {"class": "kicker"}, say("report")), el("h1", {}, DATA.title)),
    el("div", {"class": "tools"},
      el("button", {type: "button", id: "language", lang: STATE.language === "en" ? "zh-CN" : "en", "aria-label": say("language_hint"), onclick: function () {
        STATE.language = STATE.language === "en" ? "zh" : "en";
        draw();
        document.getElementById("language").focus();
      }}, say("language")),
      el("div", {"class": "field"}, el("label", {"for": "theme"}, say("theme")), theme),
      el("button", {type: "button", id: "print", onclick: function () { window.print(); }}, say("print"))));
}

/* Inside a notebook's frame an address such as #main would be the notebook's, hence by hand. */
function jump(id, style, text) {
  return el("a", {href: "#" + id, "class": style, onclick: function (event) { event.preventDefault(); goTo(id); }}, text);
}

function draw() {
  var page = document.getElementById("page");
  document.documentElement.lang = STATE.language === "zh" ? "zh-CN" : "en";
  document.title = DATA.title + " · " + say("report");
  page.textContent = "";
  add(page, [
    jump("main", "skip", say("skip")), header(),
    el("nav", {"class": "contents", "aria-label": say("contents")}, el("ul", {}, SECTIONS.map(function (section) {
      return el("li", {}, jump(section[0], null, say(section[0])));
    }))),
    el("main", {id: "main", tabindex: "-1"}, SECTIONS.map(function (section) {
      return el("section", {id: section[0], tabindex: "-1", "aria-labelledby": section[0] + "-title"},
        el("h2", {id: section[0] + "-title"}, say(section[0])), el("div", {id: section[0] + "-body"}, section[1]()));
    })),
    el("footer", {}, say("made_by", {version: DATA.nmfkit}))]);
  document.documentElement.setAttribute("data-ready", "yes");
}

setTheme();
try {
  draw();
} catch (error) {
  document.getElementById("page").textContent = say("page_failed", {reason: error.message});
  throw error;
}
